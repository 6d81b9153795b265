import { BookedHolds } from './booked-holds.ts';
import { type Claim, Claims } from './claims.ts';
import { allowance } from './limiter-spec.ts';
import { NEGLIGIBLE } from './meter.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;

/**
 * Keeps one limit: says what fits, by its books and by what heads that wait have claimed. The provider counts a request at
 * some moment after it was written and before its response starts, in windows whose phase nobody knows; so a reservation
 * occupies the limiter in full while that moment may lie ahead, and for one window after its last possible value. Then no
 * window of the provider's can hold more than the limit.
 */
export class Limiter extends BookedHolds {
  readonly claims = new Claims();
  #pausedUntil = 0;

  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  /** The largest cost that can ever fit. */
  get largest(): number {
    let largest = this.limit;
    if (this.spec.owes) return largest;
    for (const tier of this.tiers) largest = Math.min(largest, allowance(this.limit, tier.share));
    return largest;
  }

  /** Used, and claimed by heads that wait: what it would lease if quota were shared out. */
  wanted(now: number): number {
    return this.used(now) + this.claims.total;
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
    const { capacity, inFlight } = this;
    const need = this.#needed(cost);
    if (inFlight + need > capacity + NEGLIGIBLE) return false;
    for (const tier of this.tiers) {
      if (tier.meter.used(now) + inFlight + need > allowance(capacity, tier.share) + NEGLIGIBLE) return false;
    }
    return true;
  }

  /** Claims room for a head that has to wait; see {@link Claims}. */
  claim(owner: object, claim: Claim): void {
    this.claims.place(owner, { ...claim, cost: this.#needed(claim.cost) }, this.spec.claimToleranceMs);
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
    const { capacity, inFlight } = this;
    const { tiers } = this;
    let at = Math.max(now, this.#pausedUntil, this.#pacedUntil(now, paced));
    if (tiers.length === 0) return inFlight + cost > capacity + NEGLIGIBLE ? UNKNOWN : at;
    for (const tier of tiers) {
      const need = tier.meter.used(now) + inFlight + this.#needed(cost) - allowance(capacity, tier.share);
      if (need > NEGLIGIBLE) at = Math.max(at, tier.meter.freeAt(need, now, this.due.pending()));
    }
    return at;
  }

  /** Nobody starts before `until`; a later moment already set stays. */
  pause(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  resume(): void {
    this.#pausedUntil = 0;
  }

  /** Until when the pace holds everybody back. */
  #pacedUntil(now: number, paced: boolean): number {
    return paced || this.spec.spreads ? (this.spec.pacer?.freeAt ?? now) : now;
  }

  /** How much room `cost` needs to start. */
  #needed(cost: number): number {
    return this.spec.owes ? Math.min(1, this.capacity) : cost;
  }

  #free(now: number): number {
    this.advance(now);
    const { capacity, inFlight } = this;
    let free = capacity - inFlight;
    for (const tier of this.tiers) free = Math.min(free, allowance(capacity, tier.share) - tier.meter.used(now) - inFlight);
    return free;
  }

  /**
   * The most that `cost`, taken now, and the claims for `at` may come to: what will be free then for certain if
   * nothing else starts, and `cost` again where it has left by then. At an unknown time: what is free now.
   */
  #roomBeside(cost: number, at: number, now: number): number {
    const { tiers } = this;
    if (at === UNKNOWN || at <= now || tiers.length === 0) return this.#free(now);
    const endless = this.inFlight - this.due.cost;
    let room = this.capacity + cost;
    for (const { meter, share } of tiers) {
      const free = allowance(this.capacity, share) - endless - meter.usedAt(at, this.due.pending());
      const countedAt = now + this.countedWithinMs;
      const hasLeft = (meter.goneAt?.(countedAt, cost, this.due.pending()) ?? UNKNOWN) <= at;
      room = Math.min(room, hasLeft ? free + cost : free);
    }
    return room;
  }
}
