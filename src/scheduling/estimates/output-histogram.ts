/** Each bucket's bound is so much above that of the one before: what a quantile may be too high by. */
const GROWTH = 1.05;
const BUCKETS = 300;
/** When so many are counted all counts are halved: old ones fade, and a change shows within some thousand. */
const MOST = 2_000;

/** Counts of numbers of tokens in buckets of equal ratio, up to some two million; bounded memory, recent ones weigh more. */
export class OutputHistogram {
  readonly #counts = new Float32Array(BUCKETS);
  #sum = 0;

  /** How many count now; halved from time to time. */
  get samples(): number {
    return this.#sum;
  }

  add(value: number): void {
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum++;
    if (this.#sum < MOST) return;
    this.#sum = 0;
    for (let i = 0; i < BUCKETS; i++) {
      const half = (this.#counts[i] ?? 0) / 2;
      this.#counts[i] = half;
      this.#sum += half;
    }
  }

  /** The bound that the share `q` of what follows is expected to stay within: rounded up where few are known. */
  quantile(q: number): number {
    const rank = Math.min(this.#sum, q * (this.#sum + 1));
    let below = 0;
    for (let i = 0; i < BUCKETS; i++) {
      below += this.#counts[i] ?? 0;
      if (below >= rank - 1e-3) return boundOf(i);
    }
    return boundOf(BUCKETS - 1);
  }
}

function bucketOf(value: number): number {
  if (value <= 1) return 0;
  const bucket = Math.ceil(Math.log(value) / Math.log(GROWTH) - 1e-9);
  return Math.min(BUCKETS - 1, bucket);
}

function boundOf(bucket: number): number {
  return Math.max(1, Math.floor(GROWTH ** bucket + 1e-6));
}
