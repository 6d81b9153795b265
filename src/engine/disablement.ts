import type { Clock, TimerHandle } from '../domain/clock.ts';

/** Keeps a deployment out of use whose key or account was refused, until its time is up or somebody has mended it. */
export class Disablement {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #error: Error | undefined;
  #until = 0;
  #timer: TimerHandle;

  /** @param onDue its time is up; `end` is still to be called */
  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** What disabled it; undefined once its time is up. */
  get error(): Error | undefined {
    return this.#until > this.#clock.now() ? this.#error : undefined;
  }

  /** Monotonic milliseconds; 0 while nothing is disabled. */
  get until(): number {
    return this.#until;
  }

  begin(error: Error, restMs: number): void {
    this.#error = error;
    this.#until = this.#clock.now() + restMs;
    this.#ringIn(restMs);
  }

  /** False where nothing was disabled. */
  end(): boolean {
    if (this.#error === undefined) return false;
    this.#error = undefined;
    this.#until = 0;
    this.stop();
    return true;
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  #ringIn(ms: number): void {
    this.stop();
    const ring = (): void => {
      // Timers may ring a little early.
      const leftMs = this.#until - this.#clock.now();
      if (leftMs > 0) this.#ringIn(leftMs);
      else this.#onDue();
    };
    this.#timer = this.#clock.setTimeout(ring, ms, { background: true });
  }
}
