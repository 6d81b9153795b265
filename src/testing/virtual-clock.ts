import type { Clock, TimerHandle } from '../domain/clock.ts';
import { type HeapItem, PriorityHeap } from '../lib/priority-heap.ts';
import { macrotask } from '../lib/system-clock.ts';

interface Timer extends HeapItem {
  readonly at: number;
  readonly seq: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is advanced. It steps to each timer's moment in order (first set, first
 * fired among equals) and lets every microtask run before it goes on, so a test sees what real time would show.
 */
export class VirtualClock implements Clock {
  #now: number;
  #wallOffsetMs: number;
  #seq = 0;
  readonly #timers = new PriorityHeap<Timer>((a, b) => a.at < b.at || (a.at === b.at && a.seq < b.seq));

  /** @param options.startMs first value of `now()`, default 0; `wallMs`: first value of `wallMs()`, default 2025-01-01 */
  constructor(options: { startMs?: number; wallMs?: number } = {}) {
    this.#now = options.startMs ?? 0;
    this.#wallOffsetMs = (options.wallMs ?? 1_735_689_600_000) - this.#now;
  }

  now(): number {
    return this.#now;
  }

  wallMs(): number {
    return this.#now + this.#wallOffsetMs;
  }

  /** Makes the wall clock jump, as clock synchronisation does; monotonic time is not touched. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  setTimeout(callback: () => void, ms: number): TimerHandle {
    const timer: Timer = { at: this.#now + Math.max(ms, 0), seq: this.#seq++, callback, heapIndex: -1 };
    this.#timers.push(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    if (handle !== undefined && handle !== null) this.#timers.remove(handle as Timer);
  }

  /** How many timers are set. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Moment of the next timer, or undefined when none is set. */
  get nextTimerAt(): number | undefined {
    return this.#timers.peek()?.at;
  }

  /** Lets pending microtasks run; time stands still. */
  settle(): Promise<void> {
    return macrotask();
  }

  /** Moves time on by `ms`, firing every timer on the way, and settles after each moment. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await macrotask();
    while ((this.nextTimerAt ?? Number.POSITIVE_INFINITY) <= end) {
      this.#fireNextMoment();
      await macrotask();
    }
    this.#now = end;
  }

  /** Advances from timer to timer until `done()` is true or no timer is left; returns whether it is true. */
  async advanceUntil(done: () => boolean, limitMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const end = this.#now + limitMs;
    await macrotask();
    while (!done()) {
      if ((this.nextTimerAt ?? Number.POSITIVE_INFINITY) > end) return false;
      if (this.#timers.size === 0) return false;
      this.#fireNextMoment();
      await macrotask();
    }
    return true;
  }

  #fireNextMoment(): void {
    const first = this.#timers.pop() as Timer;
    this.#now = Math.max(this.#now, first.at);
    first.callback();
  }
}
