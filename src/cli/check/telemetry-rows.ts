import { maskUrl } from '../../config/expand/mask-key.ts';
import type { HeadgateConfig } from '../../config/headgate-config-types.ts';
import { TELEMETRY_FILES } from '../../config/telemetry-config.ts';

/** Where the gateway's records go, where that is not where they go anyway, and what else is told of calls. */
export function telemetryRows({ telemetry: { sink, path, database, payloads, openTelemetry } }: HeadgateConfig): string[][] {
  const target = database === undefined ? path : maskUrl(database.url);
  const isUsual = sink === 'sqlite' && path === TELEMETRY_FILES.sqlite && !payloads;
  return [
    ...(isUsual
      ? []
      : [['records', [sink, target, payloads ? 'with payloads' : undefined].filter((part) => part !== undefined).join(' · ')]]),
    ...(openTelemetry.endpoint === undefined ? [] : [['OpenTelemetry', maskUrl(openTelemetry.endpoint)]]),
  ];
}
