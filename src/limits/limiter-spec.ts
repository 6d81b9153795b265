import type { RateLimiterType } from '../domain/limit-types.ts';
import type { Meter } from './meter.ts';
import type { Pacer } from './pacer.ts';

/** One meter of a limiter and how much it may hold, as a share of the limiter's capacity. */
export interface Tier {
  readonly meter: Meter;
  /** 1 for the limit itself; less for a sub-window or a bucket's burst. */
  readonly share: number;
}

/** What a limiter is made of. Durations are milliseconds. */
export interface LimiterSpec {
  readonly type: RateLimiterType;
  readonly limit: number;
  readonly domain?: string | undefined;
  /** None for a limit on what is in flight at once; the window itself; then its sub-window, if any. */
  readonly tiers: readonly Tier[];
  /** Longest time between writing a request and the provider's counting it; Infinity: until the attempt ends. */
  readonly countedWithinMs: number;
  /** The most `countedWithinMs` may grow to after refusals. */
  readonly maxCountedWithinMs: number;
  /** How long a raised `countedWithinMs` stays before it is halved again. */
  readonly distrustMs: number;
  /** Whether the provider gives back what was estimated but not used. */
  readonly refund: boolean;
  /** The provider never corrects what it charged at admission: usage reports change nothing. */
  readonly chargedUpFront: boolean;
  /** How much longer than necessary a claim here may be made to wait, in all. */
  readonly claimToleranceMs: number;
  readonly pacer?: Pacer | undefined;
  /** It paces whoever comes; default false: only where it is told to. */
  readonly spreads?: boolean | undefined;
  /** Whatever it costs, a start needs room for one unit; what it costs more is owed, and the next one waits for it. Default false. */
  readonly owes?: boolean | undefined;
}

/** How much a share of `capacity` holds: whole units, at least one, so that something can ever fit. */
export function allowance(capacity: number, share: number): number {
  // A share is a quotient: 57 ÷ 100 × 100 must be 57 again, not 56.
  return share === 1 ? capacity : Math.max(1, Math.floor(capacity * share + 1e-9));
}
