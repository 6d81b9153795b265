/** Lets whoever waits for something of the user's go on when it is cut short. */
export class Interruption {
  readonly #waiting = new Set<(reason: Error) => void>();
  #reason: Error | undefined;

  /** Settles as `work` does, or rejects with the reason of the interruption, if that comes first. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) reject(this.#reason);
      else this.#waiting.add(reject);
      const leave = (): boolean => this.#waiting.delete(reject);
      work.then(
        (value) => {
          leave();
          resolve(value);
        },
        (error: unknown) => {
          leave();
          reject(error);
        },
      );
    });
  }

  /** Cuts short what waits now and later; the first reason stays. */
  interrupt(reason: Error): void {
    this.#reason ??= reason;
    for (const reject of this.#waiting) reject(this.#reason);
    this.#waiting.clear();
  }
}
