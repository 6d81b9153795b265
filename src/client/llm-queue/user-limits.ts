import type { UserLimits } from '../../config/headgate-config-types.ts';
import type { Clock } from '../../domain/clock.ts';
import { UserRateLimitExceededError } from '../../domain/llm-queue-errors.ts';
import type { UserLimitStore } from '../../domain/user-limit-store.ts';

/** Lets each user send so many requests per window. */
export class UserLimitCheck {
  readonly store: UserLimitStore;
  readonly #limits: UserLimits;
  readonly #clock: Clock;
  readonly #wallOffsetMs: number;

  constructor(store: UserLimitStore, limits: UserLimits, clock: Clock) {
    this.store = store;
    this.#limits = limits;
    this.#clock = clock;
    this.#wallOffsetMs = clock.wallMs() - clock.now();
  }

  /** Counts one request of a user. Throws `UserRateLimitExceededError` where it is one too many; the store's own errors pass. */
  async count(userId: string): Promise<void> {
    const { maxNumRequestsInTimeWindow: limit, timeWindowInSeconds } = this.#limits;
    // Epoch milliseconds by the monotonic clock: a window must not grow or shrink when the wall clock is set.
    const nowMs = this.#clock.now() + this.#wallOffsetMs;
    const { allowed, remaining } = await this.store.checkAndAddRequest(userId, limit, nowMs, timeWindowInSeconds);
    if (!allowed) throw new UserRateLimitExceededError(remaining ?? timeWindowInSeconds);
  }
}
