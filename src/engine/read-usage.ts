import type { TokenCounts } from '../domain/limit-types.ts';

/**
 * The token usage that a result carries in `usage`, in OpenAI's shape (`prompt_tokens`, `completion_tokens`),
 * Anthropic's (`input_tokens`, `output_tokens`; cache writes count as input there and reads don't) or camelCase.
 */
export function readUsage(result: unknown): TokenCounts | undefined {
  const usage = field(result, 'usage');
  if (typeof usage !== 'object' || usage === null) return undefined;
  const input = count(usage, 'prompt_tokens') ?? count(usage, 'input_tokens') ?? count(usage, 'inputTokens');
  const output = count(usage, 'completion_tokens') ?? count(usage, 'output_tokens') ?? count(usage, 'outputTokens');
  if (input === undefined && output === undefined) return undefined;
  return { inputTokens: (input ?? 0) + (count(usage, 'cache_creation_input_tokens') ?? 0), outputTokens: output ?? 0 };
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}

function count(usage: object, name: string): number | undefined {
  const value = field(usage, name);
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
