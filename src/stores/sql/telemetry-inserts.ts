import { CompiledQuery } from 'kysely';
import type { TelemetryEntry } from '../../domain/telemetry.ts';
import type { SqlKind } from './open-database.ts';
import { COLUMN_NAMES, namedRowOf, rowOf } from './telemetry-columns.ts';

/** Makes the queries that insert entries in their order, but none whose id is there already. */
export type TelemetryInserts = (entries: readonly TelemetryEntry[]) => CompiledQuery[];

/** Rows in one statement at most, a power of two: each smaller power has a statement too, and every number of rows is a sum of them. */
const MOST_ROWS = 64;

/** As is quickest for each: SQLite has statements prepared for so many rows, Postgres takes any number of them as one parameter. */
export function telemetryInserts(kind: SqlKind, table: string): TelemetryInserts {
  return kind === 'sqlite' ? preparedInserts(table) : jsonInserts(table);
}

function preparedInserts(table: string): TelemetryInserts {
  const row = `(${COLUMN_NAMES.map(() => '?').join(', ')})`;
  const statements = new Map<number, string>();
  const statementFor = (rows: number): string => {
    const values = Array.from({ length: rows }, () => row).join(', ');
    const known =
      statements.get(rows) ?? `insert into "${table}" (${COLUMN_NAMES.join(', ')}) values ${values} on conflict (record_id) do nothing`;
    statements.set(rows, known);
    return known;
  };
  return (entries) => {
    const queries: CompiledQuery[] = [];
    let rows = MOST_ROWS;
    for (let at = 0; at < entries.length; at += rows) {
      while (rows > entries.length - at) rows /= 2;
      queries.push(CompiledQuery.raw(statementFor(rows), entries.slice(at, at + rows).flatMap(rowOf)));
    }
    return queries;
  };
}

function jsonInserts(table: string): TelemetryInserts {
  const rows = `json_populate_recordset(null::"${table}", $1::json)`;
  const statement = `insert into "${table}" select * from ${rows} on conflict (record_id) do nothing`;
  return (entries) => {
    if (entries.length === 0) return [];
    return [CompiledQuery.raw(statement, [JSON.stringify(entries.map(namedRowOf))])];
  };
}
