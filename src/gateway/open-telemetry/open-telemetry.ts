import type { Clock } from '../../domain/clock.ts';
import { textOf } from '../../domain/errors.ts';
import type { Logger } from '../../domain/logger.ts';
import { version } from '../../domain/version.ts';
import { withTimeout } from '../../lib/with-timeout.ts';
import type { CallObserver, FinishedCall } from '../calls/finished-call.ts';
import { CallInstruments } from './call-instruments.ts';
import { CallSpans } from './call-spans.ts';
import { loadPackages, type Packages } from './load-packages.ts';
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

/** What hears of calls, and sends what is left when it is shut down. */
interface Part {
  readonly hear: (call: FinishedCall, provider: string | undefined) => void;
  readonly shutdown: () => Promise<void>;
}

/** Traces and metrics of calls for an OpenTelemetry collector. */
export class OpenTelemetry implements CallObserver {
  readonly #options: OpenTelemetryOptions;
  readonly #parts: readonly Part[];

  private constructor(options: OpenTelemetryOptions, parts: readonly Part[]) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Rejects with `InvalidConfiguration` where OpenTelemetry's packages are missing. */
  static async start(options: OpenTelemetryOptions): Promise<OpenTelemetry> {
    const { endpoints } = options;
    const packages = await loadPackages();
    const parts = [
      ...(endpoints.traces === undefined ? [] : [tracing(packages, options, endpoints.traces)]),
      ...(endpoints.metrics === undefined ? [] : [metering(packages, options, endpoints.metrics)]),
    ];
    return new OpenTelemetry(options, parts);
  }

  finished(call: FinishedCall): void {
    const provider = call.deploymentId === undefined ? undefined : this.#options.providerOf(call.deploymentId);
    for (const { hear } of this.#parts) hear(call, provider);
  }

  /** Sends what is left, as far as that is possible by then. Never rejects. */
  async close(deadlineMs: number): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      await withTimeout(() => Promise.allSettled(this.#parts.map(({ shutdown }) => shutdown())), deadlineMs / 1000, clock);
    } catch (error) {
      logger.error({ reason: textOf(error) }, 'OpenTelemetry did not take the last traces and metrics in time');
    }
  }
}

function tracing({ api, resources, traces, traceExporter }: Packages, options: OpenTelemetryOptions, url: string): Part {
  const provider = new traces.TracerProvider({
    resource: resourceOf(resources, options),
    sampler: new traces.ParentBasedSampler({ root: new traces.TraceIdRatioBasedSampler(options.sampleRatio) }),
    spanProcessors: [
      new traces.BatchSpanProcessor({
        exporter: new traceExporter.OTLPTraceExporter({ url }),
        maxQueueSize: MOST_SPANS,
        maxExportBatchSize: SPANS_AT_ONCE,
        scheduledDelayMillis: TRACES_EVERY_MS,
      }),
    ],
  });
  const spans = new CallSpans(api, provider.getTracer('headgate', version));
  return { hear: (call, of) => spans.write(call, of), shutdown: () => provider.shutdown() };
}

function metering({ resources, metrics, metricExporter }: Packages, options: OpenTelemetryOptions, url: string): Part {
  const reader = new metrics.PeriodicExportingMetricReader({
    exporter: new metricExporter.OTLPMetricExporter({ url }),
    exportIntervalMillis: METRICS_EVERY_MS,
    exportTimeoutMillis: METRICS_EVERY_MS,
  });
  const provider = new metrics.MeterProvider({ resource: resourceOf(resources, options), readers: [reader] });
  const instruments = new CallInstruments(provider.getMeter('headgate', version));
  return { hear: (call, of) => instruments.record(call, of), shutdown: () => provider.shutdown() };
}

function resourceOf({ defaultResource, resourceFromAttributes }: Packages['resources'], { serviceName }: OpenTelemetryOptions) {
  return defaultResource().merge(resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }));
}
