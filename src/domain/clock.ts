/** Opaque handle of a timer that a {@link Clock} set. */
export type TimerHandle = unknown;

/** What {@link Clock.setTimeout} may be told about a timer. */
export interface TimerOptions {
  /** `true`: this timer alone must not keep a process alive (sampling, watchdogs). Default `false`. */
  readonly background?: boolean;
}

/**
 * The only source of time. Everything that waits or measures takes one, so that tests can run on a
 * virtual clock; it has the shape XState expects of an actor system's clock.
 */
export interface Clock {
  /** Monotonic milliseconds with fractions; for windows, latencies and timers. Its zero means nothing. */
  now(): number;
  /** Milliseconds since the epoch; for deadlines, calendar limits and what is written down. May jump. */
  wallMs(): number;
  /** Calls `callback` after `ms` milliseconds. It may fire up to 1 ms early: callers re-check on waking. */
  setTimeout(callback: () => void, ms: number, options?: TimerOptions): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}
