import type { RateLimiterType } from './limit-types.ts';

/** What a provider says of one of its limits in an answer's headers. Absent: not said, or said in a way that means nothing. */
export interface LimitObservation {
  readonly type: RateLimiterType;
  /** The most per window; > 0. */
  readonly limit?: number | undefined;
  /** What is left now; may be below 0. */
  readonly remaining?: number | undefined;
  /** Milliseconds until all of it is free again, which is later than when one more request fits. */
  readonly resetMs?: number | undefined;
  /** What `resetMs` may be off by: it was named as a moment, to the second. Absent: by what its own last digits say. */
  readonly resetRoundedToMs?: number | undefined;
  /** The window, where the header's name says it. */
  readonly windowMs?: number | undefined;
}
