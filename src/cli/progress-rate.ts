/** Half of the weight lies on the last so many ms. */
const HALF_LIFE_MS = 5000;

/** How many things a second, smoothed, from samples of a count. */
export class ProgressRate {
  #done: number;
  #at: number;
  /** Weighted sum of the rates seen, and of their weights: the first samples count no more than their time. */
  #sum = 0;
  #weight = 0;

  constructor(done: number, now: number) {
    this.#done = done;
    this.#at = now;
  }

  sample(done: number, now: number): void {
    const elapsed = now - this.#at;
    if (elapsed <= 0) return;
    const keep = 0.5 ** (elapsed / HALF_LIFE_MS);
    this.#sum = keep * this.#sum + (1 - keep) * ((done - this.#done) / elapsed);
    this.#weight = keep * this.#weight + (1 - keep);
    this.#done = done;
    this.#at = now;
  }

  get perSecond(): number {
    return this.#weight === 0 ? 0 : (1000 * this.#sum) / this.#weight;
  }

  /** How long `left` more will take; Infinity where nothing moves. */
  remainingMs(left: number): number {
    if (left <= 0) return 0;
    return this.#sum > 0 ? (left * this.#weight) / this.#sum : Number.POSITIVE_INFINITY;
  }
}
