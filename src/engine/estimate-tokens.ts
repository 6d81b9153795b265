import { InvalidRequest } from '../domain/errors.ts';
import { isTokenCount, type TokenCounts } from '../domain/limit-types.ts';
import type { QueueRequest } from './queue-request.ts';

/** Guesses what a request will cost before it runs. May be replaced: `new QueueManager({ estimator })`. */
export type TokenEstimator = (request: QueueRequest) => TokenCounts;

const CHARACTERS_PER_TOKEN = 4;
const DEEPEST = 64;
const MOST_OBJECTS = 100_000;
/** What the wire formats call the most a model may produce. */
const OUTPUT_LIMITS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'maxTokens', 'maxCompletionTokens', 'maxOutputTokens'];

/**
 * Characters ÷ 4 of every text in `params` (or `metadata` where there are no params) for the input, the request's
 * own output limit for the output; at least 1 token in all.
 */
export function estimateTokens(request: QueueRequest): TokenCounts {
  const source = request.params ?? request.metadata;
  const outputTokens = outputLimit(source);
  const inputTokens = Math.ceil(characters(source, 0, { left: MOST_OBJECTS }) / CHARACTERS_PER_TOKEN);
  return { inputTokens: inputTokens + outputTokens === 0 ? 1 : inputTokens, outputTokens };
}

/**
 * What an estimator says of a request, in whole tokens. Throws `InvalidRequest` where it throws or gives no numbers:
 * a request of unknown cost must not reach the limits. Its own error, which may quote params, is the `cause` only.
 */
export function askEstimator(estimator: TokenEstimator, request: QueueRequest): TokenCounts {
  let guess: TokenCounts;
  try {
    guess = estimator(request);
    for (const field of ['inputTokens', 'outputTokens'] as const) {
      if (!isTokenCount(guess[field])) throw new TypeError(`The estimator's ${field} is no number ≥ 0.`);
    }
  } catch (cause) {
    throw new InvalidRequest(
      `Request '${request.id}': the estimator gave no token counts (see cause). Mend it, or state estimatedInputTokens and estimatedOutputTokens.`,
      'estimatedInputTokens',
      { cause },
    );
  }
  return { inputTokens: Math.ceil(guess.inputTokens), outputTokens: Math.ceil(guess.outputTokens) };
}

/** @param budget how many objects may still be looked into: params that hold themselves have no end */
function characters(value: unknown, depth: number, budget: { left: number }): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || depth > DEEPEST || budget.left-- <= 0) return 0;
  let sum = 0;
  if (Array.isArray(value)) for (const item of value) sum += characters(item, depth + 1, budget);
  else if (!ArrayBuffer.isView(value)) for (const item of Object.values(value)) sum += characters(item, depth + 1, budget);
  return sum;
}

function outputLimit(source: unknown): number {
  if (typeof source !== 'object' || source === null) return 0;
  for (const name of OUTPUT_LIMITS) {
    const value: unknown = Reflect.get(source, name);
    if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return Math.ceil(value);
  }
  return 0;
}
