const CELLS_PER_HORIZON = 256;
const HORIZONS = 3;

/** A stretch in which something was counted. */
interface Cell {
  readonly start: number;
  readonly until: number;
  /** When the first was counted in it; what it holds lies between here and its end. */
  from: number;
  /** All that was counted before it. */
  before: number;
}

/**
 * How much was counted over the last stretch, of any length up to three horizons: time is cut into 256ths of one, and what
 * lies inside such a cell is taken to be spread evenly. Cells without anything take no place, so memory is bounded and what
 * lies before a long silence is kept.
 */
export class RecentCount {
  #cellMs: number;
  /** Oldest first; they don't overlap. */
  #cells: Cell[] = [];
  #total = 0;

  constructor(horizonMs: number) {
    this.#cellMs = horizonMs / CELLS_PER_HORIZON;
  }

  /** All that was ever counted. */
  get total(): number {
    return this.#total;
  }

  setHorizon(horizonMs: number): void {
    this.#cellMs = horizonMs / CELLS_PER_HORIZON;
  }

  /** Counts `amount` at `at`, which may be earlier than what was counted before. */
  add(amount: number, at: number): void {
    let next = this.#cells.length;
    for (let cell = this.#cells[next - 1]; cell !== undefined && cell.from > at; cell = this.#cells[--next - 1]) cell.before += amount;
    if (at >= (this.#cells[next - 1]?.until ?? Number.NEGATIVE_INFINITY)) this.#begin(next, at, amount);
    this.#total += amount;
  }

  /** What was counted at `from` or later. */
  since(from: number): number {
    return this.#total - this.#beforeMoment(from);
  }

  /** What was counted from `from` on and before `to`. */
  between(from: number, to: number): number {
    return this.#beforeMoment(to) - this.#beforeMoment(from);
  }

  /** The first in its cell. @param amount what those behind it have been given already */
  #begin(index: number, at: number, amount: number): void {
    const after = this.#cells[index];
    if (after !== undefined && at >= after.start) {
      after.from = at;
      after.before -= amount;
      return;
    }
    const grid = Math.floor(at / this.#cellMs) * this.#cellMs;
    const start = Math.max(grid, this.#cells[index - 1]?.until ?? grid);
    const until = Math.max(at, Math.min(grid + this.#cellMs, after?.start ?? Number.POSITIVE_INFINITY));
    this.#cells.splice(index, 0, { start, until, from: at, before: after === undefined ? this.#total : after.before - amount });
    if (this.#cells.length >= 2 * HORIZONS * CELLS_PER_HORIZON) this.#cells = this.#cells.slice(-HORIZONS * CELLS_PER_HORIZON);
  }

  #beforeMoment(at: number): number {
    let low = 0;
    let high = this.#cells.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#cells[middle]?.from ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    const cell = this.#cells[low - 1];
    if (cell === undefined) return this.#cells[0]?.before ?? 0;
    if (at <= cell.from) return cell.before;
    const inside = (this.#cells[low]?.before ?? this.#total) - cell.before;
    return cell.before + inside * Math.min(1, (at - cell.from) / (cell.until - cell.from));
  }
}
