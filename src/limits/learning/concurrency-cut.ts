const CUT = 0.7;
/** Once it allows so many times what it was first cut from, it says nothing any more. */
const FORGOTTEN_AT = 2;

/**
 * How many calls may be in flight after a provider asked to slow down without naming a limit (OpenAI's `slow_down`,
 * Anthropic's acceleration limits): 70 % of what was in flight, one cut for each burst, then one more for every
 * `limit` calls that got through, until it is twice what it was cut from. Pure; times are monotonic milliseconds.
 */
export class ConcurrencyCut {
  #limit = Number.POSITIVE_INFINITY;
  #cutFrom = 0;
  #cutAt = Number.NEGATIVE_INFINITY;

  /** The most that may be in flight; Infinity: nothing is known. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** A call was told to slow down; `inFlight` counts it too. */
  slowDown(startedAt: number, inFlight: number, now: number): void {
    if (startedAt < this.#cutAt) return;
    this.#cutAt = now;
    if (this.#limit === Number.POSITIVE_INFINITY) this.#cutFrom = inFlight;
    this.#limit = Math.max(1, CUT * Math.min(inFlight, this.#limit));
  }

  /** A call got through. */
  accepted(startedAt: number): void {
    if (startedAt < this.#cutAt || this.#limit === Number.POSITIVE_INFINITY) return;
    this.#limit += 1 / this.#limit;
    if (this.#limit >= FORGOTTEN_AT * this.#cutFrom) this.#limit = Number.POSITIVE_INFINITY;
  }
}
