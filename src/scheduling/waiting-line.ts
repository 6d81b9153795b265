import { type HeapItem, PriorityHeap } from '../lib/priority-heap.ts';

/** What the order needs to know of something that waits. */
export interface LineEntry extends HeapItem {
  /** Smaller goes first. */
  key: number;
  /** Breaks ties: first in, first out. */
  readonly seq: number;
}

/** `heapIndex` of an entry that waits in the row of in-order arrivals instead of the heap. */
const IN_ROW = -2;
const IN_NO_LINE = -1;

function before(a: LineEntry, b: LineEntry): boolean {
  return a.key < b.key || (a.key === b.key && a.seq < b.seq);
}

/**
 * Entries in order of key, first in first out among equals. Those that arrive in order, as nearly all do, stand in
 * a plain row: O(1) to add and to take. The others go into a heap: O(log n). Removal from the row leaves a gap.
 */
export class WaitingLine<T extends LineEntry> {
  #row: (T | undefined)[] = [];
  #rowHead = 0;
  #inRow = 0;
  readonly #heap = new PriorityHeap<T>(before);

  get size(): number {
    return this.#inRow + this.#heap.size;
  }

  /** Whether `entry` waits in this line; entries know only that they wait in some line. */
  waits(entry: T): boolean {
    return entry.heapIndex === IN_ROW || this.#heap.has(entry);
  }

  push(entry: T): void {
    const last = this.#row[this.#row.length - 1];
    if (this.#inRow === 0 || (last !== undefined && before(last, entry))) {
      if (this.#inRow === 0) this.#clearRow();
      this.#row.push(entry);
      this.#inRow++;
      entry.heapIndex = IN_ROW;
    } else {
      this.#heap.push(entry);
    }
  }

  peek(): T | undefined {
    const first = this.#row[this.#rowHead];
    const other = this.#heap.peek();
    if (first === undefined) return other;
    return other === undefined || before(first, other) ? first : other;
  }

  /** Takes an entry out; false when it does not wait here. The row is searched by key: O(log n). */
  remove(entry: T): boolean {
    if (entry.heapIndex !== IN_ROW) return this.#heap.remove(entry);
    const index = this.#row[this.#rowHead] === entry ? this.#rowHead : this.#find(entry);
    if (index < 0) return false;
    this.#row[index] = undefined;
    entry.heapIndex = IN_NO_LINE;
    this.#inRow--;
    this.#trim();
    return true;
  }

  /** Up to `count` entries in order, from the first. */
  first(count: number): T[] {
    const found: T[] = [];
    const others = this.#heap.first(count);
    let nextOther = 0;
    for (let i = this.#rowHead; found.length < count; i++) {
      const entry = i < this.#row.length ? this.#row[i] : undefined;
      if (entry === undefined && i < this.#row.length) continue;
      for (let other = others[nextOther]; other !== undefined && found.length < count; other = others[nextOther]) {
        if (entry !== undefined && before(entry, other)) break;
        found.push(other);
        nextOther++;
      }
      if (entry === undefined) break;
      if (found.length < count) found.push(entry);
    }
    return found;
  }

  /** Every entry, in no particular order. */
  *values(): IterableIterator<T> {
    for (let i = this.#rowHead; i < this.#row.length; i++) {
      const entry = this.#row[i];
      if (entry !== undefined) yield entry;
    }
    yield* this.#heap.values();
  }

  /** Binary search over a row with gaps: a gap takes the side that its next neighbour says. */
  #find(entry: T): number {
    let low = this.#rowHead;
    let high = this.#row.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      let probe = middle;
      while (probe <= high && this.#row[probe] === undefined) probe++;
      const found = probe <= high ? this.#row[probe] : undefined;
      if (found === entry) return probe;
      if (found !== undefined && before(found, entry)) low = probe + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Drops gaps at both ends, and all of them once they outnumber the entries: amortised O(1) per removal. */
  #trim(): void {
    if (this.#inRow === 0) {
      this.#clearRow();
      return;
    }
    while (this.#row[this.#rowHead] === undefined) this.#rowHead++;
    while (this.#row[this.#row.length - 1] === undefined) this.#row.pop();
    if (this.#row.length > 64 && this.#row.length > 2 * this.#inRow) {
      this.#row = this.#row.filter((entry) => entry !== undefined);
      this.#rowHead = 0;
    }
  }

  #clearRow(): void {
    this.#row = [];
    this.#rowHead = 0;
  }
}
