import { NEGLIGIBLE } from '../meter.ts';

/** Added to every predicted moment, in ms, so that rounding cannot leave it a hair too early. */
const ROUNDING_MS = 0.005;
const COMPACT_AT = 1_024;

/** The most that may start within any stretch of a length. */
export interface GateWindow {
  readonly limit: number;
  readonly windowMs: number;
  /** Where windows follow one another: when one of them begins. */
  readonly from?: number;
}

interface Start {
  readonly at: number;
  cost: number;
}

/**
 * Lets calls through at a rate that may change at any time: what was let through drains at the rate, and the next
 * call may start when it fits into the burst or nothing is left of the others. Besides, no window's length holds more
 * than its limit, but for a call that is alone in it. So a call of any size starts some time.
 */
export class RateGate {
  #perMs: number;
  #burst: number;
  #level = 0;
  #at = 0;
  #window: GateWindow = { limit: Number.POSITIVE_INFINITY, windowMs: 0 };
  /** What was let through within the window, oldest first, from `#head` on. */
  #starts: Start[] = [];
  #head = 0;
  #sum = 0;

  /** @param perSecond in the cost's unit; @param burst the most that may start at once */
  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
  }

  setRate(perSecond: number, burst: number, now: number, window?: GateWindow): void {
    this.#drainTo(now);
    // What was let through at a faster pace has paid for it: it must not hold up others for longer at a slower one.
    this.#level *= Math.min(1, perSecond / 1_000 / this.#perMs);
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    if (window !== undefined) this.#window = window;
  }

  /** The first moment at which a call of this cost may start, ≥ now. */
  freeAt(cost: number, now: number): number {
    this.#drainTo(now);
    const excess = this.#level - Math.max(0, this.#burst - cost);
    const pacedAt = excess <= NEGLIGIBLE ? now : now + excess / this.#perMs + ROUNDING_MS;
    return Math.max(pacedAt, this.#roomAt(cost, now));
  }

  take(cost: number, now: number): void {
    this.#drainTo(now);
    this.#expire(now);
    this.#level += cost;
    this.#sum += cost;
    this.#starts.push({ at: now, cost });
  }

  /** What was let through at `at` was refused: the provider has not counted it. */
  refused(cost: number, at: number): void {
    for (let i = this.#starts.length - 1; i >= this.#head; i--) {
      const start = this.#starts[i];
      if (start === undefined || start.at < at) return;
      if (start.at > at || start.cost !== cost) continue;
      start.cost = 0;
      this.#sum -= cost;
      return;
    }
  }

  #roomAt(cost: number, now: number): number {
    this.#expire(now);
    const { limit, windowMs, from } = this.#window;
    let need = this.#sum - Math.max(0, limit - cost);
    if (from !== undefined) return need > NEGLIGIBLE ? this.#countsUntil(now) + ROUNDING_MS : now;
    for (let i = this.#head; need > NEGLIGIBLE; i++) {
      const start = this.#starts[i];
      if (start === undefined) return now;
      need -= start.cost;
      if (need <= NEGLIGIBLE) return start.at + windowMs + ROUNDING_MS;
    }
    return now;
  }

  /** When what starts at a moment counts no more. */
  #countsUntil(at: number): number {
    const { windowMs, from } = this.#window;
    return from === undefined ? at + windowMs : from + (Math.floor((at - from) / windowMs) + 1) * windowMs;
  }

  #expire(now: number): void {
    for (let start = this.#starts[this.#head]; start !== undefined && this.#countsUntil(start.at) <= now; ) {
      this.#sum -= start.cost;
      start = this.#starts[++this.#head];
    }
    if (this.#head === this.#starts.length) this.#sum = 0;
    if (this.#head < COMPACT_AT || 2 * this.#head < this.#starts.length) return;
    this.#starts = this.#starts.slice(this.#head);
    this.#head = 0;
  }

  #drainTo(now: number): void {
    if (now <= this.#at) return;
    this.#level = Math.max(0, this.#level - this.#perMs * (now - this.#at));
    this.#at = now;
  }
}
