import type { RateLimiterType } from '../domain/limit-types.ts';
import { CalendarDay } from './calendar-day.ts';
import { Limiter } from './limiter.ts';
import { allowance, type Tier } from './limiter-spec.ts';
import { Pacer } from './pacer.ts';
import { SlidingWindow } from './sliding-window.ts';
import { TokenBucket } from './token-bucket.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** From here on a window is kept in slots: a daily limit may count a million entries. */
const SLOTTED_FROM_MS = 15 * MINUTE_MS;
const SLOTS = 1_440;
const SHORT_WINDOW_MS = 10_000;
const COUNTED_WITHIN_MS = 1_000;
const COUNTED_WITHIN_SHORT_MS = 200;
/** Without a stated burst a bucket holds this share of the limit, and refills with the rest over a window. */
const SAFE_BURST = 0.1;
/** Two clocks may run at rates this far apart; a bucket that refills by ours must not outrun the provider's. */
const CLOCK_DRIFT = 1e-4;

/** The pace of what is spread: so little faster than the window itself that what was missed is made up for. */
const SPREAD_OVER = 0.95;
/** A bound that a refusal raised is believed for so many windows. */
const DISTRUSTED_WINDOWS = 5;
/** What backfill may cost the head of a queue: without it, half a percent of the limit lies idle. */
const CLAIM_TOLERANCE_OF_WINDOW = 1 / 120;
const LONGEST_CLAIM_TOLERANCE_MS = 500;

/** How a limit is kept. Durations in milliseconds. */
export interface LimiterOptions {
  readonly type: RateLimiterType;
  /** Integer > 0, in requests or tokens. */
  readonly limit: number;
  readonly windowMs?: number | undefined;
  readonly algorithm?: 'sliding-window' | 'token-bucket' | 'evenly-spaced' | 'calendar-day' | undefined;
  /** Bucket size. Stated: the provider's own bucket, refilled at limit ÷ window. Absent: safe in every window. */
  readonly burst?: number | undefined;
  /** Zone whose midnight ends a calendar day. Default UTC. */
  readonly timeZone?: string | undefined;
  /** The provider checks limit × this ÷ window in each such stretch too. */
  readonly subWindowMs?: number | undefined;
  /** Whether unused estimates come back. Default true. */
  readonly refund?: boolean | undefined;
  /** The provider charges its own estimate at admission and never corrects it. Default false. */
  readonly chargedUpFront?: boolean | undefined;
  readonly countedWithinMs?: number | undefined;
  readonly domain?: string | undefined;
  /**
   * Paces a sliding window even for a single tenant. Without, a bunch comes again every window, later each time by what
   * counting takes, and now and then a stretch of a window's length sees little of it. Default false.
   */
  readonly spread?: boolean | undefined;
}

/** The default window of a limit type. */
export function defaultWindowMs(type: RateLimiterType): number {
  return type === 'rpd' || type === 'tpd' ? DAY_MS : MINUTE_MS;
}

/** The default of `countedWithinMs`: output that is metered as it is produced counts until the end. */
export function defaultCountedWithinMs(type: RateLimiterType, shortestWindowMs: number): number {
  if (type === 'otpm' || type === 'concurrent') return Number.POSITIVE_INFINITY;
  return shortestWindowMs <= SHORT_WINDOW_MS ? COUNTED_WITHIN_SHORT_MS : COUNTED_WITHIN_MS;
}

/**
 * Makes the limiter that keeps one limit.
 * @param now monotonic milliseconds at which it starts
 * @param wallMs reads the wall clock, for calendar days only
 */
export function createLimiter(options: LimiterOptions, now: number, wallMs: () => number): Limiter {
  const windowMs = options.windowMs ?? defaultWindowMs(options.type);
  const subWindowMs = options.subWindowMs;
  const spaced = options.algorithm === 'evenly-spaced';
  const countedWithinMs = options.countedWithinMs ?? (spaced ? 0 : defaultCountedWithinMs(options.type, subWindowMs ?? windowMs));
  const concurrent = options.type === 'concurrent';
  const sliding = !concurrent && (options.algorithm ?? 'sliding-window') === 'sliding-window';
  return new Limiter({
    type: options.type,
    limit: options.limit,
    domain: options.domain,
    tiers: concurrent ? [] : tiersOf(options, windowMs, now, wallMs),
    countedWithinMs: concurrent ? Number.POSITIVE_INFINITY : countedWithinMs,
    maxCountedWithinMs: Math.max(countedWithinMs, Math.min(windowMs, MINUTE_MS)),
    distrustMs: DISTRUSTED_WINDOWS * Math.min(windowMs, MINUTE_MS),
    owes: spaced,
    refund: options.refund ?? true,
    chargedUpFront: options.chargedUpFront ?? false,
    claimToleranceMs: spaced ? 0 : Math.min(windowMs * CLAIM_TOLERANCE_OF_WINDOW, LONGEST_CLAIM_TOLERANCE_MS),
    pacer: sliding ? new Pacer(windowMs, options.spread ? SPREAD_OVER * windowMs : windowMs + finite(countedWithinMs)) : undefined,
    spreads: options.spread,
  });
}

function finite(ms: number): number {
  return ms === Number.POSITIVE_INFINITY ? 0 : ms;
}

function tiersOf(options: LimiterOptions, windowMs: number, now: number, wallMs: () => number): Tier[] {
  const tiers: Tier[] = [];
  switch (options.algorithm) {
    case 'token-bucket': {
      const { burst, limit } = options;
      const share = burst === undefined ? SAFE_BURST : burst / limit;
      // Without a stated bucket, burst and refill of one window together are the limit.
      const perWindow = (capacity: number): number => (burst === undefined ? Math.max(1, capacity - allowance(capacity, share)) : capacity);
      tiers.push({ meter: new TokenBucket((capacity) => perWindow(capacity) / (windowMs * (1 + CLOCK_DRIFT)), limit), share });
      break;
    }
    case 'evenly-spaced':
      tiers.push({
        meter: new TokenBucket((capacity) => capacity / (windowMs * (1 + CLOCK_DRIFT)), options.limit),
        // One unit, whatever the limit becomes.
        share: 0,
      });
      break;
    case 'calendar-day':
      tiers.push({ meter: new CalendarDay(options.timeZone ?? 'UTC', now, wallMs), share: 1 });
      break;
    default:
      tiers.push({ meter: new SlidingWindow(windowMs, windowMs >= SLOTTED_FROM_MS ? windowMs / SLOTS : 0), share: 1 });
  }
  if (options.subWindowMs !== undefined) {
    tiers.push({ meter: new SlidingWindow(options.subWindowMs), share: options.subWindowMs / windowMs });
  }
  return tiers;
}
