import type { CostRule } from '../../domain/cost-rule.ts';
import type { TokenCounts } from '../../domain/limit-types.ts';
import type { WireUsage } from '../../providers/provider.ts';
import { chargeOf, chargesRealUsage } from '../../scheduling/estimates/charge-of.ts';
import { type CallEstimate, estimateCall } from '../../scheduling/estimates/estimate-call.ts';
import type { OutputForecast } from '../../scheduling/estimates/output-forecast.ts';
import type { Tokenizer } from '../../scheduling/estimates/tokenizer.ts';
import type { UsageCalibration } from '../../scheduling/estimates/usage-calibration.ts';
import type { DispatchCall } from './dispatch-types.ts';

/** What is learned of the models' real usage; shared by all models of one headgate. */
export interface UsageLearning {
  readonly calibration: UsageCalibration;
  readonly forecast: OutputForecast;
  /** Counts inputs that are charged by what they really use; absent: they are estimated from characters. */
  readonly tokenizer?: Tokenizer | undefined;
}

/** What a call is to reserve, and what its real usage teaches for the next ones. */
export interface WorkEstimate {
  readonly tokens: TokenCounts;
  /** @param rule how the deployment that answered charges */
  used(usage: WireUsage, rule: CostRule): void;
}

/**
 * Estimates a call for a model whose deployments may charge in different ways: no deployment is chosen yet, so it
 * reserves what the dearest of them would charge.
 */
export function estimateWork(
  modelId: string,
  rules: ReadonlySet<CostRule>,
  call: DispatchCall,
  { calibration, forecast, tokenizer }: UsageLearning,
): WorkEstimate {
  const estimates = estimatesBy(rules, call, tokenizer);
  let inputTokens = 0;
  let outputTokens = 0;
  for (const { cost, estimate } of estimates) {
    const input = chargesRealUsage(cost) ? calibration.apply(modelId, estimate.input) : estimate.input;
    const { maxOutput } = estimate;
    const charge = chargeOf(cost, { input, maxOutput, expectedOutput: forecast.expected(modelId, maxOutput) });
    inputTokens = Math.max(inputTokens, charge.inputTokens);
    outputTokens = Math.max(outputTokens, charge.outputTokens);
  }
  return {
    tokens: { inputTokens, outputTokens },
    used: (usage, rule) => {
      const estimate = estimates.find(({ cost }) => cost === rule)?.estimate;
      if (estimate === undefined || usage.estimated) return;
      if (chargesRealUsage(rule)) calibration.report(modelId, estimate.input, usage.inputTokens);
      forecast.report(modelId, estimate.maxOutput, usage.outputTokens);
    },
  };
}

/** Mostly one. Out here, since what is made of it lives as long as the call: a function beside it would keep the prompt as long. */
function estimatesBy(rules: ReadonlySet<CostRule>, { format, body }: DispatchCall, tokenizer: Tokenizer | undefined) {
  const estimates: { readonly cost: CostRule; readonly estimate: CallEstimate }[] = [];
  for (const cost of rules) estimates.push({ cost, estimate: estimateCall(format, body, { cost, tokenizer }) });
  return estimates;
}
