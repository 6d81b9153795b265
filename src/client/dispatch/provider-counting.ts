import type { RateLimiterConfig } from '../../config/rate-limiter-config.ts';
import { windowOf } from '../../config/rate-limiter-config.ts';
import { RateLimiterType } from '../../domain/limit-types.ts';
import { countsTokens } from '../../limits/cost.ts';
import type { ProviderPreset } from '../../providers/provider.ts';
import { chargesRealUsage } from '../../scheduling/estimates/charge-of.ts';

/** What a limit's type does not tell of how it is counted. */
type Counting = Pick<RateLimiterConfig, 'chargedUpFront' | 'countedWithinMs'>;

/** Shorter windows have a default of their own: a preset's delay would eat half of them. */
const LONG_WINDOW_SECONDS = 10;

/** A configured limit with what its provider's way of counting means for it; what the configuration says itself stays. */
export function asCountedBy(preset: ProviderPreset, limit: RateLimiterConfig): RateLimiterConfig {
  return limit.type === 'concurrent' ? limit : { ...countingOf(preset, limit), ...limit };
}

/** The same for limits of each type that will be learned. */
export function countingByType(preset: ProviderPreset): Partial<Record<RateLimiterType, Counting>> {
  const types = Object.values(RateLimiterType).filter((type) => type !== 'concurrent');
  return Object.fromEntries(types.map((type) => [type, countingOf(preset, { type })]));
}

function countingOf({ cost, countedWithinMs }: ProviderPreset, limit: Pick<RateLimiterConfig, 'type' | 'timePeriod'>): Counting {
  const isMetered = cost === 'metered-output' && limit.type === 'otpm';
  const delayMs = isMetered ? Number.POSITIVE_INFINITY : windowOf(limit) > LONG_WINDOW_SECONDS ? countedWithinMs : undefined;
  return {
    ...(countsTokens(limit.type) && !chargesRealUsage(cost) && { chargedUpFront: true }),
    ...(delayMs !== undefined && { countedWithinMs: delayMs }),
  };
}
