/** Dead entries at the front that are tolerated before the arrays are cut. */
const COMPACT_AT = 1024;

/**
 * Amounts by moment over the last window, with their running sum. An entry counts in windows that end before
 * `at + windowMs`: the window is half-open, two counts exactly one window apart are never in the same one.
 * Holds one window of entries, no more.
 */
export class TimedLog {
  readonly #windowMs: number;
  #at: number[] = [];
  #amount: number[] = [];
  #head = 0;
  #sum = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Sum of what is in the window that ended at the last {@link expire} or {@link add}. */
  get sum(): number {
    return this.#sum;
  }

  /** Entries held. */
  get size(): number {
    return this.#at.length - this.#head;
  }

  /** Drops what has left the window that ends at `now`. */
  expire(now: number): void {
    while (this.#head < this.#at.length && (this.#at[this.#head] ?? 0) + this.#windowMs <= now) {
      this.#sum -= this.#amount[this.#head] ?? 0;
      this.#head += 1;
    }
    if (this.#head === this.#at.length) {
      this.#at.length = this.#amount.length = this.#head = this.#sum = 0;
    } else if (this.#head >= COMPACT_AT && this.#head * 2 > this.#at.length) {
      this.#at = this.#at.slice(this.#head);
      this.#amount = this.#amount.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Adds an amount at `now`, which is never before an earlier one. */
  add(amount: number, now: number): void {
    this.expire(now);
    const last = this.#at.length - 1;
    if (last >= this.#head && this.#at[last] === now) this.#amount[last] = (this.#amount[last] ?? 0) + amount;
    else {
      this.#at.push(now);
      this.#amount.push(amount);
    }
    this.#sum += amount;
  }

  /** Takes back up to `amount` of what was added at the moment `at`, if that is still in the window. */
  giveBack(at: number, amount: number): void {
    let low = this.#head;
    let high = this.#at.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#at[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    if (this.#at[low] !== at) return;
    const returned = Math.min(amount, this.#amount[low] ?? 0);
    this.#amount[low] = (this.#amount[low] ?? 0) - returned;
    this.#sum -= returned;
  }

  /** The moment at which the sum will have fallen to `target` or below if nothing is added. */
  fallsTo(target: number, now: number): number {
    this.expire(now);
    let sum = this.#sum;
    let at = now;
    for (let i = this.#head; sum > target && i < this.#at.length; i++) {
      sum -= this.#amount[i] ?? 0;
      at = (this.#at[i] ?? 0) + this.#windowMs;
    }
    return at;
  }
}
