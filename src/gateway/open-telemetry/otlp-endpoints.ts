type Environment = Readonly<Record<string, string | undefined>>;

/** Where traces and metrics go; undefined: nowhere. */
export interface OtlpEndpoints {
  readonly traces: string | undefined;
  readonly metrics: string | undefined;
}

/** OpenTelemetry's own variables name an endpoint for each or for both; the configuration's goes first. */
export function otlpEndpoints(configured: string | undefined, env: Environment): OtlpEndpoints {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return { traces: undefined, metrics: undefined };
  const both = configured ?? (env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined);
  return {
    traces: (configured === undefined && env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) || below(both, 'v1/traces'),
    metrics: (configured === undefined && env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT']) || below(both, 'v1/metrics'),
  };
}

function below(base: string | undefined, path: string): string | undefined {
  return base === undefined ? undefined : `${base.replace(/\/+$/, '')}/${path}`;
}
