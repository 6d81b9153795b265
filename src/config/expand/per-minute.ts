import type { RateLimiterConfig } from '../rate-limiter-config.ts';

const TYPES = ['rpm', 'itpm', 'otpm', 'tpm'] as const;

/** Limits per minute from the amounts that are given. */
export function perMinute(amounts: Partial<Record<(typeof TYPES)[number], number | undefined>>, domain?: string): RateLimiterConfig[] {
  return TYPES.flatMap((type): RateLimiterConfig[] => {
    const limit = amounts[type];
    return limit === undefined ? [] : [{ type, limit, ...(domain !== undefined && { domain }) }];
  });
}
