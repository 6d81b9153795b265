import type { RateLimiterType } from '../domain/limit-types.ts';
import { type Claim, Claims } from './claims.ts';
import { CountingDelay } from './counting-delay.ts';
import { DueHolds } from './due-holds.ts';
import { COUNTED, Hold, IN_FLIGHT, RELEASED } from './hold.ts';
import { allowance, type LimiterSpec, type Tier } from './limiter-spec.ts';
import { NEGLIGIBLE } from './meter.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;
/** How long after an aborted attempt its bytes may still reach a provider that counts until the end. */
const ABORT_GRACE_MS = 1_000;

/**
 * Keeps one limit. The provider counts a request at some moment after it was written and before its response
 * starts, in windows whose phase nobody knows; so a reservation occupies the limiter in full while that moment
 * may lie ahead, and for one window after its last possible value. Then no window of the provider's can hold more
 * than the limit. Pure: every call is told the time, which never goes back.
 */
export class Limiter {
  readonly type: RateLimiterType;
  readonly domain: string | undefined;
  readonly claims = new Claims();
  readonly #spec: LimiterSpec;
  readonly #tiers: readonly Tier[];
  readonly #due = new DueHolds();
  #limit: number;
  #capacity: number;
  #inFlight = 0;
  readonly #delay: CountingDelay;
  #pausedUntil = 0;

  constructor(spec: LimiterSpec) {
    this.type = spec.type;
    this.domain = spec.domain;
    this.#spec = spec;
    this.#tiers = spec.tiers;
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

  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  /** The present bound on how late the provider may count; grows when a refusal proves it wrong, and falls back in time. */
  get countedWithinMs(): number {
    return this.#delay.ms;
  }

  /** The largest cost that can ever fit. */
  get largest(): number {
    let largest = this.#limit;
    if (this.#spec.owes) return largest;
    for (const tier of this.#tiers) largest = Math.min(largest, allowance(this.#limit, tier.share));
    return largest;
  }

  /** What is counted and what is in flight. */
  used(now: number): number {
    this.advance(now);
    return this.#inFlight + (this.#tiers[0]?.meter.used(now) ?? 0);
  }

  /** Used, and claimed by heads that wait: what it would lease if quota were shared out. */
  wanted(now: number): number {
    return this.used(now) + this.claims.total;
  }

  /** What is held by attempts that the provider may not have counted yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether not even the smallest cost fits. */
  isFull(now: number): boolean {
    return this.#free(now) < 1 - NEGLIGIBLE;
  }

  /** Whether nothing at all can start now, however small. */
  blocksAll(now: number, paced: boolean): boolean {
    if (this.#pausedUntil > now || this.#pacedUntil(now, paced) > now) return true;
    return this.isFull(now);
  }

  /** Whether `cost` fits now, claims of others aside. */
  fits(cost: number, now: number, paced = false): boolean {
    this.advance(now);
    if (this.#pausedUntil > now) return false;
    if (this.#pacedUntil(now, paced) > now) return false;
    const need = this.#needed(cost);
    if (this.#inFlight + need > this.#capacity + NEGLIGIBLE) return false;
    for (const tier of this.#tiers) {
      if (tier.meter.used(now) + this.#inFlight + need > allowance(this.#capacity, tier.share) + NEGLIGIBLE) return false;
    }
    return true;
  }

  /** Claims room for a head that has to wait; see {@link Claims}. */
  claim(owner: object, claim: Claim): void {
    this.claims.place(owner, { ...claim, cost: this.#needed(claim.cost) }, this.#spec.claimToleranceMs);
  }

  /** Whether `cost` taken now by `owner` leaves the heads that claimed room theirs. */
  respectsClaims(cost: number, owner: object, now: number, seq = UNKNOWN): boolean {
    return this.claims.size === 0 || this.claims.leaveRoomFor(cost, owner, (at) => this.#roomBeside(cost, at, now), seq);
  }

  /**
   * The first moment at which `cost` fits, as far as it is known: exact where it hangs on what is counted, an upper
   * bound where it hangs on what is in flight, Infinity where only the end of an attempt can tell.
   */
  nextFreeAt(cost: number, now: number, paced = false): number {
    this.advance(now);
    let at = Math.max(now, this.#pausedUntil, this.#pacedUntil(now, paced));
    if (this.#tiers.length === 0) return this.#inFlight + cost > this.#capacity + NEGLIGIBLE ? UNKNOWN : at;
    for (const tier of this.#tiers) {
      const need = tier.meter.used(now) + this.#inFlight + this.#needed(cost) - allowance(this.#capacity, tier.share);
      if (need > NEGLIGIBLE) at = Math.max(at, tier.meter.freeAt(need, now, this.#due.pending()));
    }
    return at;
  }

  /** Takes `cost`, whether it fits or not: deciding is {@link fits}'s part. {@link written} must follow. */
  reserve(cost: number, now: number): Hold {
    this.advance(now);
    this.#inFlight += cost;
    this.#spec.pacer?.charge(cost, this.#capacity, now);
    return new Hold(cost);
  }

  /** The request was written to the wire now: from here the provider takes `countedWithinMs` at most to count it. */
  written(hold: Hold, now: number): void {
    if (hold.state !== IN_FLIGHT || hold.dueAt !== UNKNOWN || this.#delay.ms === UNKNOWN) return;
    this.advance(now);
    this.#delay.relax(now);
    this.#due.expect(hold, now + this.#delay.ms);
  }

  /** The response has started, so the provider has counted the request, unless it counts until the end. */
  responded(hold: Hold, now: number): void {
    if (this.#delay.ms !== UNKNOWN) this.#count(hold, now);
  }

  /** The attempt is over with a response. */
  ended(hold: Hold, now: number): void {
    if (this.#tiers.length === 0) this.release(hold, now);
    else this.#count(hold, now);
  }

  /** The attempt was given up without a response; what was written may still be counted. */
  abandoned(hold: Hold, now: number): void {
    this.advance(now);
    if (this.#tiers.length === 0) this.release(hold, now);
    if (hold.state !== IN_FLIGHT || hold.dueAt !== UNKNOWN) return;
    this.#due.expect(hold, now + this.#graceMs);
  }

  /** Sent after all, though it had been released because it was not written yet: it takes its room again. */
  escaped(hold: Hold, now: number): void {
    this.advance(now);
    if (this.#tiers.length === 0 || hold.state !== RELEASED || hold.dueAt !== UNKNOWN) return;
    hold.state = IN_FLIGHT;
    this.#inFlight += hold.cost;
    this.#due.expect(hold, now + this.#graceMs);
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
    if (delta === 0 || hold.state === RELEASED || this.#spec.chargedUpFront || (delta < 0 && !this.#spec.refund)) return;
    hold.cost = actual;
    this.#change(hold, delta, now);
  }

  /** Counts what was sent before this limiter existed, as of `at` (≤ now); call before any reservation. */
  restore(cost: number, at: number): void {
    for (const tier of this.#tiers) tier.meter.add(cost, at);
  }

  /** Counts what another limiter counts, each at its own place in time, and what is in flight there as of now; call before any reservation. */
  takeOver(other: Limiter, now: number): void {
    other.advance(now);
    const meter = other.#tiers[0]?.meter;
    for (const { cost, at } of meter?.entries?.(now) ?? [{ cost: meter?.used(now) ?? 0, at: now }]) this.restore(cost, at);
    this.restore(other.#inFlight, now);
  }

  /** Nobody starts before `until`; a later moment already set stays. */
  pause(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  resume(): void {
    this.#pausedUntil = 0;
  }

  /** The provider refused though the books had room: it counts later than believed. */
  distrust(now: number): void {
    if (this.#tiers.length > 0) this.#delay.raise(now);
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
    this.#due.take(now, this.#stampDue);
  }

  /** How long something written may take to be counted when nobody listens to its response. */
  get #graceMs(): number {
    return this.#delay.ms === UNKNOWN ? ABORT_GRACE_MS : this.#delay.ms;
  }

  /** Until when the pace holds everybody back. */
  #pacedUntil(now: number, paced: boolean): number {
    return paced || this.#spec.spreads ? (this.#spec.pacer?.freeAt ?? now) : now;
  }

  /** How much room `cost` needs to start. */
  #needed(cost: number): number {
    return this.#spec.owes ? Math.min(1, this.#capacity) : cost;
  }

  readonly #stampDue = (hold: Hold): void => this.#stamp(hold, hold.dueAt);

  #count(hold: Hold, now: number): void {
    this.advance(now);
    this.#stamp(hold, now);
  }

  #stamp(hold: Hold, at: number): void {
    if (hold.state !== IN_FLIGHT) return;
    this.#inFlight -= hold.cost;
    hold.state = COUNTED;
    hold.entry = this.#tiers[0]?.meter.add(hold.cost, at) ?? -1;
    if (this.#tiers.length > 1) hold.subEntry = this.#tiers[1]?.meter.add(hold.cost, at) ?? -1;
  }

  #setCapacity(capacity: number, now: number): void {
    this.#spec.pacer?.rescale(capacity / this.#capacity, now);
    this.#capacity = capacity;
    for (const tier of this.#tiers) tier.meter.resize?.(capacity, now);
  }

  #change(hold: Hold, delta: number, now: number): void {
    this.#spec.pacer?.correct(delta, this.#capacity, now);
    if (hold.state === IN_FLIGHT) {
      this.#inFlight += delta;
      return;
    }
    this.#tiers[0]?.meter.adjust(hold.entry, delta, now);
    this.#tiers[1]?.meter.adjust(hold.subEntry, delta, now);
  }

  #free(now: number): number {
    this.advance(now);
    let free = this.#capacity - this.#inFlight;
    for (const tier of this.#tiers) {
      free = Math.min(free, allowance(this.#capacity, tier.share) - tier.meter.used(now) - this.#inFlight);
    }
    return free;
  }

  /**
   * The most that `cost`, taken now, and the claims for `at` may come to: what will be free then for certain if
   * nothing else starts, and `cost` again where it has left by then. At an unknown time: what is free now.
   */
  #roomBeside(cost: number, at: number, now: number): number {
    if (at === UNKNOWN || at <= now || this.#tiers.length === 0) return this.#free(now);
    const endless = this.#inFlight - this.#due.cost;
    let room = this.#capacity + cost;
    for (const { meter, share } of this.#tiers) {
      const free = allowance(this.#capacity, share) - endless - meter.usedAt(at, this.#due.pending());
      const countedAt = now + this.#delay.ms;
      const hasLeft = (meter.goneAt?.(countedAt, cost, this.#due.pending()) ?? UNKNOWN) <= at;
      room = Math.min(room, hasLeft ? free + cost : free);
    }
    return room;
  }
}
