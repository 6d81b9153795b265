import type { TelemetryEntry } from '../../domain/telemetry.ts';
import { migrate } from './migrate.ts';
import { openDatabase, type SqlDatabase } from './open-database.ts';
import { telemetryMigrations } from './telemetry-columns.ts';
import { type TelemetryInserts, telemetryInserts } from './telemetry-inserts.ts';

/** The table that telemetry is kept in. */
export class TelemetryTable {
  readonly #database: SqlDatabase;
  readonly #inserts: TelemetryInserts;

  private constructor(database: SqlDatabase, name: string) {
    this.#database = database;
    this.#inserts = telemetryInserts(database.kind, name);
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
    const [first, ...others] = this.#inserts(entries);
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
}
