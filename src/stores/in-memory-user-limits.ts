import type { UserLimitDecision, UserLimitStore } from '../domain/user-limit-store.ts';
import { Fifo } from '../lib/fifo.ts';

interface UserLog {
  /** Moments of what was counted, oldest first. */
  moments: Fifo<number>;
  newest: number;
  windowMs: number;
}

/**
 * User limits in this process's memory: an exact sliding window for each user. A request counts for exactly one
 * window; refused ones don't count. Users whose window is empty are forgotten.
 */
export class InMemoryUserRateLimitStoreAdapter implements UserLimitStore {
  /** In the order of their newest request, so that those to forget come first. */
  readonly #users = new Map<string, UserLog>();

  connect(): void {}

  disconnect(): void {
    this.#users.clear();
  }

  /** How many users are remembered: those who were counted within their window. */
  get size(): number {
    return this.#users.size;
  }

  checkAndAddRequest(userId: string, limit: number, nowMs: number, windowSeconds: number): UserLimitDecision {
    const windowMs = windowSeconds * 1000;
    this.#forgetIdle(nowMs);
    const log = this.#users.get(userId) ?? { moments: new Fifo<number>(), newest: nowMs, windowMs };
    const { moments } = log;
    for (let oldest = moments.peek(); oldest !== undefined && oldest + windowMs <= nowMs; oldest = moments.peek()) moments.shift();
    if (moments.size >= limit) return { allowed: false, remaining: (leaving(moments, limit) + windowMs - nowMs) / 1000 };
    moments.push(nowMs);
    this.#users.delete(userId);
    this.#users.set(userId, { moments, newest: nowMs, windowMs });
    return { allowed: true };
  }

  #forgetIdle(nowMs: number): void {
    for (const [userId, { newest, windowMs }] of this.#users) {
      if (newest + windowMs > nowMs) return;
      this.#users.delete(userId);
    }
  }
}

/** The moment of the entry that has to leave before one more fits; not the oldest where the limit became smaller. */
function leaving(moments: Fifo<number>, limit: number): number {
  let ahead = moments.size - limit;
  for (const moment of moments) if (ahead-- === 0) return moment;
  return Number.POSITIVE_INFINITY;
}
