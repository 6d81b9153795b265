import { NEGLIGIBLE } from '../meter.ts';

/** Added to every predicted moment, in ms, so that rounding cannot leave it a hair too early. */
const ROUNDING_MS = 0.005;

/**
 * Lets calls through at a rate that may change at any time: what was let through drains at the rate, and the next
 * call may start when it fits into the burst or nothing is left of the others. So a call of any size starts some time.
 */
export class RateGate {
  #perMs: number;
  #burst: number;
  #level = 0;
  #at = 0;

  /** @param perSecond in the cost's unit; @param burst the most that may start at once */
  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
  }

  setRate(perSecond: number, burst: number, now: number): void {
    this.#drainTo(now);
    // What was let through at a faster pace has paid for it: it must not hold up others for longer at a slower one.
    this.#level *= Math.min(1, perSecond / 1_000 / this.#perMs);
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
  }

  /** The first moment at which a call of this cost may start, ≥ now. */
  freeAt(cost: number, now: number): number {
    this.#drainTo(now);
    const excess = this.#level - Math.max(0, this.#burst - cost);
    return excess <= NEGLIGIBLE ? now : now + excess / this.#perMs + ROUNDING_MS;
  }

  take(cost: number, now: number): void {
    this.#drainTo(now);
    this.#level += cost;
  }

  #drainTo(now: number): void {
    if (now <= this.#at) return;
    this.#level = Math.max(0, this.#level - this.#perMs * (now - this.#at));
    this.#at = now;
  }
}
