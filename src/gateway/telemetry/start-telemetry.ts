import type { TelemetrySettings } from '../../config/headgate-config-types.ts';
import type { Clock } from '../../domain/clock.ts';
import { InvalidConfiguration, textOf } from '../../domain/errors.ts';
import { GATEWAY_TELEMETRY_FIELDS } from '../../domain/gateway-telemetry.ts';
import type { EasyLogger } from '../../domain/logger.ts';
import type { TelemetrySink } from '../../domain/telemetry.ts';
import { CSVTelemetryDataStore } from '../../stores/csv-telemetry-store.ts';
import { DatabaseTelemetryAdapter } from '../../stores/sql/database-telemetry-adapter.ts';
import { TELEMETRY_BUFFER, TelemetryWriter } from '../../stores/telemetry-writer.ts';
import type { CallObserver } from '../calls/finished-call.ts';
import { OpenTelemetry } from '../open-telemetry/open-telemetry.ts';
import { otlpEndpoints } from '../open-telemetry/otlp-endpoints.ts';
import type { Prices } from './cost-of.ts';
import { TelemetryObserver } from './telemetry-observer.ts';

export interface TelemetryParts {
  readonly settings: TelemetrySettings;
  readonly prices: Prices;
  /** The provider of a deployment, by its preset's name. */
  readonly providerOf: (deploymentId: string) => string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: EasyLogger;
}

/** What hears of a gateway's calls and keeps or sends what is known of them. */
export interface GatewayTelemetry {
  readonly observers: readonly CallObserver[];
  /** The records that wait for their sink and those that were lost; undefined: none are kept. */
  readonly records: Pick<TelemetryWriter, 'waiting' | 'lost'> | undefined;
  /** Writes and sends what is left, as far as that is possible by then. Never rejects. */
  close(deadlineMs: number): Promise<void>;
}

/** A database that is down now gets its records later. Rejects with `InvalidConfiguration` where the sink can't be used at all. */
export async function startTelemetry(parts: TelemetryParts): Promise<GatewayTelemetry> {
  const writer = await startWriter(parts);
  const sender = await startSender(parts).catch(async (error: unknown) => {
    await writer?.close();
    throw error;
  });
  return {
    observers: [...(writer ? [new TelemetryObserver(writer, parts.prices)] : []), ...(sender ? [sender] : [])],
    records: writer,
    close: async (deadlineMs) => {
      await Promise.all([writer?.close(deadlineMs), sender?.close(deadlineMs)]);
    },
  };
}

async function startWriter({ settings, clock, logger }: TelemetryParts): Promise<TelemetryWriter | undefined> {
  const sink = sinkOf(settings);
  if (sink === undefined) return undefined;
  const writer = new TelemetryWriter({ sink, clock, logger, buffer: { ...TELEMETRY_BUFFER, records: settings.bufferSize } });
  try {
    await writer.connect();
  } catch (error) {
    if (error instanceof InvalidConfiguration) throw error;
    logger.error({ reason: textOf(error) }, 'the telemetry sink is not there yet; records will wait for it');
  }
  return writer;
}

function sinkOf({ sink, path = '', database }: TelemetrySettings): TelemetrySink | undefined {
  if (sink === 'none') return undefined;
  if (sink === 'csv') return new CSVTelemetryDataStore(path, GATEWAY_TELEMETRY_FIELDS);
  return new DatabaseTelemetryAdapter({ connectionString: database?.url ?? path });
}

async function startSender({ settings, providerOf, env, clock, logger }: TelemetryParts): Promise<OpenTelemetry | undefined> {
  const { endpoint, serviceName, sampleRatio } = settings.openTelemetry;
  const endpoints = otlpEndpoints(endpoint, env);
  if (endpoints.traces === undefined && endpoints.metrics === undefined) return undefined;
  const name = serviceName ?? (env['OTEL_SERVICE_NAME'] || 'headgate');
  return OpenTelemetry.start({ endpoints, serviceName: name, sampleRatio, providerOf, clock, logger });
}
