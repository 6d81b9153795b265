import type { UsageReport } from '../../engine/processor.ts';
import type { SdkUsage } from './sdk-types.ts';

/** What a call used as its provider counts it, or undefined where the SDK knows nothing. */
export function usageReport(usage: SdkUsage | undefined, countsCacheReads: boolean): UsageReport | undefined {
  const { inputTokens, outputTokens } = usage ?? {};
  if (inputTokens?.total === undefined && outputTokens?.total === undefined) return undefined;
  const cached = inputTokens?.cacheRead ?? 0;
  const total = inputTokens?.total ?? 0;
  return {
    inputTokens: countsCacheReads ? total : Math.max(0, total - cached),
    outputTokens: outputTokens?.total ?? 0,
    ...(cached > 0 && { cachedInputTokens: cached }),
  };
}
