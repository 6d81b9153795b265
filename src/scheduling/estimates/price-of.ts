/** What a model costs, in money for 1,000,000 tokens; the currency is whoever's wrote it. */
export interface TokenPrice {
  readonly input: number;
  readonly output: number;
  /** For input that was read from a cache; default: as other input. */
  readonly cachedInput?: number | undefined;
}

/** Tokens that are paid for. */
export interface PaidUsage {
  /** What counts against limits. */
  readonly inputTokens: number;
  /** All of the input, where cache reads don't count against limits; they are paid for all the same. */
  readonly allInputTokens?: number | undefined;
  /** Of all of the input: read from a cache. */
  readonly cachedInputTokens?: number | undefined;
  readonly outputTokens: number;
}

const PER = 1_000_000;

/** What a call's tokens cost, in the price's currency. */
export function priceOf(usage: PaidUsage, { input, output, cachedInput = input }: TokenPrice): number {
  const all = usage.allInputTokens ?? usage.inputTokens;
  const cached = Math.min(usage.cachedInputTokens ?? 0, all);
  return ((all - cached) * input + cached * cachedInput + usage.outputTokens * output) / PER;
}
