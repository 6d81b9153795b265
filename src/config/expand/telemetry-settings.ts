import type { TelemetrySettings } from '../headgate-config-types.ts';
import { type CheckedTelemetry, TELEMETRY_FILES } from '../telemetry-config.ts';
import { addressOf } from './masked-dump.ts';

/** What a checked section says, with what holds where it says nothing. */
export function telemetrySettings(checked: CheckedTelemetry): TelemetrySettings {
  const { connectionString, payloads, bufferSize, openTelemetry } = checked;
  const sink = checked.sink ?? (connectionString === undefined ? 'sqlite' : 'postgres');
  const path = sink === 'sqlite' || sink === 'csv' ? (checked.path ?? TELEMETRY_FILES[sink]) : undefined;
  return {
    sink,
    payloads,
    bufferSize,
    openTelemetry,
    ...(path !== undefined && { path }),
    ...(connectionString !== undefined && { database: addressOf(connectionString) }),
  };
}
