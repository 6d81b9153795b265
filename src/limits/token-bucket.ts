import type { Meter, PendingCount } from './meter.ts';

/**
 * Token bucket seen from its empty side: what was counted drains continuously. The bucket's size is the capacity
 * that its reader compares {@link Meter.used} with.
 */
export class TokenBucket implements Meter {
  #drainPerMs: number;
  #level = 0;
  #levelAt = 0;

  constructor(drainPerMs: number) {
    this.#drainPerMs = drainPerMs;
  }

  add(cost: number, at: number): number {
    // A stamp can lie before the last look at the level; what would have drained since then is given up.
    this.#drainTo(Math.max(at, this.#levelAt));
    this.#level += cost;
    return 0;
  }

  adjust(_entry: number, delta: number, now: number): void {
    this.#drainTo(now);
    this.#level = Math.max(0, this.#level + delta);
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
    if (need <= this.#level) return now + need / this.#drainPerMs;
    let reachable = this.#level;
    for (const count of pending) {
      reachable += count.cost;
      if (need <= reachable) return Math.max(now, count.dueAt) + need / this.#drainPerMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  scale(factor: number, now: number): void {
    this.#drainTo(now);
    this.#drainPerMs *= factor;
  }

  #drainTo(now: number): void {
    if (now <= this.#levelAt) return;
    this.#level = Math.max(0, this.#level - this.#drainPerMs * (now - this.#levelAt));
    this.#levelAt = now;
  }
}
