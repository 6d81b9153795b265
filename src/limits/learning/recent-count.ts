const MARKS_PER_HORIZON = 128;
const HORIZONS = 3;

/** How much was counted over the last stretch, of any length up to three horizons, to within a 128th of one: memory is bounded. */
export class RecentCount {
  #markEveryMs: number;
  /** What had been counted before which moment, oldest first. */
  #marks: { readonly at: number; total: number }[] = [];
  #total = 0;

  constructor(horizonMs: number) {
    this.#markEveryMs = horizonMs / MARKS_PER_HORIZON;
  }

  /** All that was ever counted. */
  get total(): number {
    return this.#total;
  }

  setHorizon(horizonMs: number): void {
    this.#markEveryMs = horizonMs / MARKS_PER_HORIZON;
  }

  /** Counts `amount` at `at`, which may be earlier than what was counted before. */
  add(amount: number, at: number): void {
    const last = this.#marks.at(-1);
    if (last === undefined || at - last.at >= this.#markEveryMs) {
      this.#marks.push({ at, total: this.#total });
      if (this.#marks.length > 2 * HORIZONS * MARKS_PER_HORIZON) this.#marks = this.#marks.slice(-HORIZONS * MARKS_PER_HORIZON);
    }
    for (let i = this.#marks.length - 1; i >= 0; i--) {
      const mark = this.#marks[i];
      if (mark === undefined || mark.at <= at) break;
      mark.total += amount;
    }
    this.#total += amount;
  }

  /** What was counted at `from` or later. */
  since(from: number): number {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#marks[middle]?.at ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    return this.#total - (this.#marks[low]?.total ?? this.#total);
  }

  /** What was counted from `from` on and before `to`. */
  between(from: number, to: number): number {
    return this.since(from) - this.since(to);
  }
}
