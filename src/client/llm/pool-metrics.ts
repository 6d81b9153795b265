/** What a pool did since it was made. */
export interface PoolFigures {
  /** Calls that were queued. */
  readonly totalRequests: number;
  readonly failedRequests: number;
  /** Calls that no client could be had for within `acquireTimeout`. */
  readonly poolExhaustedCount: number;
  /** Seconds in the queue, of the calls that have ended. */
  readonly averageWaitTime: number;
}

/** Counts a pool's calls. */
export class PoolMetrics {
  #total = 0;
  #ended = 0;
  #failed = 0;
  #exhausted = 0;
  #waitedMs = 0;

  started(): void {
    this.#total += 1;
  }

  ended(succeeded: boolean, waitedMs: number): void {
    this.#ended += 1;
    this.#waitedMs += waitedMs;
    if (!succeeded) this.#failed += 1;
  }

  exhausted(): void {
    this.#exhausted += 1;
  }

  get figures(): PoolFigures {
    return {
      totalRequests: this.#total,
      failedRequests: this.#failed,
      poolExhaustedCount: this.#exhausted,
      averageWaitTime: this.#ended === 0 ? 0 : this.#waitedMs / this.#ended / 1000,
    };
  }
}
