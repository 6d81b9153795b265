import { type LimitCounter, slack } from './limit-counter.ts';
import { TimedLog } from './timed-log.ts';

/** Exact count of the last window at every moment: the strictest of the mechanisms. */
export class SlidingLog implements LimitCounter {
  #capacity: number;
  readonly #log: TimedLog;

  constructor(limit: number, windowMs: number) {
    this.#capacity = limit;
    this.#log = new TimedLog(windowMs);
  }

  get capacity(): number {
    return this.#capacity;
  }

  used(now: number): number {
    this.#log.expire(now);
    return this.#log.sum;
  }

  waitMs(cost: number, now: number): number {
    if (cost > this.capacity) return Number.POSITIVE_INFINITY;
    const room = this.capacity - cost + slack(this.capacity);
    return this.used(now) <= room ? 0 : this.#log.fallsTo(room, now) - now;
  }

  add(cost: number, now: number): void {
    this.#log.add(cost, now);
  }

  giveBack(amount: number, at: number, now: number): void {
    this.#log.expire(now);
    this.#log.giveBack(at, amount);
  }

  resize(limit: number): void {
    this.#capacity = limit;
  }

  emptyInMs(now: number): number {
    return this.used(now) === 0 ? 0 : this.#log.fallsTo(0, now) - now;
  }
}
