import type { RateLimiterType, TokenCounts } from '../../domain/limit-types.ts';

const CHARACTERS_PER_TOKEN = 4;
const DEEPEST = 12;
/** Where the text of a request stands, in OpenAI's endpoints. */
const TEXT_FIELDS = ['messages', 'input', 'prompt', 'instructions'];
/** Words of the format, not of the text. */
const FORMAT_FIELDS = new Set(['role', 'type', 'id', 'tool_call_id', 'detail']);
/** Files and pictures are charged by their size on the screen, not by the characters that encode them; about one 1024 × 1024 picture. */
const MEDIA_FIELDS = new Set(['image_url', 'input_audio', 'file', 'file_data']);
const MEDIA_CHARACTERS = 765 * CHARACTERS_PER_TOKEN;
/** Reserved of an output limit by a request that doesn't bound its output. */
const UNBOUNDED_OUTPUT = 1024;
const OUTPUT_LIMITS = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'];

/**
 * What a request reserves. OpenAI charges max(output limit, characters ÷ 4) against its tokens-per-minute limit at
 * admission and gives nothing back (OpenAI's rate limit guide), so input and output add up to that; where input or
 * output has a limit of its own, each is reserved in full.
 */
export function estimateRequest(body: Readonly<Record<string, unknown>>, limits: readonly RateLimiterType[]): TokenCounts {
  const input = Math.max(1, Math.ceil(charactersOf(body) / CHARACTERS_PER_TOKEN));
  const output = outputLimit(body);
  if (limits.includes('otpm')) return { inputTokens: input, outputTokens: output || UNBOUNDED_OUTPUT };
  if (limits.includes('itpm')) return { inputTokens: input, outputTokens: output };
  return { inputTokens: input, outputTokens: Math.max(0, output - input) };
}

function charactersOf(body: Readonly<Record<string, unknown>>): number {
  let sum = Array.isArray(body['tools']) && body['tools'].length > 0 ? JSON.stringify(body['tools']).length : 0;
  for (const field of TEXT_FIELDS) sum += textLength(body[field], 0);
  return sum;
}

function textLength(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return 0;
  let sum = 0;
  if (Array.isArray(value)) {
    // Inputs may be given as tokens.
    for (const item of value) sum += typeof item === 'number' ? CHARACTERS_PER_TOKEN : textLength(item, depth + 1);
    return sum;
  }
  for (const [name, inner] of Object.entries(value)) {
    if (MEDIA_FIELDS.has(name)) sum += MEDIA_CHARACTERS;
    else if (!FORMAT_FIELDS.has(name)) sum += textLength(inner, depth + 1);
  }
  return sum;
}

function outputLimit(body: Readonly<Record<string, unknown>>): number {
  for (const name of OUTPUT_LIMITS) {
    const value = body[name];
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return Math.ceil(value);
  }
  return 0;
}
