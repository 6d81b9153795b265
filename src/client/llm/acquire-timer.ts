import type { Clock } from '../../domain/clock.ts';
import type { Alarm, Alarms } from '../../lib/alarms.ts';

/** How long one request has waited for a client in all; the time in which it runs or rests before it is tried again is not counted. */
export class AcquireTimer {
  readonly #clock: Clock;
  readonly #alarms: Alarms;
  readonly #onLate: () => void;
  #leftMs: number;
  #countsFrom = 0;
  #alarm: Alarm | undefined;
  #isOver = false;

  constructor(clock: Clock, alarms: Alarms, limitMs: number, onLate: () => void) {
    this.#clock = clock;
    this.#alarms = alarms;
    this.#leftMs = limitMs;
    this.#onLate = onLate;
  }

  /** It waits from now on. @param restMs how long it may rest first */
  waits(restMs = 0): void {
    this.#alarms.clear(this.#alarm);
    if (this.#isOver) return;
    this.#countsFrom = this.#clock.now() + restMs;
    this.#alarm = this.#alarms.set(this.#countsFrom + this.#leftMs, this.#onLate);
  }

  /** The request has settled; an attempt of it that was given up may still come back. */
  over(): void {
    this.#isOver = true;
    this.ends();
  }

  /** It has a client. */
  ends(): void {
    this.#alarms.clear(this.#alarm);
    this.#leftMs -= Math.max(0, this.#clock.now() - this.#countsFrom);
    this.#countsFrom = Number.POSITIVE_INFINITY;
  }
}

/** Why a request is taken out of its queue when it has waited for a client for too long. */
export class AcquireTimedOut extends Error {}
