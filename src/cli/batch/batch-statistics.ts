import type { TokenCounts } from '../../domain/limit-types.ts';
import { DurationHistogram } from './duration-histogram.ts';

/** Counts of one run, this process's only. */
export class BatchStatistics {
  /** Requests with a good answer in this run. */
  completed = 0;
  /** Requests and lines with an error line in this run. */
  failed = 0;
  /** Requests that an earlier run finished. */
  skipped = 0;
  /** Calls that count as attempts; refused ones don't. */
  attempts = 0;
  /** 429s that asked to wait. */
  refusals = 0;
  /** Calls that are under way. */
  inFlight = 0;
  readonly tokens = { estimated: 0, used: 0 };
  readonly queueTime = new DurationHistogram();

  get done(): number {
    return this.completed + this.failed + this.skipped;
  }

  addTokens(estimated: TokenCounts, used: TokenCounts | undefined): void {
    this.tokens.estimated += estimated.inputTokens + estimated.outputTokens;
    if (used) this.tokens.used += used.inputTokens + used.outputTokens;
  }
}
