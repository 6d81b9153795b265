import type { TokenCounts } from '../../domain/limit-types.ts';

/** The tokens that an answer says it used: chat completions and embeddings, or responses. */
export function usageOf(body: unknown): TokenCounts | undefined {
  if (typeof body !== 'object' || body === null || !('usage' in body)) return undefined;
  const { usage } = body;
  if (typeof usage !== 'object' || usage === null) return undefined;
  const inputTokens = countAt(usage, 'prompt_tokens') ?? countAt(usage, 'input_tokens');
  const outputTokens = countAt(usage, 'completion_tokens') ?? countAt(usage, 'output_tokens');
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  return { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0 };
}

function countAt(usage: object, name: string): number | undefined {
  const value: unknown = Reflect.get(usage, name);
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
