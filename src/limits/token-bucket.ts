import { type Meter, NEGLIGIBLE, type PendingCount } from './meter.ts';

/** Added to every predicted moment, in ms, so that rounding cannot leave it a hair too early. */
const ROUNDING_MS = 0.005;

/**
 * Token bucket seen from its empty side: what was counted drains continuously, first in first out. The bucket's
 * size is the capacity that its reader compares {@link Meter.used} with.
 */
export class TokenBucket implements Meter {
  readonly #rateOf: (capacity: number) => number;
  #drainPerMs: number;
  #level = 0;
  #levelAt = Number.NEGATIVE_INFINITY;
  /** All that has ever drained or been taken back; an entry is named by what this will be once it has gone. */
  #gone = 0;

  /** @param rateOf what drains per millisecond at a capacity */
  constructor(rateOf: (capacity: number) => number, capacity: number) {
    this.#rateOf = rateOf;
    this.#drainPerMs = rateOf(capacity);
  }

  add(cost: number, at: number): number {
    // A stamp can lie before the last look at the level; what would have drained since then is given up.
    this.#drainTo(Math.max(at, this.#levelAt));
    this.#level += cost;
    return this.#gone + this.#level;
  }

  /** What an entry gives back is at most what has not drained of it: the rest was used by others already. */
  adjust(entry: number, delta: number, now: number): void {
    this.#drainTo(now);
    if (delta >= 0) this.#level += delta;
    else this.#take(Math.min(-delta, Math.max(0, entry - this.#gone)));
  }

  used(now: number): number {
    this.#drainTo(now);
    return this.#level;
  }

  usedAt(at: number, pending: Iterable<PendingCount>): number {
    let held = 0;
    for (const count of pending) held += count.cost;
    return Math.max(0, this.#level - this.#drainPerMs * Math.max(0, at - this.#levelAt)) + held;
  }

  freeAt(need: number, now: number, pending: Iterable<PendingCount>): number {
    this.#drainTo(now);
    if (need <= 0) return now;
    const drainMs = need / this.#drainPerMs + ROUNDING_MS;
    if (need <= this.#level + NEGLIGIBLE) return now + drainMs;
    let reachable = this.#level + NEGLIGIBLE;
    for (const count of pending) {
      reachable += count.cost;
      if (need <= reachable) return Math.max(now, count.dueAt) + drainMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** It drains behind whatever is before it, from its own moment on at the latest. */
  goneAt(at: number, cost: number, pending: Iterable<PendingCount>): number {
    let ahead = this.#level;
    for (const count of pending) ahead += count.cost;
    return Math.max(at, this.#levelAt) + (ahead + cost) / this.#drainPerMs + ROUNDING_MS;
  }

  resize(capacity: number, now: number): void {
    this.#drainTo(now);
    this.#drainPerMs = this.#rateOf(capacity);
  }

  #drainTo(now: number): void {
    if (now <= this.#levelAt) return;
    if (this.#level > 0) this.#take(this.#drainPerMs * (now - this.#levelAt));
    this.#levelAt = now;
  }

  #take(amount: number): void {
    const taken = Math.min(amount, this.#level);
    this.#level -= taken;
    this.#gone += taken;
  }
}
