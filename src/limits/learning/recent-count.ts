const SLOTS = 128;

/** How much was counted over the last stretch of any length up to a horizon, to within a 128th of it: bounded memory. */
export class RecentCount {
  #slotMs: number;
  /** Totals at the start of each slot, oldest first. */
  #marks: { at: number; total: number }[] = [];
  #total = 0;

  constructor(horizonMs: number) {
    this.#slotMs = horizonMs / SLOTS;
  }

  get total(): number {
    return this.#total;
  }

  /** Later slots are as long as the new horizon needs them; what was forgotten stays so. */
  setHorizon(horizonMs: number): void {
    this.#slotMs = horizonMs / SLOTS;
  }

  add(amount: number, now: number): void {
    const last = this.#marks.at(-1);
    if (last === undefined || now - last.at >= this.#slotMs) {
      this.#marks.push({ at: now, total: this.#total });
      if (this.#marks.length > 4 * SLOTS) this.#marks = this.#marks.slice(2 * SLOTS);
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
}
