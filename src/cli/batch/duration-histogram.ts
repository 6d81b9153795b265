const BUCKETS_PER_DOUBLING = 16;
const SMALLEST_MS = 0.01;
const DOUBLINGS = 40;

/** Counts durations in buckets that grow by 4 %, so that a million of them cost nothing and a percentile is right to 2 %. */
export class DurationHistogram {
  readonly #counts = new Uint32Array(BUCKETS_PER_DOUBLING * DOUBLINGS);
  #total = 0;

  add(ms: number): void {
    const bucket = Math.round(Math.log2(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) * BUCKETS_PER_DOUBLING);
    const index = Math.min(bucket, this.#counts.length - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
  }

  /** The duration below which the given part (0 to 1) of all lies; 0 where there are none. */
  percentile(part: number): number {
    const rank = Math.ceil(part * this.#total);
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (rank > 0 && seen >= rank) return bucket === 0 ? 0 : SMALLEST_MS * 2 ** (bucket / BUCKETS_PER_DOUBLING);
    }
    return 0;
  }
}
