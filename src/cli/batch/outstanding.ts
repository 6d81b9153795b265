/** How much may be handed to the engine at a time. */
export interface OutstandingBounds {
  readonly requests: number;
  readonly bytes: number;
}

/** Counts requests that are handed to the engine and not settled, so that an input of any size takes little memory. */
export class Outstanding {
  readonly #bounds: OutstandingBounds;
  #requests = 0;
  #bytes = 0;
  #waiters: { readonly isDue: () => boolean; readonly resolve: () => void }[] = [];

  constructor(bounds: OutstandingBounds) {
    this.#bounds = bounds;
  }

  get requests(): number {
    return this.#requests;
  }

  get isFull(): boolean {
    return this.#requests >= this.#bounds.requests || (this.#bytes >= this.#bounds.bytes && this.#requests > 0);
  }

  add(bytes: number): void {
    this.#requests += 1;
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#requests -= 1;
    this.#bytes -= bytes;
    this.wake();
  }

  /** Looks again whether somebody waits for what is true now. */
  wake(): void {
    if (this.#waiters.length === 0) return;
    const due = this.#waiters.filter(({ isDue }) => isDue());
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve();
  }

  /** Resolves as soon as `isDue` is true at a {@link remove} or {@link wake}. */
  until(isDue: () => boolean): Promise<void> {
    if (isDue()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ isDue, resolve });
    });
  }
}
