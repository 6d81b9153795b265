import type { Clock, TimerHandle } from '../domain/clock.ts';
import { type HeapItem, PriorityHeap } from './priority-heap.ts';

/** Something that happens at a time unless it is taken back. */
export interface Alarm extends HeapItem {
  readonly at: number;
  ring(): void;
}

/**
 * Moments that mostly come to nothing, in one heap behind one timer. A timer each would be slow (the runtime scans
 * them) and would keep a finished process alive.
 */
export class Alarms {
  readonly #clock: Clock;
  readonly #heap = new PriorityHeap<Alarm>((a, b) => a.at < b.at);
  #timer: TimerHandle;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param at monotonic milliseconds */
  set(at: number, ring: () => void): Alarm {
    const alarm: Alarm = { at, ring, heapIndex: -1 };
    this.add(alarm);
    return alarm;
  }

  /** Sets something that is its own alarm. */
  add(alarm: Alarm): void {
    this.#heap.push(alarm);
    if (alarm.at < this.#timerAt) this.#arm(alarm.at);
  }

  /** Takes an alarm back; nothing happens if it rang already or there is none. */
  clear(alarm: Alarm | undefined): void {
    if (alarm === undefined || !this.#heap.remove(alarm)) return;
    if (this.#heap.size === 0) this.#disarm();
  }

  #arm(at: number): void {
    this.#disarm();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimeout(this.#wake, at - this.#clock.now());
  }

  #disarm(): void {
    if (this.#timerAt === Number.POSITIVE_INFINITY) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  readonly #wake = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    try {
      for (let alarm = this.#heap.peek(); alarm !== undefined && alarm.at <= now; alarm = this.#heap.peek()) {
        this.#heap.remove(alarm);
        alarm.ring();
      }
    } finally {
      const next = this.#heap.peek();
      if (next !== undefined && next.at < this.#timerAt) this.#arm(next.at);
    }
  };
}
