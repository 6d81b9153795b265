import type { TokenCounts } from '../domain/limit-types.ts';
import { costOf, countsTokens } from './cost.ts';
import type { Hold } from './hold.ts';
import type { Limiter } from './limiter.ts';

/** The cost of one attempt, held in every limiter it touches. */
export interface Reservation {
  readonly limiters: readonly Limiter[];
  readonly holds: readonly Hold[];
}

/** Why something cannot start now. */
export interface Obstacle {
  readonly limiter: Limiter;
  /** Whether nothing at all fits this limiter now. */
  readonly full: boolean;
}

/** The limiters that one kind of request touches: reserved all or none, in one synchronous step. */
export class LimitSet {
  #limiters: readonly Limiter[];

  constructor(limiters: readonly Limiter[]) {
    this.#limiters = limiters;
  }

  get limiters(): readonly Limiter[] {
    return this.#limiters;
  }

  add(limiter: Limiter): void {
    this.#limiters = [...this.#limiters, limiter];
  }

  /** The first limiter that `tokens` can never fit, if any. */
  neverFits(tokens: TokenCounts): Limiter | undefined {
    for (const limiter of this.#limiters) if (costOf(limiter.type, tokens) > limiter.largest) return limiter;
    return undefined;
  }

  /** The first limiter that has no room for `tokens` now, claims of others aside. */
  obstacle(tokens: TokenCounts, now: number, paced: boolean): Obstacle | undefined {
    for (const limiter of this.#limiters) {
      if (!limiter.fits(costOf(limiter.type, tokens), now, paced)) {
        return { limiter, full: limiter.blocksAll(now, paced) };
      }
    }
    return undefined;
  }

  /** Whether `tokens` taken by `owner` now leave every older claim in every limiter its room. */
  respectsClaims(tokens: TokenCounts, owner: object, now: number): boolean {
    for (const limiter of this.#limiters) {
      if (!limiter.respectsClaims(costOf(limiter.type, tokens), owner, now)) return false;
    }
    return true;
  }

  /** The latest of the limiters' {@link Limiter.nextFreeAt}: when `tokens` can start as far as is known. */
  nextFreeAt(tokens: TokenCounts, now: number, paced: boolean): number {
    let at = now;
    for (const limiter of this.#limiters) at = Math.max(at, limiter.nextFreeAt(costOf(limiter.type, tokens), now, paced));
    return at;
  }

  /** Claims room for a head that has to wait, in each limiter at the time its last limiter lets it start, which is returned. */
  claim(tokens: TokenCounts, owner: object, seq: number, now: number, paced: boolean): number {
    const at = this.nextFreeAt(tokens, now, paced);
    for (const limiter of this.#limiters) {
      const cost = costOf(limiter.type, tokens);
      limiter.claim(owner, { cost, seq, at: at === Number.POSITIVE_INFINITY ? limiter.nextFreeAt(cost, now, paced) : at });
    }
    return at;
  }

  dropClaims(owner: object): void {
    for (const limiter of this.#limiters) limiter.claims.drop(owner);
  }

  reserve(tokens: TokenCounts, now: number): Reservation {
    const limiters = this.#limiters;
    const holds: Hold[] = [];
    for (const limiter of limiters) holds.push(limiter.reserve(costOf(limiter.type, tokens), now));
    return { limiters, holds };
  }
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
  settle({ limiters, holds }: Reservation, used: TokenCounts, now: number): void {
    limiters.forEach((limiter, i) => {
      if (countsTokens(limiter.type)) limiter.settle(holds[i] as Hold, Math.ceil(costOf(limiter.type, used)), now);
    });
  },
};
