import type { Clock, TimerHandle } from '../../domain/clock.ts';

/** One moment that moves often. Moving it later costs no timer: the one that is set looks again when it fires. */
export class LazyDeadline {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #at: number | undefined;
  #timer: TimerHandle;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Due `ms` from now, instead of when it was due before. */
  dueIn(ms: number): void {
    this.#at = this.#clock.now() + ms;
    if (this.#at < this.#timerAt) this.#arm(this.#at, ms);
  }

  /** Not due for now; a timer that is set stays, since the deadline will probably come back. */
  suspend(): void {
    this.#at = undefined;
  }

  /** Over: no timer is left behind. */
  clear(): void {
    this.#at = undefined;
    this.#disarm();
  }

  #arm(at: number, ms: number): void {
    this.#disarm();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimeout(() => this.#look(), ms);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #look(): void {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    if (this.#at === undefined) return;
    const remaining = this.#at - this.#clock.now();
    if (remaining > 0) return this.#arm(this.#at, remaining);
    this.#at = undefined;
    this.#onDue();
  }
}
