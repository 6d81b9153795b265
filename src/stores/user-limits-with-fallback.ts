import type { Clock, TimerHandle } from '../domain/clock.ts';
import { InvalidConfiguration, textOf } from '../domain/errors.ts';
import { type EasyLogger, harmless, type Logger, silentLogger } from '../domain/logger.ts';
import type { UserLimitDecision, UserLimitStore } from '../domain/user-limit-store.ts';
import { systemClock } from '../lib/system-clock.ts';
import { InMemoryUserRateLimitStoreAdapter } from './in-memory-user-limits.ts';

export interface UserLimitsWithFallbackOptions {
  /** What of a limit holds while the store is down, above 0 and at most 1; rounded up to whole requests. Default 0.9. */
  readonly share?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

const SHARE = 0.9;
const PROBE_EVERY_MS = 1000;

/**
 * User limits that go on while their store is down. This process remembers what it let through in each user's last window, whoever
 * counted it, and never lets more through than the limit: not while the store is down, when a share of the limit holds, not when
 * the store comes back without what it had counted. It is exact for one process; several would have a share each.
 *
 * Only the first request after a store went down waits for it. Once a second it is asked whether it is back.
 */
export class UserLimitsWithFallback implements UserLimitStore {
  readonly #store: UserLimitStore;
  readonly #share: number;
  readonly #clock: Clock;
  readonly #logger: EasyLogger;
  /** What this process let through. */
  readonly #own = new InMemoryUserRateLimitStoreAdapter();
  #probe: TimerHandle | undefined;
  #isDown = false;
  #isClosed = false;
  #failures = 0;

  /** Throws `InvalidConfiguration` for a share that is none. */
  constructor(store: UserLimitStore, { share = SHARE, clock = systemClock, logger = silentLogger }: UserLimitsWithFallbackOptions = {}) {
    if (!(share > 0 && share <= 1))
      throw new InvalidConfiguration(`'share' is ${textOf(share)}: expected a share above 0, at most 1.`, 'share');
    this.#store = store;
    this.#share = share;
    this.#clock = clock;
    this.#logger = harmless(logger);
  }

  /** Whether this process counts alone now. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** How often the store went down. */
  get failures(): number {
    return this.#failures;
  }

  /** A store that is down is no reason not to start. Rejects with what is wrong with its configuration. */
  async connect(): Promise<void> {
    this.#isClosed = false;
    try {
      await this.#store.connect();
      this.#isBack();
    } catch (error) {
      if (error instanceof InvalidConfiguration) throw error;
      this.#failed(error);
    }
  }

  async disconnect(): Promise<void> {
    this.#isClosed = true;
    if (this.#probe !== undefined) this.#clock.clearTimeout(this.#probe);
    this.#probe = undefined;
    this.#own.disconnect();
    await this.#store.disconnect();
  }

  checkAndAddRequest(userId: string, limit: number, nowMs: number, windowSeconds: number): Promise<UserLimitDecision> | UserLimitDecision {
    if (this.#isDown) return this.#alone(userId, limit, nowMs, windowSeconds);
    // Counted here before the store is asked, so that of two requests at once only one gets the last place.
    const own = this.#own.checkAndAddRequest(userId, limit, nowMs, windowSeconds);
    return own.allowed ? this.#together(userId, limit, nowMs, windowSeconds) : own;
  }

  async #together(userId: string, limit: number, nowMs: number, windowSeconds: number): Promise<UserLimitDecision> {
    const askedAt = this.#clock.now();
    const answeredMs = (): number => nowMs + this.#clock.now() - askedAt;
    try {
      const decision = await this.#store.checkAndAddRequest(userId, limit, nowMs, windowSeconds);
      // The store counted it at some moment until now: whoever comes back when this process says so must not be too early there.
      if (decision.allowed) this.#own.move(userId, nowMs, answeredMs());
      else this.#own.giveBack(userId, nowMs);
      return decision;
    } catch (error) {
      this.#own.giveBack(userId, nowMs);
      this.#failed(error);
      return this.#alone(userId, limit, answeredMs(), windowSeconds);
    }
  }

  #alone(userId: string, limit: number, nowMs: number, windowSeconds: number): UserLimitDecision {
    return this.#own.checkAndAddRequest(userId, Math.ceil(limit * this.#share), nowMs, windowSeconds);
  }

  #failed(error: unknown): void {
    if (!this.#isDown && !this.#isClosed) {
      this.#isDown = true;
      this.#failures++;
      this.#logger.warn(
        { reason: textOf(error), share: this.#share },
        'the store of user limits is down: this process counts alone, up to a share of each limit',
      );
    }
    this.#askLater();
  }

  #isBack(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#logger.info({}, 'the store of user limits is back');
  }

  #askLater(): void {
    if (this.#isClosed || this.#probe !== undefined) return;
    const ask = (): void => {
      this.#probe = undefined;
      this.connect().catch((error: unknown) => this.#failed(error));
    };
    this.#probe = this.#clock.setTimeout(ask, PROBE_EVERY_MS, { background: true });
  }
}
