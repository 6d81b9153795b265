/** What a provider knows of a call when it decides what the call costs. */
export interface CostFacts {
  /** Tokens of the input as the provider really counts them. */
  readonly inputTokens: number;
  /** What the provider guesses of the input at admission, from its characters. */
  readonly estimatedInputTokens: number;
  /** `max_tokens` of the call; absent where the call sets none. */
  readonly maxOutputTokens: number | undefined;
  /** Tokens that the response will have. A real provider doesn't know them yet; only rule `exact` uses them. */
  readonly outputTokens: number;
}

/** What a call is charged; requests limits always count 1. */
export interface Charge {
  /** On `itpm`, at admission. */
  readonly input: number;
  /** On `otpm`, at admission. */
  readonly output: number;
  /** On `tpm` and `tpd`, at admission. */
  readonly total: number;
  /** `true`: output tokens are counted on `otpm`, `tpm` and `tpd` as they are produced, and the input's estimate is corrected when the response ends. */
  readonly metered: boolean;
}

/** A provider's way to charge a call. Must be pure. */
export type CostRule = (facts: CostFacts) => Charge;

/** The rules that have a name. */
export type CostRuleName = 'exact' | 'openai' | 'azure' | 'metered-output';

/**
 * - `exact`: the real input + output, at admission.
 * - `openai`: tokens = max(`max_tokens`, estimate from characters), at admission, no refund (OpenAI's rate limit guide).
 * - `azure`: tokens = estimate + `max_tokens`, at admission, no refund (Azure's quota page; its estimate is unpublished, here characters ÷ 4).
 * - `metered-output`: input at admission, corrected at the end; output as it is produced, `max_tokens` is irrelevant (Anthropic's rate limit page).
 */
export const costRules: Readonly<Record<CostRuleName, CostRule>> = {
  exact: ({ inputTokens, outputTokens }) => ({
    input: inputTokens,
    output: outputTokens,
    total: inputTokens + outputTokens,
    metered: false,
  }),
  openai: ({ estimatedInputTokens, maxOutputTokens = 0 }) => ({
    input: estimatedInputTokens,
    output: maxOutputTokens,
    total: Math.max(maxOutputTokens, estimatedInputTokens),
    metered: false,
  }),
  azure: ({ estimatedInputTokens, maxOutputTokens = 0 }) => ({
    input: estimatedInputTokens,
    output: maxOutputTokens,
    total: estimatedInputTokens + maxOutputTokens,
    metered: false,
  }),
  'metered-output': ({ estimatedInputTokens }) => ({ input: estimatedInputTokens, output: 0, total: estimatedInputTokens, metered: true }),
};
