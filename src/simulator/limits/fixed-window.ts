import { type LimitCounter, slack } from './limit-counter.ts';

/** A counter that is set to zero at the end of each window; the windows' phase is unknown to the client. */
export class FixedWindow implements LimitCounter {
  #capacity: number;
  readonly #windowMs: number;
  readonly #phaseMs: number;
  #used = 0;
  #window = Number.NEGATIVE_INFINITY;

  /** @param phaseMs where in [0, windowMs) the windows begin */
  constructor(limit: number, windowMs: number, phaseMs: number) {
    this.#capacity = limit;
    this.#windowMs = windowMs;
    this.#phaseMs = phaseMs;
  }

  get capacity(): number {
    return this.#capacity;
  }

  used(now: number): number {
    const window = this.#windowAt(now);
    if (window > this.#window) {
      this.#window = window;
      this.#used = 0;
    }
    return this.#used;
  }

  waitMs(cost: number, now: number): number {
    if (cost > this.capacity) return Number.POSITIVE_INFINITY;
    return this.used(now) + cost <= this.capacity + slack(this.capacity) ? 0 : this.#restMs(now);
  }

  add(cost: number, now: number): void {
    this.#used = this.used(now) + cost;
  }

  giveBack(amount: number, at: number, now: number): void {
    const used = this.used(now);
    if (this.#windowAt(at) === this.#window) this.#used = Math.max(0, used - amount);
  }

  resize(limit: number): void {
    this.#capacity = limit;
  }

  emptyInMs(now: number): number {
    return this.used(now) === 0 ? 0 : this.#restMs(now);
  }

  #windowAt(now: number): number {
    return Math.floor((now - this.#phaseMs) / this.#windowMs);
  }

  #restMs(now: number): number {
    return (this.#windowAt(now) + 1) * this.#windowMs + this.#phaseMs - now;
  }
}
