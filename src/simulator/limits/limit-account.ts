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
  /** `accepted ÷ (limit × (1 + T ÷ windowMs))`, T from the first to the last count; 0 when nothing was counted. */
  readonly share: number;
}

/** One limit at work: its mechanism decides, and beside it everything counted is measured independently of the mechanism. */
export class LimitAccount {
  readonly spec: SimulatedLimit;
  readonly counter: LimitCounter;
  readonly #model: string;
  #window: TimedLog;
  #accepted = 0;
  #most = 0;
  #firstAt: number | undefined;
  #lastAt = 0;

  constructor(spec: SimulatedLimit, model: string, random: SeededRandom) {
    this.spec = spec;
    this.#model = model;
    this.counter = makeCounter(spec, random);
    this.#window = new TimedLog(spec.windowMs);
  }

  /** Counts an amount now, also beyond the limit. */
  count(amount: number, now: number): void {
    if (amount <= 0) return;
    this.counter.add(amount, now);
    this.#accepted += amount;
    this.#window.add(amount, now);
    // Windows are half-open, so every window's sum is reached at the last count inside it.
    this.#most = Math.max(this.#most, this.#window.sum);
    this.#firstAt ??= now;
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
    const spanMs = this.#firstAt === undefined ? 0 : this.#lastAt - this.#firstAt;
    const share = this.#accepted / (limit * (1 + spanMs / windowMs));
    return { model: this.#model, type, limit, windowMs, mechanism, accepted: this.#accepted, mostInAnyWindow: this.#most, share };
  }

  /** Starts the statistics afresh; what the mechanism has counted stays counted. */
  resetStats(): void {
    this.#window = new TimedLog(this.spec.windowMs);
    this.#accepted = 0;
    this.#most = 0;
    this.#firstAt = undefined;
    this.#lastAt = 0;
  }
}
