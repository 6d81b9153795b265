import type { UserLimitDecision, UserLimitStore } from '../domain/user-limit-store.ts';
import { Moments } from './moments.ts';

interface UserLog {
  readonly moments: Moments;
  readonly newest: number;
  readonly windowMs: number;
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
    const moments = this.#users.get(userId)?.moments ?? new Moments();
    moments.dropUntil(nowMs - windowMs);
    const used = moments.size;
    if (used >= limit) {
      // Not the oldest has to leave where the limit became smaller.
      const leaving = moments.at(used - limit) ?? Number.POSITIVE_INFINITY;
      return { allowed: false, used, remaining: (leaving + windowMs - nowMs) / 1000 };
    }
    moments.add(nowMs);
    this.#keep(userId, { moments, newest: nowMs, windowMs });
    return { allowed: true, used: used + 1 };
  }

  /** Takes back a request that was counted at `momentMs`. */
  giveBack(userId: string, momentMs: number): void {
    this.#users.get(userId)?.moments.remove(momentMs);
  }

  /** Lets a request that was counted at `momentMs` count from a later moment on. */
  move(userId: string, momentMs: number, laterMs: number): void {
    const log = this.#users.get(userId);
    if (log === undefined || laterMs === momentMs) return;
    log.moments.remove(momentMs);
    log.moments.add(laterMs);
    this.#keep(userId, { ...log, newest: Math.max(log.newest, laterMs) });
  }

  #keep(userId: string, log: UserLog): void {
    this.#users.delete(userId);
    this.#users.set(userId, log);
  }

  #forgetIdle(nowMs: number): void {
    for (const [userId, { newest, windowMs }] of this.#users) {
      if (newest + windowMs > nowMs) return;
      this.#users.delete(userId);
    }
  }
}
