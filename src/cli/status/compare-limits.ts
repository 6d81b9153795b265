import { type RateLimiterConfig, windowOf } from '../../config/rate-limiter-config.ts';
import type { LimitObservation } from '../../domain/limit-observation.ts';
import type { RateLimiterType } from '../../domain/limit-types.ts';

/** One limit as it is configured, and as the provider says it. */
export interface LimitReading {
  readonly type: RateLimiterType;
  /** In the configuration; null: none. */
  readonly configured: number | null;
  /** As the provider says; null: it doesn't. */
  readonly limit: number | null;
  readonly remaining: number | null;
  /** Milliseconds until all of it is free again. */
  readonly resetMs: number | null;
  /** What the configuration asks compared with what the provider allows: `higher` gets refusals, `lower` leaves room unused. */
  readonly differs: 'higher' | 'lower' | null;
}

/** Puts each limit beside its like: those that are configured first, then those that only the provider names. */
export function comparedLimits(configured: readonly RateLimiterConfig[], seen: readonly LimitObservation[]): readonly LimitReading[] {
  const own = configured.filter(({ type }) => type !== 'concurrent');
  const readings = own.map((limit) =>
    reading(
      limit,
      seen.find(({ type }) => type === limit.type),
    ),
  );
  const others = seen.filter(({ type }) => !own.some((limit) => limit.type === type));
  return [...readings, ...others.map((observation) => reading(undefined, observation))];
}

function reading(own: RateLimiterConfig | undefined, seen: LimitObservation | undefined): LimitReading {
  const type = own?.type ?? seen?.type ?? 'rpm';
  const { limit = null, remaining = null, resetMs = null } = seen ?? {};
  return { type, configured: own?.limit ?? null, limit, remaining, resetMs, differs: own === undefined ? null : difference(own, seen) };
}

function difference(own: RateLimiterConfig, seen: LimitObservation | undefined): LimitReading['differs'] {
  if (seen?.limit === undefined) return null;
  const ownWindowMs = windowOf(own) * 1000;
  // A header without a window is about the window that the configuration means.
  const allowed = (seen.limit * ownWindowMs) / (seen.windowMs ?? ownWindowMs);
  if (own.limit === allowed) return null;
  return own.limit > allowed ? 'higher' : 'lower';
}
