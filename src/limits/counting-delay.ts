/**
 * How late the provider may count a call once it is written. A refusal that our books cannot explain doubles it; a
 * long stretch without one halves it again, down to what it was.
 */
export class CountingDelay {
  readonly #initialMs: number;
  readonly #mostMs: number;
  readonly #distrustMs: number;
  #ms: number;
  #changedAt = 0;

  /** @param distrustMs how long a raised delay stays before it is halved */
  constructor(initialMs: number, mostMs: number, distrustMs: number) {
    this.#initialMs = initialMs;
    this.#mostMs = mostMs;
    this.#distrustMs = distrustMs;
    this.#ms = initialMs;
  }

  /** Infinity: until the attempt ends. */
  get ms(): number {
    return this.#ms;
  }

  raise(now: number): void {
    if (this.#ms === Number.POSITIVE_INFINITY) return;
    this.#ms = Math.min(Math.max(this.#ms * 2, 1), this.#mostMs);
    this.#changedAt = now;
  }

  relax(now: number): void {
    if (this.#ms <= this.#initialMs || now - this.#changedAt < this.#distrustMs) return;
    this.#ms = Math.max(this.#initialMs, this.#ms / 2);
    this.#changedAt = now;
  }
}
