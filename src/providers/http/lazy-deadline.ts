import type { Clock } from '../../domain/clock.ts';
import type { Alarm, Alarms } from '../../lib/alarms.ts';

/** One moment that moves often. Moving it later costs nothing: the alarm that is set looks again when it rings. */
export class LazyDeadline implements Alarm {
  /** When the alarm rings, while it is set. */
  at = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  readonly #clock: Clock;
  readonly #alarms: Alarms;
  readonly #onDue: () => void;
  #due: number | undefined;

  constructor(clock: Clock, alarms: Alarms, onDue: () => void) {
    this.#clock = clock;
    this.#alarms = alarms;
    this.#onDue = onDue;
  }

  /** Due `ms` from now, instead of when it was due before. */
  dueIn(ms: number): void {
    this.#due = this.#clock.now() + ms;
    if (this.#due >= this.at) return;
    this.#alarms.clear(this);
    this.#set(this.#due);
  }

  /** Not due for now; an alarm that is set stays, since the deadline will probably come back. */
  suspend(): void {
    this.#due = undefined;
  }

  /** Over: no alarm is left behind. */
  clear(): void {
    this.#due = undefined;
    this.#alarms.clear(this);
    this.at = Number.POSITIVE_INFINITY;
  }

  ring(): void {
    this.at = Number.POSITIVE_INFINITY;
    const due = this.#due;
    if (due === undefined) return;
    if (due > this.#clock.now()) return this.#set(due);
    this.#due = undefined;
    this.#onDue();
  }

  #set(at: number): void {
    this.at = at;
    this.#alarms.add(this);
  }
}
