import type { UsageError } from '../usage-error.ts';

/**
 * Why a run ends before its input does: somebody asked for it, or going on would be useless. The first reason stays;
 * a failure replaces a request to stop.
 */
export class RunControl {
  #isDraining = false;
  #failure: UsageError | undefined;
  #onStop: (() => void)[] = [];

  /** Nothing new starts; what is in flight ends. */
  get isStopping(): boolean {
    return this.#isDraining || this.#failure !== undefined;
  }

  /** Whether somebody asked to stop. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** What makes going on useless. */
  get failure(): UsageError | undefined {
    return this.#failure;
  }

  /** Take nothing new and finish what is in flight. */
  drain(): void {
    if (this.isStopping) return;
    this.#isDraining = true;
    this.#notify();
  }

  /** Stop at once. */
  fail(failure: UsageError): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#notify();
  }

  /** Calls back on {@link drain} and on {@link fail}; at once where one has happened. */
  onStop(callback: () => void): void {
    this.#onStop.push(callback);
    if (this.isStopping) callback();
  }

  #notify(): void {
    for (const callback of this.#onStop) callback();
  }
}
