/** Moments in the order in which they came, oldest first; adding one and dropping old ones are amortised O(1). */
export class Moments {
  #list: number[] = [];
  /** Where the oldest that is still there stands. */
  #head = 0;

  get size(): number {
    return this.#list.length - this.#head;
  }

  /** The one with `index` older ones. */
  at(index: number): number | undefined {
    return this.#list[this.#head + index];
  }

  /** Adds one; quickly if few are newer. */
  add(moment: number): void {
    let index = this.#list.length;
    while (index > this.#head && (this.#list[index - 1] as number) > moment) index--;
    if (index === this.#list.length) this.#list.push(moment);
    else this.#list.splice(index, 0, moment);
  }

  /** Drops those at or before `moment`. */
  dropUntil(moment: number): void {
    while (this.#head < this.#list.length && (this.#list[this.#head] as number) <= moment) this.#head++;
    if (this.#head > 32 && this.#head * 2 > this.#list.length) {
      this.#list = this.#list.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Takes one out again, quickly if it is among the newest. */
  remove(moment: number): void {
    const index = this.#list.lastIndexOf(moment);
    if (index >= this.#head) this.#list.splice(index, 1);
  }
}
