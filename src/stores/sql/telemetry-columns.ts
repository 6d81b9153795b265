import { type Kysely, sql } from 'kysely';
import { GATEWAY_TELEMETRY_FIELDS, type GatewayTelemetryRecord } from '../../domain/gateway-telemetry.ts';
import type { TelemetryEntry } from '../../domain/telemetry.ts';
import { type ColumnKind, columnValue, type SqlValue } from './column-value.ts';
import type { Migration } from './migrate.ts';

type Field = keyof GatewayTelemetryRecord;

/** What its fields hold; the others are text. */
const KINDS: Partial<Record<Field, ColumnKind>> = {
  requestReceivedAt: 'bigint',
  requestQueuedAt: 'bigint',
  requestDequeuedAt: 'bigint',
  responseQueuedAt: 'bigint',
  responseDequeuedAt: 'bigint',
  promptTokens: 'bigint',
  completionTokens: 'bigint',
  embeddingTokens: 'bigint',
  streamed: 'boolean',
  status: 'bigint',
  attempts: 'bigint',
  queueMs: 'double precision',
  answeredAfterMs: 'double precision',
  endedAt: 'bigint',
  inputTokens: 'bigint',
  outputTokens: 'bigint',
  cachedInputTokens: 'bigint',
  cost: 'double precision',
};

const COLUMNS = GATEWAY_TELEMETRY_FIELDS.map((field) => ({ field, name: snakeCase(field), kind: KINDS[field] ?? ('text' as const) }));

/**
 * How one asks for what happened: at what time, of whom, of which model. New rows stand beside each other in all of these; one of random
 * ids would cost as much as everything else together.
 */
const INDEXES: readonly (readonly Field[])[] = [['requestReceivedAt'], ['tenant', 'requestReceivedAt'], ['model', 'requestReceivedAt']];

/** The steps that make the table of this name. */
export function telemetryMigrations(table: string): readonly Migration[] {
  return [
    async (db) => {
      const columns = COLUMNS.map(({ name, kind }) => sql`${sql.ref(name)} ${sql.raw(kind)}`);
      await sql`create table ${sql.table(table)} (record_id text primary key, ${sql.join(columns)})`.execute(db);
      for (const fields of INDEXES) await index(db, table, fields.map(snakeCase));
    },
  ];
}

async function index(db: Kysely<unknown>, table: string, columns: readonly string[]): Promise<void> {
  const name = [table, ...columns].join('_');
  await sql`create index ${sql.ref(name)} on ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})`.execute(db);
}

/** The columns' names, in the order of {@link rowOf}. */
export const COLUMN_NAMES: readonly string[] = ['record_id', ...COLUMNS.map(({ name }) => name)];

/** One row's values. */
export function rowOf({ id, record }: TelemetryEntry): SqlValue[] {
  return [id, ...COLUMNS.map(({ field, kind }) => columnValue(kind, Reflect.get(record, field)))];
}

/** The same by the columns' names. */
export function namedRowOf({ id, record }: TelemetryEntry): Readonly<Record<string, SqlValue>> {
  const row: Record<string, SqlValue> = { record_id: id };
  for (const { field, name, kind } of COLUMNS) row[name] = columnValue(kind, Reflect.get(record, field));
  return row;
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
