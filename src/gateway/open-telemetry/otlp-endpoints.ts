import { InvalidConfiguration } from '../../domain/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where traces and metrics go; undefined: nowhere. */
export interface OtlpEndpoints {
  readonly traces: string | undefined;
  readonly metrics: string | undefined;
}

/**
 * OpenTelemetry's own variables name an endpoint for each or for both; the configuration's goes first.
 * @throws InvalidConfiguration for a variable that holds no URL
 */
export function otlpEndpoints(configured: string | undefined, env: Environment): OtlpEndpoints {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return { traces: undefined, metrics: undefined };
  if (configured !== undefined) return { traces: below(configured, 'v1/traces'), metrics: below(configured, 'v1/metrics') };
  const both = urlIn(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  return {
    traces: urlIn(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? below(both, 'v1/traces'),
    metrics: urlIn(env, 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT') ?? below(both, 'v1/metrics'),
  };
}

function urlIn(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  if (value === undefined || value === '') return undefined;
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new InvalidConfiguration(`The environment variable ${name} holds no URL such as http://collector:4318.`, name);
}

function below(base: string | undefined, path: string): string | undefined {
  return base === undefined ? undefined : `${base.replace(/\/+$/, '')}/${path}`;
}
