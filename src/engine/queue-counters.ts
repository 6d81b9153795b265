/** What one model's queue has done since it was registered. */
export class QueueCounters {
  submitted = 0;
  completed = 0;
  failed = 0;
  refused = 0;
  retried = 0;
  /** Requests that have not settled. */
  live = 0;
  processing = 0;
  inputTokensEstimated = 0;
  outputTokensEstimated = 0;
  inputTokensUsed = 0;
  outputTokensUsed = 0;
  readonly #queueMs: Float64Array;
  #sampled = 0;

  /** @param samples so many of the last starts are remembered with their time in queue */
  constructor(samples = 1_024) {
    this.#queueMs = new Float64Array(samples);
  }

  addQueueTime(ms: number): void {
    this.#queueMs[this.#sampled++ % this.#queueMs.length] = ms;
  }

  /** Percentiles of the time in queue over the last starts, in milliseconds. */
  queueTimeMs(): { p50: number; p99: number } {
    const sorted = this.#queueMs.slice(0, Math.min(this.#sampled, this.#queueMs.length)).sort();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
