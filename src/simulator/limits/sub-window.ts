import type { FixedWindow } from './fixed-window.ts';
import type { LimitCounter } from './limit-counter.ts';

/**
 * A window's counter plus the limit's part on each short slice, both in fixed windows of their own phase: how
 * Azure evaluates requests per minute over 1 s or 10 s (600 a minute → the 11th of a second is refused).
 */
export class SubWindow implements LimitCounter {
  readonly #whole: FixedWindow;
  readonly #slice: FixedWindow;
  readonly #slicePart: number;

  /** @param slicePart the slice's part of the limit, 0 to 1; it is never less than 1 of whatever is counted */
  constructor(whole: FixedWindow, slice: FixedWindow, slicePart: number) {
    this.#whole = whole;
    this.#slice = slice;
    this.#slicePart = slicePart;
  }

  get capacity(): number {
    return Math.min(this.#whole.capacity, this.#slice.capacity);
  }

  used(now: number): number {
    return this.#whole.used(now);
  }

  waitMs(cost: number, now: number): number {
    return Math.max(this.#whole.waitMs(cost, now), this.#slice.waitMs(cost, now));
  }

  add(cost: number, now: number): void {
    this.#whole.add(cost, now);
    this.#slice.add(cost, now);
  }

  giveBack(amount: number, at: number, now: number): void {
    this.#whole.giveBack(amount, at, now);
    this.#slice.giveBack(amount, at, now);
  }

  resize(limit: number): void {
    this.#whole.resize(limit);
    this.#slice.resize(Math.max(1, limit * this.#slicePart));
  }

  emptyInMs(now: number): number {
    return this.#whole.emptyInMs(now);
  }
}
