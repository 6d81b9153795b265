import type { Clock } from '../domain/clock.ts';
import { systemClock } from './system-clock.ts';

/** Measures seconds from its start; readable while it runs. */
export class Timer implements Disposable {
  readonly #clock: Clock;
  /** Monotonic seconds. */
  readonly startTime: number;
  #endTime: number | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.startTime = clock.now() / 1000;
  }

  get endTime(): number | undefined {
    return this.#endTime;
  }

  /** Seconds since the start, or between start and stop. */
  get elapsed(): number {
    return (this.#endTime ?? this.#clock.now() / 1000) - this.startTime;
  }

  /** Stops the watch and returns {@link elapsed}; later calls change nothing. */
  stop(): number {
    this.#endTime ??= this.#clock.now() / 1000;
    return this.elapsed;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
