import { UsageCalibration } from '../../scheduling/estimates/usage-calibration.ts';
import type { UsageLearning } from '../dispatch/work-estimates.ts';

/** Reserved for an answer that nobody limits, until its model's own are known. */
const UNKNOWN_OUTPUT = 256;

/** What the clients of one manager learn of their models' real usage. */
export function usageLearning(): UsageLearning {
  return {
    calibration: new UsageCalibration(),
    forecast: { expected: (_model, maxOutput) => maxOutput ?? UNKNOWN_OUTPUT, report: () => {} },
  };
}
