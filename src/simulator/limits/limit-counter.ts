/**
 * How a provider counts one limit. `now` is the simulator's monotonic clock in ms and never goes back.
 * Nothing here knows of requests, models or headers.
 */
export interface LimitCounter {
  /** What could ever be counted at once; a larger cost never fits. */
  readonly capacity: number;
  /** Milliseconds until `cost` would fit if nothing else came; 0 = it fits now; Infinity = it never does. */
  waitMs(cost: number, now: number): number;
  /** Counts, also beyond the limit: output metered as it is produced can't be refused. */
  add(cost: number, now: number): void;
  /** Takes back `amount` of what was counted at the moment `at`. */
  giveBack(amount: number, at: number, now: number): void;
  /** What is counted now; for a bucket, how much of it is empty. */
  used(now: number): number;
  /** Milliseconds until nothing is counted any more: what a `reset` header says. */
  emptyInMs(now: number): number;
  /** Changes the limit from `now` on; what is counted stays counted. */
  resize(limit: number, now: number): void;
}

/** Rounding slack of floating-point sums: a request is not refused over a billionth of a limit. */
export function slack(limit: number): number {
  return 1e-6 + limit * 1e-9;
}
