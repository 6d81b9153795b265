import type { ChatUsage } from '../domain/chat.ts';

/** What is counted of a number of requests. Times in ms, 0 before the first request has ended. */
export interface CallMetrics {
  readonly totalRequests: number;
  readonly successfulRequests: number;
  readonly failedRequests: number;
  /** Given up by their callers: neither success nor failure. */
  readonly cancelledRequests: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** Successes of the requests that succeeded or failed, 0 to 1; 0 before the first has. */
  readonly successRate: number;
  readonly avgLatency: number;
  readonly minLatency: number;
  readonly maxLatency: number;
  readonly totalLatency: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  /** How often each class of error ended a request. */
  readonly errorsByType: Readonly<Record<string, number>>;
}

/** Counts requests. */
export class CallTally {
  #started = 0;
  #succeeded = 0;
  #failed = 0;
  #cancelled = 0;
  #retries = 0;
  #totalLatencyMs = 0;
  #minLatencyMs = Number.POSITIVE_INFINITY;
  #maxLatencyMs = 0;
  #promptTokens = 0;
  #completionTokens = 0;
  #totalTokens = 0;
  readonly #errors = new Map<string, number>();

  started(): void {
    this.#started += 1;
  }

  succeeded(latencyMs: number, usage: ChatUsage, attempts: number): void {
    this.#succeeded += 1;
    this.#promptTokens += usage.promptTokens;
    this.#completionTokens += usage.completionTokens;
    this.#totalTokens += usage.totalTokens;
    this.#ended(latencyMs, attempts);
  }

  failed(latencyMs: number, errorType: string, attempts: number): void {
    this.#failed += 1;
    this.#errors.set(errorType, (this.#errors.get(errorType) ?? 0) + 1);
    this.#ended(latencyMs, attempts);
  }

  cancelled(): void {
    this.#cancelled += 1;
  }

  metrics(): CallMetrics {
    const ended = this.#succeeded + this.#failed;
    return {
      totalRequests: this.#started,
      successfulRequests: this.#succeeded,
      failedRequests: this.#failed,
      cancelledRequests: this.#cancelled,
      retries: this.#retries,
      successRate: ended === 0 ? 0 : this.#succeeded / ended,
      avgLatency: ended === 0 ? 0 : this.#totalLatencyMs / ended,
      minLatency: ended === 0 ? 0 : this.#minLatencyMs,
      maxLatency: this.#maxLatencyMs,
      totalLatency: this.#totalLatencyMs,
      promptTokens: this.#promptTokens,
      completionTokens: this.#completionTokens,
      totalTokens: this.#totalTokens,
      errorsByType: Object.fromEntries(this.#errors),
    };
  }

  #ended(latencyMs: number, attempts: number): void {
    this.#retries += Math.max(0, attempts - 1);
    this.#totalLatencyMs += latencyMs;
    this.#minLatencyMs = Math.min(this.#minLatencyMs, latencyMs);
    this.#maxLatencyMs = Math.max(this.#maxLatencyMs, latencyMs);
  }
}
