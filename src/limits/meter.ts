/** Amounts are whole units, but a bucket's level and a stranger's costs are not: sums may be wrong by less than this. */
export const NEGLIGIBLE = 1e-6;

/** Something that will be counted at `dueAt` at the latest, with its cost. */
export interface PendingCount {
  readonly cost: number;
  readonly dueAt: number;
}

/** Something that was counted, and when. */
export interface CountedEntry {
  readonly cost: number;
  readonly at: number;
}

/**
 * How a counted quantity goes away again: by leaving a sliding window, by draining from a bucket, at midnight.
 * Entries are added in the order of their stamps. All times are monotonic milliseconds, amounts are in the
 * limit's unit.
 */
export interface Meter {
  /** Counts `cost` at `at` and returns a number that names the entry in {@link adjust}. */
  add(cost: number, at: number): number;
  /** Changes an entry at its own place in time; nothing comes back of what has gone. */
  adjust(entry: number, delta: number, now: number): void;
  /** How much is counted at `now`, which never goes back. */
  used(now: number): number;
  /** How much will still be counted at `at` ≥ the last `now`, if nothing is added but what is in `pending`. */
  usedAt(at: number, pending: Iterable<PendingCount>): number;
  /**
   * The first moment at which `need` has gone of what is counted now and of what is in `pending` (in order of
   * `dueAt`): exact for what is counted, an upper bound for what is pending. Infinity: not by time alone.
   */
  freeAt(need: number, now: number, pending: Iterable<PendingCount>): number;
  /** When `cost` counted at `at`, after what is counted and what is in `pending`, has left for certain; absent: that depends on the rest. */
  goneAt?(at: number, cost: number, pending: Iterable<PendingCount>): number;
  /** What is counted at `now`, oldest first; absent: only its sum is known. */
  entries?(now: number): readonly CountedEntry[];
  /** The most that may be used is `capacity` from now on; meters that drain at a rate follow. */
  resize?(capacity: number, now: number): void;
}
