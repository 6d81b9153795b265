import { maskUrl } from '../../config/expand/mask-key.ts';
import type { HeadgateConfig } from '../../config/headgate-config-types.ts';
import { TELEMETRY_FILES } from '../../config/telemetry-config.ts';

/** Where the gateway keeps what it keeps. */
export function whatItKeeps({ gateway, telemetry }: HeadgateConfig): string {
  const database = gateway.database.includes('://') ? maskUrl(gateway.database) : gateway.database.replace(/^sqlite:/, '');
  return `Keys and accepted work are in ${database}; telemetry: ${placeOf(telemetry) ?? 'none'}.`;
}

/** Where the gateway's records go, where that is not where they go anyway, and what else is told of calls. */
export function telemetryRows({ telemetry }: HeadgateConfig): string[][] {
  const { sink, path, payloads, openTelemetry } = telemetry;
  const isUsual = sink === 'sqlite' && path === TELEMETRY_FILES.sqlite && !payloads;
  return [
    ...(isUsual
      ? []
      : [['records', [sink, placeOf(telemetry), payloads ? 'with payloads' : undefined].filter((part) => part !== undefined).join(' · ')]]),
    ...(openTelemetry.endpoint === undefined ? [] : [['OpenTelemetry', maskUrl(openTelemetry.endpoint)]]),
  ];
}

function placeOf({ path, database }: HeadgateConfig['telemetry']): string | undefined {
  return database === undefined ? path : maskUrl(database.url);
}
