/**
 * First-in-first-out queue; push and shift are amortised O(1). The next item has a place of its own: a queue that never
 * holds more, as of a stream whose reader keeps up, has no array. It must not be shifted while it is iterated.
 */
export class Fifo<T> {
  #next: T | undefined = undefined;
  #size = 0;
  /** Behind the next, from {@link #head} on. */
  #later: T[] = [];
  #head = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    if (this.#size === 0) this.#next = item;
    else this.#later.push(item);
    this.#size += 1;
  }

  peek(): T | undefined {
    return this.#next;
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#next;
    this.#size -= 1;
    this.#next = this.#size === 0 ? undefined : this.#takeLater();
    return item;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    if (this.#size === 0) return;
    yield this.#next as T;
    for (let i = this.#head; i < this.#later.length; i++) yield this.#later[i] as T;
  }

  #takeLater(): T {
    const item = this.#later[this.#head] as T;
    this.#later[this.#head++] = undefined as T;
    if (this.#head === this.#later.length || (this.#head > 64 && this.#head * 2 > this.#later.length)) {
      this.#later = this.#later.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
