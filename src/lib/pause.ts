import type { Clock, TimerOptions } from '../domain/clock.ts';

/** Waits that somebody else may cut short; one at a time. */
export class Pause {
  readonly #clock: Clock;
  #end: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after so long, or at the next {@link end}. */
  wait(ms: number, options?: TimerOptions): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#clock.clearTimeout(timer);
        this.#end = undefined;
        resolve();
      };
      const timer = this.#clock.setTimeout(end, ms, options);
      this.#end = end;
    });
  }

  /** Ends the wait that is under way, if any. */
  end(): void {
    this.#end?.();
  }
}
