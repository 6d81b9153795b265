import type { RateLimiterType } from '../domain/limit-types.ts';
import { CountingDelay } from './counting-delay.ts';
import { DueHolds } from './due-holds.ts';
import { COUNTED, Hold, IN_FLIGHT, RELEASED } from './hold.ts';
import type { LimiterSpec, Tier } from './limiter-spec.ts';
import type { CountedEntry } from './meter.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;
/** How long after an aborted attempt its bytes may still reach a provider that counts until the end. */
const ABORT_GRACE_MS = 1_000;

/**
 * The books of one limit: every attempt's hold from its start until the provider has surely counted it, then its place in
 * the meters. They take whatever they are told; whether it fits is asked of the limiter whose books they are. Pure: every
 * call is told the time, which never goes back.
 */
export class BookedHolds {
  readonly type: RateLimiterType;
  readonly domain: string | undefined;
  protected readonly spec: LimiterSpec;
  protected readonly tiers: readonly Tier[];
  protected readonly due = new DueHolds();
  readonly #delay: CountingDelay;
  #limit: number;
  #capacity: number;
  #inFlight = 0;
  #taken = 0;

  constructor(spec: LimiterSpec) {
    this.type = spec.type;
    this.domain = spec.domain;
    this.spec = spec;
    this.tiers = spec.tiers;
    this.#limit = spec.limit;
    this.#capacity = spec.limit;
    this.#delay = new CountingDelay(spec.countedWithinMs, spec.maxCountedWithinMs, spec.distrustMs);
  }

  /** The most that can ever fit. */
  get limit(): number {
    return this.#limit;
  }

  /** The most that may be used now; less than the limit where quota is shared out. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The present bound on how late the provider may count; grows when a refusal proves it wrong, and falls back in time. */
  get countedWithinMs(): number {
    return this.#delay.ms;
  }

  /** What is held by attempts that the provider may not have counted yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** All that was ever taken here, what was given back or corrected aside. */
  get taken(): number {
    return this.#taken;
  }

  /** What is counted and what is in flight. */
  used(now: number): number {
    this.advance(now);
    return this.#inFlight + (this.tiers[0]?.meter.used(now) ?? 0);
  }

  /** Takes `cost`, whether it fits or not. {@link written} must follow. */
  reserve(cost: number, now: number): Hold {
    this.advance(now);
    this.#inFlight += cost;
    this.#taken += cost;
    this.spec.pacer?.charge(cost, this.#capacity, now);
    return new Hold(cost);
  }

  /** The request was written to the wire now: from here the provider takes `countedWithinMs` at most to count it. */
  written(hold: Hold, now: number): void {
    if (hold.state !== IN_FLIGHT || hold.dueAt !== UNKNOWN || this.#delay.ms === UNKNOWN) return;
    this.advance(now);
    this.#delay.relax(now);
    this.due.expect(hold, now + this.#delay.ms);
  }

  /** The response has started, so the provider has counted the request, unless it counts until the end. */
  responded(hold: Hold, now: number): void {
    if (this.#delay.ms !== UNKNOWN) this.#count(hold, now);
  }

  /** The attempt is over with a response. */
  ended(hold: Hold, now: number): void {
    if (this.tiers.length === 0) this.release(hold, now);
    else this.#count(hold, now);
  }

  /** The attempt was given up without a response; what was written may still be counted. */
  abandoned(hold: Hold, now: number): void {
    this.advance(now);
    if (this.tiers.length === 0) this.release(hold, now);
    if (hold.state !== IN_FLIGHT || hold.dueAt !== UNKNOWN) return;
    this.due.expect(hold, now + this.#graceMs);
  }

  /** Sent after all, though it had been released because it was not written yet: it takes its room again. */
  escaped(hold: Hold, now: number): void {
    this.advance(now);
    if (this.tiers.length === 0 || hold.state !== RELEASED || hold.dueAt !== UNKNOWN) return;
    hold.state = IN_FLIGHT;
    this.#inFlight += hold.cost;
    this.#taken += hold.cost;
    this.due.expect(hold, now + this.#graceMs);
  }

  /** Nothing was counted and nothing will be. */
  release(hold: Hold, now: number): void {
    this.advance(now);
    if (hold.state === RELEASED) return;
    this.#change(hold, -hold.cost, now);
    hold.state = RELEASED;
  }

  /** Corrects a hold to what was really used, at its own place in time. Less counts only where it is refunded. */
  settle(hold: Hold, actual: number, now: number): void {
    this.advance(now);
    const delta = actual - hold.cost;
    if (delta === 0 || hold.state === RELEASED || this.spec.chargedUpFront || (delta < 0 && !this.spec.refund)) return;
    hold.cost = actual;
    this.#change(hold, delta, now);
  }

  /** Counts what was sent before this limiter existed, as of `at`, which is hardly later than now; call before any reservation. */
  restore(cost: number, at: number): void {
    for (const tier of this.tiers) tier.meter.add(cost, at);
  }

  /** Counts what another limiter counts, each at its own place in time, and what is in flight there as of now; call before any reservation. */
  takeOver(other: BookedHolds, now: number): void {
    for (const { cost, at } of other.counted(now)) this.restore(cost, Math.min(at, now));
  }

  /**
   * What counts, oldest first: each at its own place in time where that is known, what is in flight as of when the provider has counted
   * it if nobody hears of it any more. Empty where only what runs counts.
   */
  counted(now: number): readonly CountedEntry[] {
    this.advance(now);
    const meter = this.tiers[0]?.meter;
    if (meter === undefined) return [];
    const entries = meter.entries?.(now) ?? [{ cost: meter.used(now), at: now }];
    return [...entries, { cost: this.#inFlight, at: now + this.#graceMs }].filter(({ cost }) => cost > 0);
  }

  /** The provider refused though the books had room: it counts later than believed. */
  distrust(now: number): void {
    if (this.tiers.length > 0) this.#delay.raise(now);
  }

  /** Changes the limit itself while work is in flight; usage stays and may exceed a smaller limit until it goes. */
  setLimit(limit: number, now: number): void {
    this.advance(now);
    this.#limit = limit;
    this.#setCapacity(limit, now);
  }

  /** Changes what may be used of the limit; shrinks only by what is unoccupied. Returns the new capacity. */
  resize(capacity: number, now: number): number {
    this.#setCapacity(Math.min(this.#limit, Math.max(capacity, Math.min(this.#capacity, Math.ceil(this.used(now))))), now);
    return this.#capacity;
  }

  /** Counts the holds whose latest moment has passed, in their order. Every call does this first. */
  advance(now: number): void {
    this.due.take(now, this.#stampDue);
  }

  /** How long something written may take to be counted when nobody listens to its response. */
  get #graceMs(): number {
    return this.#delay.ms === UNKNOWN ? ABORT_GRACE_MS : this.#delay.ms;
  }

  readonly #stampDue = (hold: Hold): void => this.#stamp(hold, hold.dueAt);

  #count(hold: Hold, now: number): void {
    this.advance(now);
    this.#stamp(hold, now);
  }

  #stamp(hold: Hold, at: number): void {
    if (hold.state !== IN_FLIGHT) return;
    const { tiers } = this;
    this.#inFlight -= hold.cost;
    hold.state = COUNTED;
    hold.entry = tiers[0]?.meter.add(hold.cost, at) ?? -1;
    if (tiers.length > 1) hold.subEntry = tiers[1]?.meter.add(hold.cost, at) ?? -1;
  }

  #setCapacity(capacity: number, now: number): void {
    this.spec.pacer?.rescale(capacity / this.#capacity, now);
    this.#capacity = capacity;
    for (const tier of this.tiers) tier.meter.resize?.(capacity, now);
  }

  #change(hold: Hold, delta: number, now: number): void {
    this.#taken += delta;
    this.spec.pacer?.correct(delta, this.#capacity, now);
    if (hold.state === IN_FLIGHT) {
      this.#inFlight += delta;
      return;
    }
    this.tiers[0]?.meter.adjust(hold.entry, delta, now);
    this.tiers[1]?.meter.adjust(hold.subEntry, delta, now);
  }
}
