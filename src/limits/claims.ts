import { NEGLIGIBLE } from './meter.ts';

/** Room that a blocked head has asked for in one limiter: others may not take what it needs at `at`. */
export interface Claim {
  readonly cost: number;
  /** When the claimant has to be able to start; Infinity: unknown. */
  readonly at: number;
  /** Age: claims with a smaller number are older and are respected by younger ones. */
  readonly seq: number;
}

/**
 * The claims of the heads that wait for one limiter, at most one per claimant. Without them two schedulers on a
 * shared limiter starve the heavier request for ever.
 */
export class Claims {
  readonly #byOwner = new Map<object, Claim>();

  get size(): number {
    return this.#byOwner.size;
  }

  get total(): number {
    let sum = 0;
    for (const claim of this.#byOwner.values()) sum += claim.cost;
    return sum;
  }

  /**
   * Places or renews a claim. Others may delay the claimant by `toleranceMs` in all, however often it renews: room
   * that is free until then would otherwise lie idle for want of a few units at the exact moment.
   */
  place(owner: object, claim: Claim, toleranceMs: number): void {
    const before = this.#byOwner.get(owner);
    const latest = before?.seq === claim.seq && before.at !== Number.POSITIVE_INFINITY ? before.at : Number.POSITIVE_INFINITY;
    this.#byOwner.set(owner, { ...claim, at: Math.max(claim.at, Math.min(latest, claim.at + toleranceMs)) });
  }

  /** Takes the owner's claim back; whether there was one. */
  drop(owner: object): boolean {
    return this.#byOwner.delete(owner);
  }

  /**
   * Whether `cost` more, taken now by `owner`, leaves every claim that it must respect its room.
   * @param seq age of the one who asks where its claim stands elsewhere: it need not respect younger ones here either
   * @param roomAt how much is free at a time if nothing else starts; at Infinity: what is free for certain
   */
  leaveRoomFor(cost: number, owner: object, roomAt: (at: number) => number, seq = Number.POSITIVE_INFINITY): boolean {
    if (this.#byOwner.size === 0 || cost === 0) return true;
    const ownSeq = this.#byOwner.get(owner)?.seq ?? seq;
    for (const claim of this.#byOwner.values()) {
      if (claim.seq >= ownSeq) continue;
      let claimed = 0;
      for (const other of this.#byOwner.values()) {
        // Whoever is served later takes no room yet at this claim's moment; its own turn of the loop looks after it.
        if (other === claim || (other.seq < ownSeq && other.at <= claim.at)) claimed += other.cost;
      }
      if (claimed + cost > roomAt(claim.at) + NEGLIGIBLE) return false;
    }
    return true;
  }
}
