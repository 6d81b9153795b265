import { LLMQueueException, textOf } from '../../domain/errors.ts';
import type { WireUsage } from '../../providers/provider.ts';
import { DurationHistogram } from '../batch/duration-histogram.ts';
import { wayOutOf } from '../way-out.ts';

/** One answered request; times in ms. */
export interface LoadSample {
  readonly deploymentId: string;
  /** From the start of the call that answered to its end. */
  readonly latencyMs: number;
  /** From the start of the call that answered; undefined where the answer came whole. */
  readonly firstTokenMs: number | undefined;
  /** From handing it in to the start of the call that answered. */
  readonly queueMs: number;
  readonly usage: WireUsage | undefined;
}

/** Counts what becomes of the requests of a load test. */
export class LoadTally {
  completed = 0;
  failed = 0;
  /** Given up because the test was stopped. */
  cancelled = 0;
  inputTokens = 0;
  outputTokens = 0;
  readonly latency = new DurationHistogram();
  readonly firstToken = new DurationHistogram();
  readonly queue = new DurationHistogram();
  readonly total = new DurationHistogram();
  /** Completed requests and tokens, by deployment. */
  readonly deployments = new Map<string, { completed: number; tokens: number }>();
  /** How often, and what the first of them said, by code. */
  readonly errors = new Map<string, { count: number; readonly message: string }>();

  get done(): number {
    return this.completed + this.failed + this.cancelled;
  }

  succeeded({ deploymentId, latencyMs, firstTokenMs, queueMs, usage }: LoadSample): void {
    const tokens = usage === undefined ? 0 : usage.inputTokens + usage.outputTokens;
    this.completed += 1;
    this.inputTokens += usage?.inputTokens ?? 0;
    this.outputTokens += usage?.outputTokens ?? 0;
    this.latency.add(latencyMs);
    if (firstTokenMs !== undefined) this.firstToken.add(firstTokenMs);
    this.queue.add(queueMs);
    this.total.add(queueMs + latencyMs);
    const before = this.deployments.get(deploymentId) ?? { completed: 0, tokens: 0 };
    this.deployments.set(deploymentId, { completed: before.completed + 1, tokens: before.tokens + tokens });
  }

  failure(error: unknown): void {
    const code = LLMQueueException.isInstance(error) ? error.code : 'error';
    const known = this.errors.get(code) ?? { count: 0, message: `${textOf(error)}${wayOutOf(error)}` };
    this.failed += 1;
    this.errors.set(code, { ...known, count: known.count + 1 });
  }
}
