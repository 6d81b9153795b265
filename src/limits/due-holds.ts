import { Fifo } from '../lib/fifo.ts';
import { type Hold, IN_FLIGHT } from './hold.ts';

/** Holds that the provider has surely counted at a known moment, in the order of those moments. */
export class DueHolds {
  readonly #fifo = new Fifo<Hold>();

  expect(hold: Hold, dueAt: number): void {
    hold.dueAt = dueAt;
    this.#fifo.push(hold);
  }

  /** Hands out those whose moment has come, and forgets those that were counted or released before. */
  take(now: number, count: (hold: Hold) => void): void {
    for (let hold = this.#fifo.peek(); hold !== undefined && hold.dueAt <= now; hold = this.#fifo.peek()) {
      this.#fifo.shift();
      count(hold);
    }
    while (this.#fifo.size > 0 && this.#fifo.peek()?.state !== IN_FLIGHT) this.#fifo.shift();
  }

  /** Those still in flight, in their order. */
  *pending(): IterableIterator<Hold> {
    for (const hold of this.#fifo) if (hold.state === IN_FLIGHT) yield hold;
  }

  /** What those still in flight cost together. */
  get cost(): number {
    let sum = 0;
    for (const hold of this.pending()) sum += hold.cost;
    return sum;
  }
}
