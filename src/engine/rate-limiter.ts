import { parseRateLimiterConfig, type RateLimiterConfig } from '../config/rate-limiter-config.ts';
import type { Clock } from '../domain/clock.ts';
import { InvalidConfiguration, RateLimitExceeded } from '../domain/errors.ts';
import type { RateLimiterType } from '../domain/limit-types.ts';
import { type Alarm, Alarms } from '../lib/alarms.ts';
import { Fifo } from '../lib/fifo.ts';
import { systemClock } from '../lib/system-clock.ts';
import { createLimiter } from '../limits/create-limiter.ts';
import type { Hold } from '../limits/hold.ts';
import type { Limiter } from '../limits/limiter.ts';
import { limiterOptions } from './limiter-registry.ts';

interface Waiter {
  readonly cost: number;
  readonly resolve: () => void;
}

/**
 * One limit on its own, without a queue: what a caller acquires counts as sent and counted at that moment. Waiters
 * are served first in, first out. Amounts are requests or tokens, whatever the limit counts.
 */
export class RateLimiter {
  readonly #limiter: Limiter;
  readonly #clock: Clock;
  readonly #alarms: Alarms;
  readonly #waiters = new Fifo<Waiter>();
  /** What is held of a concurrent limit, oldest first. */
  readonly #held: Hold[] = [];
  #alarm: Alarm | undefined;

  /** Makes a limiter. Throws `InvalidConfiguration`. */
  static create(config: RateLimiterConfig, options: { clock?: Clock } = {}): RateLimiter {
    return new RateLimiter(parseRateLimiterConfig(config), options.clock ?? systemClock);
  }

  private constructor(config: RateLimiterConfig, clock: Clock) {
    this.#clock = clock;
    this.#alarms = new Alarms(clock);
    this.#limiter = createLimiter(limiterOptions(config), clock.now(), () => clock.wallMs());
  }

  get type(): RateLimiterType {
    return this.#limiter.type;
  }

  get limit(): number {
    return this.#limiter.limit;
  }

  /** Takes `cost` (default 1) if it fits now and nobody waits; never waits. */
  tryAcquire(cost = 1): boolean {
    this.#check(cost);
    if (this.#waiters.size > 0) return false;
    return this.#take(cost);
  }

  /** Gives `cost` (default 1) places of a concurrent limit back. A window gives nothing back: what was sent was counted. */
  release(cost = 1): void {
    let left = cost;
    while (left > 0 && this.#held.length > 0) {
      const hold = this.#held.shift() as Hold;
      const rest = hold.cost - left;
      this.#limiter.release(hold, this.#clock.now());
      left -= hold.cost;
      if (rest > 0) this.#held.unshift(this.#limiter.reserve(rest, this.#clock.now()));
    }
    this.#serve();
  }

  /** Resolves once `cost` (default 1) has been taken. Rejects with `RateLimitExceeded` when it can never fit. */
  async waitForSlot(cost = 1): Promise<void> {
    this.#check(cost);
    if (cost > this.#limiter.largest) {
      const limit = this.#limiter.largest;
      throw new RateLimitExceeded({
        limitType: this.type,
        cost,
        limit,
        message:
          `waitForSlot(${cost}) asks for more than this '${this.type}' limiter ever holds, ${limit}: it would wait for ever. ` +
          'Take less at a time, or raise the limit.',
      });
    }
    if (this.tryAcquire(cost)) return;
    await new Promise<void>((resolve) => {
      this.#waiters.push({ cost, resolve });
      this.#serve();
    });
  }

  getCurrentUsage(): number {
    return this.#limiter.used(this.#clock.now());
  }

  getAvailableCapacity(): number {
    return this.#limiter.capacity - this.getCurrentUsage();
  }

  /** System A's name of {@link getAvailableCapacity}. */
  getAvailableSlots(): number {
    return this.getAvailableCapacity();
  }

  #take(cost: number): boolean {
    const now = this.#clock.now();
    if (!this.#limiter.fits(cost, now)) return false;
    const hold = this.#limiter.reserve(cost, now);
    if (this.type === 'concurrent') this.#held.push(hold);
    else this.#limiter.ended(hold, now);
    return true;
  }

  #serve(): void {
    this.#alarms.clear(this.#alarm);
    this.#alarm = undefined;
    for (let waiter = this.#waiters.peek(); waiter !== undefined; waiter = this.#waiters.peek()) {
      if (!this.#take(waiter.cost)) {
        const at = this.#limiter.nextFreeAt(waiter.cost, this.#clock.now());
        if (at !== Number.POSITIVE_INFINITY) this.#alarm = this.#alarms.set(at, () => this.#serve());
        return;
      }
      this.#waiters.shift();
      waiter.resolve();
    }
  }

  #check(cost: number): void {
    if (!(Number.isFinite(cost) && cost > 0)) throw new InvalidConfiguration(`A cost of ${cost}: expected a number > 0.`, 'cost');
  }
}
