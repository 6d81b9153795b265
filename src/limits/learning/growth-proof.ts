import type { AcceptedCalls } from './accepted-calls.ts';

/** More than the ceiling allows by this share of a horizon and one call: the limit has grown. */
const SURPLUS = 0.008;

/** Whether a limit has grown: more was accepted, since calls flow, than the ceiling allows. A block is no time in which it could show. */
export class GrowthProof {
  readonly #calls: AcceptedCalls;
  #from = { at: Number.NEGATIVE_INFINITY, cost: 0 };

  constructor(calls: AcceptedCalls) {
    this.#calls = calls;
  }

  /** Calls flow from a moment on. @param cost all that was accepted of what was sent before it */
  begin(at: number, cost: number): void {
    this.#from = { at, cost };
  }

  /** What was sent lately isn't answered yet, and proves nothing. */
  isGiven(ceiling: number, horizonMs: number, now: number): boolean {
    const { at, cost } = this.#from;
    const { costs, meanCost } = this.#calls;
    const surplus = costs.total - cost - (ceiling * Math.max(0, this.#calls.answeredUntil(now) - at)) / 1_000;
    return surplus > (SURPLUS * horizonMs * ceiling) / 1_000 + meanCost;
  }
}
