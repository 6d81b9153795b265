/** Half of the weight lies on the last so many ms. */
const HALF_LIFE_MS = 5000;

/** How many things a second, smoothed, from samples of a count. */
export class ProgressRate {
  #done: number;
  #at: number;
  #perMs: number | undefined;

  constructor(done: number, now: number) {
    this.#done = done;
    this.#at = now;
  }

  sample(done: number, now: number): void {
    const elapsed = now - this.#at;
    if (elapsed <= 0) return;
    const perMs = (done - this.#done) / elapsed;
    const keep = 0.5 ** (elapsed / HALF_LIFE_MS);
    this.#perMs = this.#perMs === undefined ? perMs : keep * this.#perMs + (1 - keep) * perMs;
    this.#done = done;
    this.#at = now;
  }

  get perSecond(): number {
    return 1000 * (this.#perMs ?? 0);
  }

  /** How long `left` more will take; Infinity where nothing moves. */
  remainingMs(left: number): number {
    if (left <= 0) return 0;
    return this.#perMs ? left / this.#perMs : Number.POSITIVE_INFINITY;
  }
}
