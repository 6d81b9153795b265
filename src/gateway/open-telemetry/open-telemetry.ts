import type { Clock } from '../../domain/clock.ts';
import { textOf } from '../../domain/errors.ts';
import type { Logger } from '../../domain/logger.ts';
import { version } from '../../domain/version.ts';
import { withTimeout } from '../../lib/with-timeout.ts';
import type { CallObserver, FinishedCall } from '../calls/finished-call.ts';
import { CallInstruments } from './call-instruments.ts';
import { CallSpans } from './call-spans.ts';
import { loadPackages } from './load-packages.ts';
import type { OtlpEndpoints } from './otlp-endpoints.ts';

const METRICS_EVERY_MS = 15_000;
const TRACES_EVERY_MS = 1_000;
/** Spans that may wait; more are dropped by the SDK. A call has three. */
const MOST_SPANS = 16_384;
const SPANS_AT_ONCE = 512;

export interface OpenTelemetryOptions {
  readonly endpoints: OtlpEndpoints;
  readonly serviceName: string;
  /** Part of the calls that get a trace, where their callers don't say. */
  readonly sampleRatio: number;
  /** The provider of a deployment. */
  readonly providerOf: (deploymentId: string) => string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Hear = (call: FinishedCall, provider: string | undefined) => void;

/** Traces and metrics of calls for an OpenTelemetry collector. */
export class OpenTelemetry implements CallObserver {
  readonly #hear: Hear;
  readonly #shutDown: () => Promise<unknown>;
  readonly #options: OpenTelemetryOptions;

  private constructor(options: OpenTelemetryOptions, hear: Hear, shutDown: () => Promise<unknown>) {
    this.#options = options;
    this.#hear = hear;
    this.#shutDown = shutDown;
  }

  /** Rejects with `InvalidConfiguration` where OpenTelemetry's packages are missing. */
  static async start(options: OpenTelemetryOptions): Promise<OpenTelemetry> {
    const { endpoints, serviceName, sampleRatio } = options;
    const sdk = await loadPackages();
    const resource = sdk.defaultResource().merge(sdk.resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }));
    const hearers: Hear[] = [];
    const parts: { shutdown(): Promise<void> }[] = [];
    if (endpoints.traces !== undefined) {
      const processor = new sdk.BatchSpanProcessor({
        exporter: new sdk.OTLPTraceExporter({ url: endpoints.traces }),
        maxQueueSize: MOST_SPANS,
        maxExportBatchSize: SPANS_AT_ONCE,
        scheduledDelayMillis: TRACES_EVERY_MS,
      });
      const sampler = new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(sampleRatio) });
      const provider = new sdk.TracerProvider({ resource, sampler, spanProcessors: [processor] });
      const spans = new CallSpans(sdk.api, provider.getTracer('headgate', version));
      hearers.push((call, of) => spans.write(call, of));
      parts.push(provider);
    }
    if (endpoints.metrics !== undefined) {
      const reader = new sdk.PeriodicExportingMetricReader({
        exporter: new sdk.OTLPMetricExporter({ url: endpoints.metrics }),
        exportIntervalMillis: METRICS_EVERY_MS,
        exportTimeoutMillis: METRICS_EVERY_MS,
      });
      const provider = new sdk.MeterProvider({ resource, readers: [reader] });
      const instruments = new CallInstruments(provider.getMeter('headgate', version));
      hearers.push((call, of) => instruments.record(call, of));
      parts.push(provider);
    }
    return new OpenTelemetry(
      options,
      (call, of) => {
        for (const hear of hearers) hear(call, of);
      },
      () => Promise.allSettled(parts.map((part) => part.shutdown())),
    );
  }

  finished(call: FinishedCall): void {
    this.#hear(call, call.deploymentId === undefined ? undefined : this.#options.providerOf(call.deploymentId));
  }

  /** Sends what is left, as far as that is possible by then. Never rejects. */
  async close(deadlineMs: number): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      await withTimeout(async () => void (await this.#shutDown()), deadlineMs / 1000, clock);
    } catch (error) {
      logger.error({ reason: textOf(error) }, 'OpenTelemetry did not take the last traces and metrics in time');
    }
  }
}
