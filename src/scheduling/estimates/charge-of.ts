import type { CostRule } from '../../domain/cost-rule.ts';
import type { TokenCounts } from '../../domain/limit-types.ts';

/** What is known of a call before it runs, in tokens. */
export interface CallSize {
  /** Estimate of the input. */
  readonly input: number;
  /** The call's own limit on its output; undefined where it sets none. */
  readonly maxOutput: number | undefined;
  /** How much output is to be reserved where the provider charges what is really produced. */
  readonly expectedOutput: number;
}

/**
 * What to reserve for a call so that input + output tokens are what the provider charges for it. With
 * `largest-up-front` the output is what the output limit exceeds the input by: such providers have one limit for
 * both. A call that doesn't bound its output is charged its input only where the charge is made up front (no
 * provider documents more), and reserves `expectedOutput` where its output is settled later.
 */
export function chargeOf(rule: CostRule, { input, maxOutput, expectedOutput }: CallSize): TokenCounts {
  switch (rule) {
    case 'largest-up-front':
      return { inputTokens: input, outputTokens: Math.max(0, (maxOutput ?? 0) - input) };
    case 'sum-up-front':
      return { inputTokens: input, outputTokens: maxOutput ?? 0 };
    case 'metered-output':
      return { inputTokens: input, outputTokens: Math.min(expectedOutput, maxOutput ?? expectedOutput) };
    case 'reserved-then-settled':
      return { inputTokens: input, outputTokens: maxOutput ?? expectedOutput };
  }
}

/** Whether the provider charges what a call really used; else it charges its own guess from characters and never corrects it. */
export function chargesRealUsage(rule: CostRule): boolean {
  return rule === 'metered-output' || rule === 'reserved-then-settled';
}
