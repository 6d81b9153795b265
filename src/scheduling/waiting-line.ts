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
/** A row is not worth closing up for fewer. */
const MANY_GAPS = 64;

/** What stands for one that left from the middle of the row: its key still tells a search which way to go. */
class Gap {
  readonly key: number;
  readonly seq: number;

  constructor({ key, seq }: Ordered) {
    this.key = key;
    this.seq = seq;
  }
}

type Ordered = Pick<LineEntry, 'key' | 'seq'>;

function before(a: Ordered, b: Ordered): boolean {
  return a.key < b.key || (a.key === b.key && a.seq < b.seq);
}

/**
 * Entries in order of key, first in first out among equals. Those that arrive in order, as nearly all do, stand in
 * a plain row: O(1) to add and to take. The others go into a heap: O(log n). Removal from the row leaves a gap.
 */
export class WaitingLine<T extends LineEntry> {
  /** Neither end of it is a gap; before its head there is nothing. */
  #row: (T | Gap | undefined)[] = [];
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
    // No gap ever stands at the head.
    const first = this.#row[this.#rowHead] as T | undefined;
    const other = this.#heap.peek();
    if (first === undefined) return other;
    return other === undefined || before(first, other) ? first : other;
  }

  /** Takes an entry out; false when it does not wait here. The row is searched by key: O(log n). */
  remove(entry: T): boolean {
    if (entry.heapIndex !== IN_ROW) return this.#heap.remove(entry);
    const index = this.#row[this.#rowHead] === entry ? this.#rowHead : this.#find(entry);
    if (index < 0) return false;
    this.#row[index] = index === this.#rowHead ? undefined : new Gap(entry);
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
    let gaps = 0;
    for (let i = this.#rowHead; found.length < count; i++) {
      const entry = this.#row[i];
      if (entry instanceof Gap) {
        gaps++;
        continue;
      }
      for (let other = others[nextOther]; other !== undefined && found.length < count; other = others[nextOther]) {
        if (entry !== undefined && before(entry, other)) break;
        found.push(other);
        nextOther++;
      }
      if (entry === undefined) break;
      if (found.length < count) found.push(entry);
    }
    if (gaps > MANY_GAPS + 8 * count) this.#closeGaps();
    return found;
  }

  /** Every entry, in no particular order. */
  *values(): IterableIterator<T> {
    for (let i = this.#rowHead; i < this.#row.length; i++) {
      const entry = this.#row[i];
      if (entry !== undefined && !(entry instanceof Gap)) yield entry;
    }
    yield* this.#heap.values();
  }

  /** Binary search. */
  #find(entry: T): number {
    let low = this.#rowHead;
    let high = this.#row.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#row[middle];
      if (found === entry) return middle;
      if (found !== undefined && before(found, entry)) low = middle + 1;
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
    while (isNobody(this.#row[this.#rowHead])) this.#rowHead++;
    while (isNobody(this.#row[this.#row.length - 1])) this.#row.pop();
    if (this.#row.length > MANY_GAPS && this.#row.length > 2 * this.#inRow) this.#closeGaps();
  }

  #closeGaps(): void {
    this.#row = this.#row.filter((entry, index) => index >= this.#rowHead && !isNobody(entry));
    this.#rowHead = 0;
  }

  #clearRow(): void {
    this.#row = [];
    this.#rowHead = 0;
  }
}

function isNobody(entry: Ordered | undefined): boolean {
  return entry === undefined || entry instanceof Gap;
}
