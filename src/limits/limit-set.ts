import type { CallCost, RateLimiterType } from '../domain/limit-types.ts';
import { costOf, countsTokens } from './cost.ts';
import type { Hold } from './hold.ts';
import type { Limiter } from './limiter.ts';

/** The cost of one attempt, held in every limiter it touches. */
export interface Reservation {
  readonly limiters: readonly Limiter[];
  readonly holds: readonly Hold[];
  /** Which parts of the request each limiter counts; absent where all count the whole. */
  readonly parts: readonly Parts[] | undefined;
  /** Whether the request said what its parts cost: what the whole used says nothing of them then. */
  readonly split: boolean;
}

/** Parts of a request that one limiter counts, one after the other; undefined: the whole. */
type Parts = readonly string[] | undefined;

/** Why something cannot start now. */
export interface Obstacle {
  readonly limiter: Limiter;
  /** Whether nothing at all fits this limiter now. */
  readonly full: boolean;
}

/** The limiters that one kind of request touches: reserved all or none, in one synchronous step. */
export class LimitSet {
  #limiters: readonly Limiter[];
  #parts: readonly Parts[] | undefined;

  constructor(limiters: readonly Limiter[] = []) {
    this.#limiters = limiters;
  }

  get limiters(): readonly Limiter[] {
    return this.#limiters;
  }

  /**
   * One limiter is looked at and written once, whatever it counts: twice half of what is free would fit twice. What
   * counts the whole and then one of its parts counts that part alone.
   * @param part which part of a request it counts (too); default: the whole
   */
  add(limiter: Limiter, part?: string): void {
    const index = this.#limiters.indexOf(limiter);
    const parts = part === undefined ? undefined : [part];
    if (index < 0) {
      if (parts !== undefined || this.#parts !== undefined) this.#parts = [...this.#partsOfAll(), parts];
      this.#limiters = [...this.#limiters, limiter];
    } else if (parts !== undefined) {
      this.#parts = this.#partsOfAll().with(index, [...(this.#parts?.[index] ?? []), ...parts]);
    }
  }

  remove(limiter: Limiter): void {
    const index = this.#limiters.indexOf(limiter);
    if (index < 0) return;
    this.#limiters = this.#limiters.toSpliced(index, 1);
    this.#parts = this.#parts?.toSpliced(index, 1);
  }

  /** What `cost` comes to in the limiter at `index`. */
  costAt(index: number, cost: CallCost): number {
    const limiter = this.#limiters[index] as Limiter;
    return sumOf(limiter.type, cost, this.#parts?.[index]);
  }

  /** The index of the first limiter that `cost` can never fit; -1: there is none. */
  neverFits(cost: CallCost): number {
    const limiters = this.#limiters;
    for (let i = 0; i < limiters.length; i++) if (this.costAt(i, cost) > (limiters[i] as Limiter).largest) return i;
    return -1;
  }

  /** The first limiter that has no room for `cost` now, claims of others aside. */
  obstacle(cost: CallCost, now: number, paced: boolean): Obstacle | undefined {
    const limiters = this.#limiters;
    for (let i = 0; i < limiters.length; i++) {
      const limiter = limiters[i] as Limiter;
      if (!limiter.fits(this.costAt(i, cost), now, paced)) return { limiter, full: limiter.blocksAll(now, paced) };
    }
    return undefined;
  }

  /** Whether `cost` taken by `owner` now leaves every older claim in every limiter its room. */
  respectsClaims(cost: CallCost, owner: object, now: number, seq?: number): boolean {
    return this.#limiters.every((limiter, index) => limiter.respectsClaims(this.costAt(index, cost), owner, now, seq));
  }

  /** The latest of the limiters' {@link Limiter.nextFreeAt}: when `cost` can start as far as is known. */
  nextFreeAt(cost: CallCost, now: number, paced: boolean): number {
    return this.#limiters.reduce((at, limiter, index) => Math.max(at, limiter.nextFreeAt(this.costAt(index, cost), now, paced)), now);
  }

  /** Claims room for a head that has to wait, in each limiter at the time its last limiter lets it start, which is returned. */
  claim(cost: CallCost, owner: object, seq: number, now: number, paced: boolean): number {
    const at = this.nextFreeAt(cost, now, paced);
    this.#limiters.forEach((limiter, index) => {
      const own = this.costAt(index, cost);
      limiter.claim(owner, { cost: own, seq, at: at === Number.POSITIVE_INFINITY ? limiter.nextFreeAt(own, now, paced) : at });
    });
    return at;
  }

  dropClaims(owner: object): void {
    for (const limiter of this.#limiters) limiter.claims.drop(owner);
  }

  reserve(cost: CallCost, now: number): Reservation {
    const limiters = this.#limiters;
    // Not pushed one by one: that makes room for 17, which is kept for as long as the call runs.
    const holds = limiters.map((limiter, index) => limiter.reserve(this.costAt(index, cost), now));
    return { limiters, holds, parts: this.#parts, split: this.#parts !== undefined && cost.parts !== undefined };
  }

  #partsOfAll(): readonly Parts[] {
    return this.#parts ?? this.#limiters.map(() => undefined);
  }
}

function sumOf(type: RateLimiterType, cost: CallCost, parts: Parts): number {
  return parts === undefined ? costOf(type, cost) : parts.reduce((sum, part) => sum + costOf(type, cost, part), 0);
}

/** Tells every limiter of a reservation what became of its attempt. */
export const reservation = {
  written({ limiters, holds }: Reservation, now: number): void {
    for (let i = 0; i < holds.length; i++) limiters[i]?.written(holds[i] as Hold, now);
  },
  responded({ limiters, holds }: Reservation, now: number): void {
    for (let i = 0; i < holds.length; i++) limiters[i]?.responded(holds[i] as Hold, now);
  },
  ended({ limiters, holds }: Reservation, now: number): void {
    for (let i = 0; i < holds.length; i++) limiters[i]?.ended(holds[i] as Hold, now);
  },
  abandoned({ limiters, holds }: Reservation, now: number): void {
    for (let i = 0; i < holds.length; i++) limiters[i]?.abandoned(holds[i] as Hold, now);
  },
  /** It was written after it had been given up and released: it counts after all. */
  escaped({ limiters, holds }: Reservation, now: number): void {
    for (let i = 0; i < holds.length; i++) limiters[i]?.escaped(holds[i] as Hold, now);
  },
  release({ limiters, holds }: Reservation, now: number): void {
    for (let i = 0; i < holds.length; i++) limiters[i]?.release(holds[i] as Hold, now);
  },

  /** The provider refused: it counted the request as a request at most, and no tokens. */
  refused({ limiters, holds }: Reservation, now: number): void {
    limiters.forEach((limiter, i) => {
      if (countsTokens(limiter.type)) limiter.release(holds[i] as Hold, now);
      else limiter.ended(holds[i] as Hold, now);
    });
  },

  /** Corrects the token limits to what was used, in whole tokens; idempotent. */
  settle({ limiters, holds, parts, split }: Reservation, used: CallCost, now: number): void {
    const saysParts = !split || used.parts !== undefined;
    limiters.forEach((limiter, i) => {
      if (countsTokens(limiter.type) && (saysParts || parts?.[i] === undefined))
        limiter.settle(holds[i] as Hold, Math.ceil(sumOf(limiter.type, used, parts?.[i])), now);
    });
  },
};
