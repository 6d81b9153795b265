import { validateOptions } from '../config/validate.ts';
import type { ChatRequest, CompletionResponse } from '../domain/chat.ts';
import type { Clock } from '../domain/clock.ts';
import { RequestCancelled } from '../domain/errors.ts';
import { systemClock } from '../lib/system-clock.ts';
import { type CallMetrics, CallTally } from './call-tally.ts';
import { Middleware, type MiddlewareContext } from './middleware.ts';

/** The totals, and the same by provider and by model. */
export interface Metrics extends CallMetrics {
  readonly byProvider: Readonly<Record<string, CallMetrics>>;
  readonly byModel: Readonly<Record<string, CallMetrics>>;
}

export interface MetricsOptions {
  /** Keeps the detail by provider and model; default true. */
  readonly enablePerProviderMetrics?: boolean;
  readonly clock?: Clock;
}

interface Running {
  readonly startedAt: number;
  readonly tallies: readonly CallTally[];
}

/** Counts requests, tokens and time. Time is what the caller sees: waiting and retries included. */
export class MetricsMiddleware extends Middleware {
  readonly #clock: Clock;
  readonly #detailed: boolean;
  readonly #running = new WeakMap<MiddlewareContext, Running>();
  #total = new CallTally();
  readonly #byProvider = new Map<string, CallTally>();
  readonly #byModel = new Map<string, CallTally>();

  constructor(options: MetricsOptions = {}) {
    super();
    validateOptions('MetricsMiddleware', options);
    this.#clock = options.clock ?? systemClock;
    this.#detailed = options.enablePerProviderMetrics ?? true;
  }

  override processRequest(request: ChatRequest, context: MiddlewareContext): ChatRequest {
    const tallies = this.#tallies(context);
    this.#running.set(context, { startedAt: this.#clock.now(), tallies });
    for (const tally of tallies) tally.started();
    return request;
  }

  override processResponse(response: CompletionResponse, context: MiddlewareContext): CompletionResponse {
    this.#end(context, (tally, latencyMs) => tally.succeeded(latencyMs, response.usage, context.attempt));
    return response;
  }

  override processError(error: Error, context: MiddlewareContext): null {
    this.#end(context, (tally, latencyMs) => {
      if (error instanceof RequestCancelled) tally.cancelled();
      else tally.failed(latencyMs, error.name, context.attempt);
    });
    return null;
  }

  getMetrics(): Metrics {
    return {
      ...this.#total.metrics(),
      byProvider: Object.fromEntries([...this.#byProvider].map(([name, tally]) => [name, tally.metrics()])),
      byModel: Object.fromEntries([...this.#byModel].map(([name, tally]) => [name, tally.metrics()])),
    };
  }

  /** Starts again from nothing; requests that run now are not counted any more. */
  resetMetrics(): void {
    this.#total = new CallTally();
    this.#byProvider.clear();
    this.#byModel.clear();
  }

  #tallies({ provider, model }: MiddlewareContext): readonly CallTally[] {
    if (!this.#detailed) return [this.#total];
    return [this.#total, tallyOf(this.#byProvider, provider), tallyOf(this.#byModel, model)];
  }

  /** Where a request was counted when it started, there its end is counted. */
  #end(context: MiddlewareContext, count: (tally: CallTally, latencyMs: number) => void): void {
    const running = this.#running.get(context);
    if (running === undefined) return;
    this.#running.delete(context);
    const latencyMs = this.#clock.now() - running.startedAt;
    for (const tally of running.tallies) count(tally, latencyMs);
  }
}

function tallyOf(tallies: Map<string, CallTally>, name: string): CallTally {
  const known = tallies.get(name);
  if (known !== undefined) return known;
  const made = new CallTally();
  tallies.set(name, made);
  return made;
}
