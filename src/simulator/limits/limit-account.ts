import type { SeededRandom } from '../seeded-random.ts';
import type { LimitCounter } from './limit-counter.ts';
import { makeCounter } from './make-counter.ts';
import type { Mechanism, SimulatedLimit, SimulatedLimitType } from './simulated-limit.ts';
import { TimedLog } from './timed-log.ts';

/** What one limit has seen since the start or the last reset of the statistics. */
export interface SimulatedLimitStats {
  /** The model it counts, or `*` for a limit shared by all models. */
  readonly model: string;
  readonly type: SimulatedLimitType;
  readonly limit: number;
  readonly windowMs: number;
  readonly mechanism: Mechanism;
  /** Quantity counted: requests or tokens. */
  readonly accepted: number;
  /** Exact maximum of what was counted in any window of `windowMs`, wherever it begins; above `limit` shows a burst that the mechanism let through. */
  readonly mostInAnyWindow: number;
  /**
   * `accepted ÷ (limit × (1 + T ÷ windowMs))`, T from the first to the last count; 0 when nothing was counted. Where the limit was
   * changed meanwhile, what each size of it allowed in its time is added up.
   */
  readonly share: number;
  /** Only with `apiKeys`: the place in that list of the key whose books this is in. Absent for limits across keys. */
  readonly key?: number;
}

/** One limit at work: its mechanism decides, and beside it everything counted is measured independently of the mechanism. */
export class LimitAccount {
  readonly counter: LimitCounter;
  readonly model: string;
  readonly #key: number | undefined;
  #spec: SimulatedLimit;
  #window: TimedLog;
  #accepted = 0;
  #most = 0;
  #firstAt: number | undefined;
  #lastAt = 0;
  /** What the limit allowed from the first count to `#allowedAt`, the window of the first count included. */
  #allowed = 0;
  #allowedAt = 0;

  /** @param key whose books this is in: the key's place in the list of keys */
  constructor(spec: SimulatedLimit, model: string, random: SeededRandom, key?: number) {
    this.#spec = spec;
    this.model = model;
    this.#key = key;
    this.counter = makeCounter(spec, random);
    this.#window = new TimedLog(spec.windowMs);
  }

  /** The limit as it is now. */
  get spec(): SimulatedLimit {
    return this.#spec;
  }

  /** Changes the limit from now on; what is counted stays counted. */
  resize(limit: number, now: number): void {
    if (this.#firstAt !== undefined) {
      this.#allowed += this.#flow(now);
      this.#allowedAt = now;
    }
    this.#spec = { ...this.#spec, limit };
    this.counter.resize(limit, now);
  }

  /** Counts an amount now, also beyond the limit. */
  count(amount: number, now: number): void {
    if (amount <= 0) return;
    this.counter.add(amount, now);
    this.#accepted += amount;
    this.#window.add(amount, now);
    // Windows are half-open, so every window's sum is reached at the last count inside it.
    this.#most = Math.max(this.#most, this.#window.sum);
    if (this.#firstAt === undefined) {
      this.#firstAt = this.#allowedAt = now;
      this.#allowed = this.#spec.limit;
    }
    this.#lastAt = now;
  }

  /** Takes back what turned out too much of the count made at `at`; a maximum reached before stays. */
  giveBack(amount: number, at: number, now: number): void {
    this.counter.giveBack(amount, at, now);
    if (this.#firstAt === undefined || at < this.#firstAt) return;
    this.#accepted -= amount;
    this.#window.expire(now);
    this.#window.giveBack(at, amount);
  }

  /** What is left now, rounded down, never negative. */
  remaining(now: number): number {
    return Math.max(0, Math.floor(this.spec.limit - this.counter.used(now) + 1e-6));
  }

  stats(): SimulatedLimitStats {
    const { type, limit, windowMs, mechanism } = this.spec;
    const share = this.#firstAt === undefined ? 0 : this.#accepted / (this.#allowed + this.#flow(this.#lastAt));
    const row = { model: this.model, type, limit, windowMs, mechanism, accepted: this.#accepted, mostInAnyWindow: this.#most, share };
    return this.#key === undefined ? row : { ...row, key: this.#key };
  }

  /** What the present limit allows between its beginning and a moment; negative before its beginning. */
  #flow(until: number): number {
    return (this.#spec.limit * (until - this.#allowedAt)) / this.#spec.windowMs;
  }

  /** Starts the statistics afresh; what the mechanism has counted stays counted. */
  resetStats(): void {
    this.#window = new TimedLog(this.spec.windowMs);
    this.#accepted = 0;
    this.#most = 0;
    this.#firstAt = undefined;
    this.#lastAt = 0;
    this.#allowed = 0;
  }
}
