import { CompiledQuery } from 'kysely';
import type { TelemetryEntry } from '../../domain/telemetry.ts';
import { migrate } from './migrate.ts';
import { openDatabase, type SqlDatabase } from './open-database.ts';
import { insertStatement, rowOf, telemetryMigrations } from './telemetry-columns.ts';

/** Rows in one statement at most, a power of two: each smaller power has a statement too, and every number of rows is a sum of them. */
const MOST_ROWS = 64;

/** The table that telemetry is kept in. */
export class TelemetryTable {
  readonly #database: SqlDatabase;
  readonly #name: string;
  /** By how many rows they insert. */
  readonly #statements = new Map<number, string>();

  private constructor(database: SqlDatabase, name: string) {
    this.#database = database;
    this.#name = name;
  }

  /** Makes it where it is missing. */
  static async open(connectionString: string, name: string): Promise<TelemetryTable> {
    const database = await openDatabase(connectionString, { quick: true });
    try {
      await migrate(database, name, telemetryMigrations(name));
      return new TelemetryTable(database, name);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** All or none, and nothing that is there already. */
  async insert(entries: readonly TelemetryEntry[]): Promise<void> {
    const { db } = this.#database;
    const [first, ...others] = this.#queries(entries);
    if (first === undefined) return;
    if (others.length === 0) {
      await db.executeQuery(first);
      return;
    }
    await db.transaction().execute(async (transaction) => {
      for (const query of [first, ...others]) await transaction.executeQuery(query);
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #queries(entries: readonly TelemetryEntry[]): CompiledQuery[] {
    const queries: CompiledQuery[] = [];
    let rows = MOST_ROWS;
    for (let at = 0; at < entries.length; at += rows) {
      while (rows > entries.length - at) rows /= 2;
      queries.push(CompiledQuery.raw(this.#statement(rows), entries.slice(at, at + rows).flatMap(rowOf)));
    }
    return queries;
  }

  #statement(rows: number): string {
    const known = this.#statements.get(rows);
    if (known !== undefined) return known;
    const statement = insertStatement(this.#name, rows, this.#database.kind === 'postgres' ? (n) => `$${n}` : () => '?');
    this.#statements.set(rows, statement);
    return statement;
  }
}
