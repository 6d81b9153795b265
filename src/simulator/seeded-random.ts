/** A span of numbers; `min` ≤ `max`. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * The simulator's own random numbers: the same seed gives the same run. Generator sfc32 with a warm-up, so that
 * neighbouring seeds give unrelated sequences.
 */
export class SeededRandom {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b ^= Math.floor(seed / 2 ** 32) >>> 0;
    for (let i = 0; i < 15; i++) this.next();
  }

  /** Uniform in [0, 1). */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum / 2 ** 32;
  }

  /** Uniform in [min, max). */
  between(range: Range): number {
    return range.min + this.next() * (range.max - range.min);
  }

  /** Uniform integer in [min, max], both ends included. */
  integer(range: Range): number {
    return range.min + Math.floor(this.next() * (range.max - range.min + 1));
  }

  /** Factor around 1 whose logarithm is normal with this standard deviation (Box–Muller). */
  logNormal(sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.next()));
  }

  /** Exponential with this mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }
}
