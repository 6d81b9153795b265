/** An item that remembers its place in the heap that holds it, so that removal is O(log n). */
export interface HeapItem {
  /** Index in the heap's array; -1 while in no heap. Written by the heap only. */
  heapIndex: number;
}

const ARITY = 4;

/**
 * Indexed 4-ary min-heap: push, pop, remove and update in O(log n). Items carry their own index, so there is
 * no side map. Removal from the middle sifts up or down: the item moved into the hole can belong either way.
 */
export class PriorityHeap<T extends HeapItem> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  /** @param before a strict order: whether `a` comes before `b` */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  has(item: T): boolean {
    return item.heapIndex >= 0 && this.#items[item.heapIndex] === item;
  }

  push(item: T): void {
    const index = this.#items.length;
    this.#items.push(item);
    item.heapIndex = index;
    this.#siftUp(index);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Removes `item`; false if it is not in this heap. */
  remove(item: T): boolean {
    if (!this.has(item)) return false;
    const hole = item.heapIndex;
    item.heapIndex = -1;
    const last = this.#items.pop() as T;
    if (last === item) return true;
    this.#place(last, hole);
    this.update(last);
    return true;
  }

  /** Restores the order after `item`'s key changed. */
  update(item: T): void {
    const index = item.heapIndex;
    this.#siftUp(index);
    if (item.heapIndex === index) this.#siftDown(index);
  }

  /** The items in heap order, which is no particular order. */
  values(): IterableIterator<T> {
    return this.#items.values();
  }

  /** Up to `count` items in their order, from the first; costs O(count log count) and changes nothing. */
  first(count: number): T[] {
    const found: T[] = [];
    if (this.#items.length === 0) return found;
    const frontier: number[] = [0];
    while (found.length < count && frontier.length > 0) {
      let best = 0;
      for (let i = 1; i < frontier.length; i++) {
        if (this.#before(this.#at(frontier[i] as number), this.#at(frontier[best] as number))) best = i;
      }
      const index = frontier[best] as number;
      const tail = frontier.pop() as number;
      if (best < frontier.length) frontier[best] = tail;
      found.push(this.#at(index));
      const end = Math.min(index * ARITY + ARITY, this.#items.length - 1);
      for (let child = index * ARITY + 1; child <= end; child++) frontier.push(child);
    }
    return found;
  }

  #at(index: number): T {
    return this.#items[index] as T;
  }

  #place(item: T, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }

  #siftUp(start: number): void {
    const item = this.#at(start);
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 2;
      const parent = this.#at(parentIndex);
      if (!this.#before(item, parent)) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(item, index);
  }

  #siftDown(start: number): void {
    const item = this.#at(start);
    const length = this.#items.length;
    let index = start;
    for (;;) {
      const firstChild = index * ARITY + 1;
      if (firstChild >= length) break;
      let smallest = firstChild;
      const end = Math.min(firstChild + ARITY, length);
      for (let child = firstChild + 1; child < end; child++) {
        if (this.#before(this.#at(child), this.#at(smallest))) smallest = child;
      }
      if (!this.#before(this.#at(smallest), item)) break;
      this.#place(this.#at(smallest), index);
      index = smallest;
    }
    this.#place(item, index);
  }
}
