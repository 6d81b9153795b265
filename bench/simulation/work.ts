/** One call to make: what the client sees of it, and what only the provider knows. */
export interface Work {
  /** Length of the prompt: all that a client knows of its input. */
  readonly characters: number;
  /** `max_tokens` of the call: all that a client knows of its output. */
  readonly maxTokens: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export const CHARACTERS_PER_TOKEN = 4;
const SMALLEST_MAX_TOKENS = 64;

/** What a caller sets who knows roughly how long answers get: the next power of two, at least 64. */
export function maxTokensFor(outputTokens: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(outputTokens, SMALLEST_MAX_TOKENS)));
}

/** Input as both sides estimate it: a quarter of the characters. */
export function estimatedInput(work: Work): number {
  return Math.ceil(work.characters / CHARACTERS_PER_TOKEN);
}

/** What a client reserves, and what the simulated provider (rule `azure`) charges. */
export function estimatedCost(work: Work): number {
  return estimatedInput(work) + work.maxTokens;
}
