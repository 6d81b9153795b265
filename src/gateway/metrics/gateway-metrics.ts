import { Registry } from 'prom-client';
import { type EasyLogger, harmless, type Logger } from '../../domain/logger.ts';
import type { QueueManager } from '../../engine/queue-manager.ts';
import { CallMetrics } from '../../prometheus/call-metrics.ts';
import { registerEngineMetrics } from '../../prometheus/engine-metrics.ts';
import { metricsText } from '../../prometheus/metrics-text.ts';
import { isModelOf } from '../../prometheus/prometheus-metrics.ts';
import type { CallObserver, FinishedCall } from '../calls/finished-call.ts';
import { costOf, type Prices } from '../telemetry/cost-of.ts';
import { registerRecordMetrics } from './record-metrics.ts';
import { StreamMetrics } from './stream-metrics.ts';
import { UsageMetrics } from './usage-metrics.ts';

/** A gateway's metrics: its engine's, asked when somebody scrapes, and what it hears of its calls. */
export class GatewayMetrics implements CallObserver {
  readonly registry = new Registry();
  readonly #logger: EasyLogger;
  readonly #prices: Prices;
  readonly #calls: CallMetrics;
  readonly #usage: UsageMetrics;
  readonly #streams: StreamMetrics;

  constructor(manager: QueueManager, prices: Prices, logger: Logger) {
    this.#logger = harmless(logger);
    this.#prices = prices;
    this.#calls = new CallMetrics(this.registry, isModelOf(manager));
    this.#usage = new UsageMetrics(this.registry);
    this.#streams = new StreamMetrics(this.registry);
    registerEngineMetrics(this.registry, manager, this.#calls);
  }

  /** Shows telemetry records that wait for their sink, and that were lost. */
  showRecords(records: { readonly waiting: number; readonly lost: number }): void {
    registerRecordMetrics(this.registry, records);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  answered({ requestId, model, afterMs, streamed }: { requestId: string; model: string; afterMs: number; streamed: boolean }): void {
    if (streamed) this.#streams.began(requestId, this.#calls.model(model), afterMs / 1000);
  }

  finished(call: FinishedCall): void {
    const { servedBy, model, caller, outcome, attempts, queueMs, queuedAt, endedAt } = call;
    const waitedMs = queueMs ?? (queuedAt === undefined ? undefined : Math.max(0, endedAt - queuedAt));
    this.#streams.ended(call.requestId);
    this.#calls.finished({ model, tenant: caller.tenant, outcome, attempts, queueMs: waitedMs });
    if (call.usage === undefined) return;
    this.#usage.used(this.#calls.pair(servedBy ?? model, caller.tenant), call.usage, costOf(call, this.#prices));
  }

  text(): Promise<string> {
    return metricsText(this.registry, this.#logger);
  }
}
