import { InvalidConfiguration } from '../../domain/errors.ts';

const PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/exporter-metrics-otlp-http',
];

/** OpenTelemetry's own packages. */
export interface Packages {
  readonly api: typeof import('@opentelemetry/api');
  readonly resources: typeof import('@opentelemetry/resources');
  readonly traces: typeof import('@opentelemetry/sdk-trace');
  readonly metrics: typeof import('@opentelemetry/sdk-metrics');
  readonly traceExporter: typeof import('@opentelemetry/exporter-trace-otlp-http');
  readonly metricExporter: typeof import('@opentelemetry/exporter-metrics-otlp-http');
}

/** Only those need them who send something there. */
export async function loadPackages(): Promise<Packages> {
  try {
    const [api, resources, traces, metrics, traceExporter, metricExporter] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/sdk-metrics'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/exporter-metrics-otlp-http'),
    ]);
    return { api, resources, traces, metrics, traceExporter, metricExporter };
  } catch (cause) {
    const message = `An OTLP endpoint is set, which needs packages that are not installed: npm install ${PACKAGES.join(' ')}`;
    throw new InvalidConfiguration(message, 'telemetry.openTelemetry', { cause });
  }
}
