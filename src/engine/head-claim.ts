import type { RequestRecord } from './request-record.ts';
import type { Route } from './route.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;

/** The room that a queue's blocked head claims, on the one route that has it first. */
export class HeadClaim {
  readonly #owner: object;
  readonly #nextSeq: () => number;
  #claimant: RequestRecord | undefined;
  #seq = 0;
  #route: Route | undefined;

  /** @param owner whoever the limiters know as the one who claims */
  constructor(owner: object, nextSeq: () => number) {
    this.#owner = owner;
    this.#nextSeq = nextSeq;
  }

  get claimant(): RequestRecord | undefined {
    return this.#claimant;
  }

  /** Its age; the youngest of all while nobody claims. */
  get seq(): number {
    return this.#claimant === undefined ? UNKNOWN : this.#seq;
  }

  /** Where the claim stands, if one does. */
  get route(): Route | undefined {
    return this.#route;
  }

  /** Claims room for the head; returns the first moment at which it fits anywhere. */
  place(head: RequestRecord, routes: readonly Route[], now: number, paced: boolean): number {
    if (this.#claimant !== head) {
      this.#claimant = head;
      this.#seq = this.#nextSeq();
    }
    const best = firstToFit(head, routes, now, paced);
    if (this.#route !== undefined && this.#route !== best) this.#route.limits.dropClaims(this.#owner);
    this.#route = best;
    return best?.limits.claim(head, this.#owner, this.#seq, now, paced) ?? UNKNOWN;
  }

  /** Lets go of it; true: there was one. */
  drop(): boolean {
    this.#claimant = undefined;
    if (this.#route === undefined) return false;
    this.#route.limits.dropClaims(this.#owner);
    this.#route = undefined;
    return true;
  }
}

function firstToFit(head: RequestRecord, routes: readonly Route[], now: number, paced: boolean): Route | undefined {
  let [best] = routes;
  if (routes.length === 1) return best;
  let earliest = UNKNOWN;
  for (const route of routes) {
    const at = route.limits.nextFreeAt(head, now, paced);
    if (at >= earliest) continue;
    best = route;
    earliest = at;
  }
  return best;
}
