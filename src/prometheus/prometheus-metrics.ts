import { Registry } from 'prom-client';
import { InvalidConfiguration, textOf } from '../domain/errors.ts';
import { harmless, type Logger, silentLogger } from '../domain/logger.ts';
import type { FailureReason } from '../domain/request-status.ts';
import type { EngineEvent } from '../engine/engine-event.ts';
import type { QueueManager } from '../engine/queue-manager.ts';
import { CallMetrics } from './call-metrics.ts';
import { registerEngineMetrics, registerEngineTokens } from './engine-metrics.ts';
import { metricsText } from './metrics-text.ts';

export interface PrometheusOptions {
  /** Where the metrics are registered, beside your own; default: a registry of their own. */
  readonly registry?: Registry | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

/** Failures that have an outcome's name of their own. */
const OUTCOMES: Readonly<Record<FailureReason, string>> = {
  error: 'failed',
  shutdown: 'failed',
  timeout: 'timeout',
  cancelled: 'cancelled',
  rejected: 'rejected',
};

/** An engine's metrics for Prometheus. Nothing is read before somebody scrapes. */
export class PrometheusMetrics {
  readonly registry: Registry;
  readonly #logger: Logger;
  readonly #subscription: { unsubscribe(): void };

  /** Throws `InvalidConfiguration` where the registry has such metrics already. */
  constructor(manager: QueueManager, { registry = new Registry(), logger = silentLogger }: PrometheusOptions = {}) {
    this.registry = registry;
    this.#logger = harmless(logger);
    try {
      const calls = new CallMetrics(registry, isModelOf(manager));
      registerEngineMetrics(registry, manager, calls);
      registerEngineTokens(registry, manager, calls);
      this.#subscription = manager.events$.subscribe((event) => this.#count(calls, event));
    } catch (cause) {
      throw new InvalidConfiguration(`Metrics can't be registered: ${textOf(cause)}`, 'registry', { cause });
    }
  }

  /** The `content-type` of {@link text}. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** What a scrape gets; a metric that fails is left out. */
  text(): Promise<string> {
    return metricsText(this.registry, this.#logger);
  }

  /** Counts no further. */
  close(): void {
    this.#subscription.unsubscribe();
  }

  /** What is thrown in a subscriber would be nobody's. */
  #count(calls: CallMetrics, event: EngineEvent): void {
    if (event.type !== 'request-completed' && event.type !== 'request-failed') return;
    try {
      const outcome = event.type === 'request-completed' ? 'completed' : OUTCOMES[event.reason];
      const { modelId: model, tenant = '', attempts, queueMs } = event;
      calls.finished({ model, tenant, outcome, attempts, queueMs });
    } catch (error) {
      this.#logger.error({ reason: textOf(error) }, 'a request could not be counted');
    }
  }
}

/** Whether a model is registered; those that are forgotten later stay known. */
export function isModelOf(manager: QueueManager): (model: string) => boolean {
  const known = new Set<string>();
  return (model) => {
    if (known.has(model)) return true;
    const isRegistered = manager.getRegisteredModels().includes(model);
    if (isRegistered) known.add(model);
    return isRegistered;
  };
}
