/** How a hidden limit counts. */
export type HiddenMechanism = 'bucket' | 'sliding' | 'fixed';

export const HIDDEN_MECHANISMS: readonly HiddenMechanism[] = ['bucket', 'sliding', 'fixed'];

/** A limit whose capacity may change while it runs; it shares no arithmetic with the limiters it judges. */
export class HiddenLimit {
  readonly mechanism: HiddenMechanism;
  readonly windowMs: number;
  readonly #phaseMs: number;
  #capacity: number;
  #level = 0;
  #levelAt = 0;
  #window = -1;
  #log: { at: number; cost: number }[] = [];

  constructor(mechanism: HiddenMechanism, capacity: number, windowMs: number, phaseMs: number) {
    this.mechanism = mechanism;
    this.#capacity = capacity;
    this.windowMs = windowMs;
    this.#phaseMs = phaseMs;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** @param drains what is used stays used: a bucket that became smaller refuses until it has drained so far */
  setCapacity(capacity: number, now: number, drains = false): void {
    this.used(now);
    this.#capacity = capacity;
    if (this.mechanism === 'bucket' && !drains) this.#level = Math.min(this.#level, capacity);
  }

  used(now: number): number {
    if (this.mechanism === 'bucket') {
      this.#level = Math.max(0, this.#level - ((now - this.#levelAt) * this.#capacity) / this.windowMs);
      this.#levelAt = now;
    } else if (this.mechanism === 'fixed') {
      const window = Math.floor((now + this.#phaseMs) / this.windowMs);
      if (window !== this.#window) this.#level = 0;
      this.#window = window;
    } else {
      while (this.#log[0] !== undefined && this.#log[0].at + this.windowMs <= now) this.#level -= this.#log.shift()?.cost ?? 0;
    }
    return this.#level;
  }

  /** Counts and accepts, or refuses. */
  admit(cost: number, now: number): boolean {
    if (this.used(now) + cost > this.#capacity + 1e-6) return false;
    this.#level += cost;
    if (this.mechanism === 'sliding') this.#log.push({ at: now, cost });
    return true;
  }

  /** How long until `cost` fits if nothing else comes. */
  waitMs(cost: number, now: number): number {
    const missing = this.used(now) + cost - this.#capacity;
    if (missing <= 0) return 0;
    if (this.mechanism === 'bucket') return (missing * this.windowMs) / this.#capacity;
    if (this.mechanism === 'fixed') return this.windowMs - ((now + this.#phaseMs) % this.windowMs);
    let left = missing;
    for (const { at, cost: gone } of this.#log) {
      left -= gone;
      if (left <= 0) return at + this.windowMs - now;
    }
    return this.windowMs;
  }

  /** What a `reset` header says: until nothing is counted any more. */
  emptyInMs(now: number): number {
    const used = this.used(now);
    if (used === 0) return 0;
    if (this.mechanism === 'bucket') return (used * this.windowMs) / this.#capacity;
    if (this.mechanism === 'fixed') return this.windowMs - ((now + this.#phaseMs) % this.windowMs);
    return (this.#log.at(-1)?.at ?? now) + this.windowMs - now;
  }
}
