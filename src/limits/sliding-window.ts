import { type CountedEntry, type Meter, NEGLIGIBLE, type PendingCount } from './meter.ts';

/** Two clocks whose rates differ by 100 ppm drift this much over a window; timers and stamps add up to 1 ms. */
function guardMs(windowMs: number): number {
  return 1 + windowMs * 1e-4;
}

/** From so many entries on a window is kept in slots of this fraction of itself. */
const MOST_EXACT = 4_096;

/**
 * Sliding window: an entry counts for exactly one window after its stamp. Where a window holds many entries, or
 * with `slotMs` > 0 from the start, stamps are rounded up to the end of their slot: memory stays bounded however
 * many are counted, at the price of holding each up to one slot longer. Add and expire are amortised O(1).
 */
export class SlidingWindow implements Meter {
  readonly #holdMs: number;
  readonly #slotMs: number;
  readonly #coarseSlotMs: number;
  #stamps: number[] = [];
  #costs: number[] = [];
  #head = 0;
  /** Entry number of index 0 of the arrays; entry numbers never repeat. */
  #base = 0;
  #sum = 0;

  constructor(windowMs: number, slotMs = 0) {
    this.#holdMs = windowMs + guardMs(windowMs);
    this.#slotMs = slotMs;
    this.#coarseSlotMs = Math.max(slotMs, windowMs / MOST_EXACT);
  }

  add(cost: number, at: number): number {
    const slotMs = this.#slot();
    const last = this.#stamps.length - 1;
    const latest = last >= this.#head ? (this.#stamps[last] as number) : at;
    // A slot may end later than an exact stamp that follows it: stamps stay in order.
    const stamp = Math.max(latest, slotMs > 0 ? Math.ceil(at / slotMs) * slotMs : at);
    this.#sum += cost;
    if (last >= this.#head && latest === stamp) {
      this.#costs[last] = (this.#costs[last] as number) + cost;
      return this.#base + last;
    }
    this.#stamps.push(stamp);
    this.#costs.push(cost);
    return this.#base + last + 1;
  }

  adjust(entry: number, delta: number, now: number): void {
    this.#expire(now);
    const index = entry - this.#base;
    if (index < this.#head) return;
    this.#costs[index] = (this.#costs[index] as number) + delta;
    this.#sum += delta;
  }

  used(now: number): number {
    this.#expire(now);
    return this.#sum;
  }

  entries(now: number): readonly CountedEntry[] {
    this.#expire(now);
    return this.#stamps.slice(this.#head).map((at, index) => ({ at, cost: this.#costs[this.#head + index] as number }));
  }

  usedAt(at: number, pending: Iterable<PendingCount>): number {
    let sum = this.#sum;
    for (let i = this.#head; i < this.#stamps.length && (this.#stamps[i] as number) + this.#holdMs <= at; i++) {
      sum -= this.#costs[i] as number;
    }
    let others = 0;
    for (const count of pending) {
      if (!(this.#latestEnd(count, others++) <= at)) sum += count.cost;
    }
    return sum;
  }

  freeAt(need: number, now: number, pending: Iterable<PendingCount>): number {
    this.#expire(now);
    let left = need - NEGLIGIBLE;
    if (left <= 0) return now;
    for (let i = this.#head; i < this.#stamps.length; i++) {
      left -= this.#costs[i] as number;
      if (left <= 0) return (this.#stamps[i] as number) + this.#holdMs;
    }
    let others = 0;
    for (const count of pending) {
      left -= count.cost;
      if (left <= 0) return this.#latestEnd(count, others);
      others++;
    }
    return Number.POSITIVE_INFINITY;
  }

  goneAt(at: number): number {
    return at + this.#coarseSlotMs + this.#holdMs;
  }

  /** When something that is counted after so many others has left the window at the latest. */
  #latestEnd({ dueAt }: PendingCount, others: number): number {
    return Math.max(this.#stamps.at(-1) ?? dueAt, dueAt + this.#slot(others)) + this.#holdMs;
  }

  #slot(more = 0): number {
    return this.#stamps.length - this.#head + more < MOST_EXACT ? this.#slotMs : this.#coarseSlotMs;
  }

  #expire(now: number): void {
    const { length } = this.#stamps;
    let head = this.#head;
    while (head < length && (this.#stamps[head] as number) + this.#holdMs <= now) {
      this.#sum -= this.#costs[head] as number;
      head++;
    }
    this.#head = head;
    if (head === length) this.#sum = 0;
    if (head > 1024 && head * 2 > length) {
      this.#stamps = this.#stamps.slice(head);
      this.#costs = this.#costs.slice(head);
      this.#base += head;
      this.#head = 0;
    }
  }
}
