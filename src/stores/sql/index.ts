/** Entry `headgate/database`: telemetry in Postgres and SQLite. */
export type { TelemetryEntry } from '../../domain/telemetry.ts';
export { DatabaseTelemetryAdapter, type DatabaseTelemetryOptions } from './database-telemetry-adapter.ts';
