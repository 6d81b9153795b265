import { type LimitCounter, slack } from './limit-counter.ts';

/**
 * Token bucket that refills continuously: capacity = limit, refill = limit per window. What OpenAI, Anthropic and
 * Groq describe; the wait `(used + requested − limit) ÷ (limit ÷ window)` reproduces OpenAI's published texts.
 */
export class ContinuousBucket implements LimitCounter {
  #capacity: number;
  readonly #windowMs: number;
  #used = 0;
  #at = 0;

  constructor(limit: number, windowMs: number) {
    this.#capacity = limit;
    this.#windowMs = windowMs;
  }

  get capacity(): number {
    return this.#capacity;
  }

  used(now: number): number {
    if (now > this.#at) {
      this.#used = Math.max(0, this.#used - ((now - this.#at) * this.capacity) / this.#windowMs);
      this.#at = now;
    }
    return this.#used;
  }

  waitMs(cost: number, now: number): number {
    if (cost > this.capacity) return Number.POSITIVE_INFINITY;
    const missing = this.used(now) + cost - this.capacity;
    return missing <= slack(this.capacity) ? 0 : (missing * this.#windowMs) / this.capacity;
  }

  add(cost: number, now: number): void {
    this.#used = this.used(now) + cost;
  }

  giveBack(amount: number, _at: number, now: number): void {
    this.#used = Math.max(0, this.used(now) - amount);
  }

  /** What has flowed in until now came at the old rate. */
  resize(limit: number, now: number): void {
    this.#used = this.used(now);
    this.#capacity = limit;
  }

  emptyInMs(now: number): number {
    return (this.used(now) * this.#windowMs) / this.capacity;
  }
}
