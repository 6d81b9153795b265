import { InvalidConfiguration } from '../../domain/errors.ts';
import type { TelemetryEntry, TelemetryRecord, TelemetrySink } from '../../domain/telemetry.ts';
import { uuidSource } from '../../lib/ids.ts';
import { type PostgresParts, postgresUrl } from './postgres-url.ts';
import type { TelemetryTable } from './telemetry-table.ts';

const TABLE = 'headgate_telemetry';
const TABLE_NAME = /^[a-z_][a-z0-9_]{0,29}$/;

interface TableOption {
  /** The table, made where it is missing; default `headgate_telemetry`. Lower case letters, digits and `_`. */
  readonly table?: string | undefined;
}

interface ConnectionString {
  /** `postgresql://user:password@host:port/database` (needs the package `pg`), `sqlite:path`, or the path of a SQLite file. */
  readonly connectionString: string;
}

/** Where the database is: a connection string, or the parts of a Postgres one. */
export type DatabaseTelemetryOptions = TableOption & (ConnectionString | PostgresParts);

/** Telemetry as rows of a table in Postgres or SQLite. A record that comes twice is stored once. */
export class DatabaseTelemetryAdapter implements TelemetrySink {
  readonly #connectionString: string;
  readonly #name: string;
  readonly #newId = uuidSource();
  #table: TelemetryTable | undefined;

  /** Throws `InvalidConfiguration`. */
  constructor(options: DatabaseTelemetryOptions) {
    const { table = TABLE } = options;
    if (!TABLE_NAME.test(table)) {
      throw new InvalidConfiguration(`'table' is '${table}': expected at most 30 lower case letters, digits and '_'.`, 'table');
    }
    this.#connectionString = 'connectionString' in options ? options.connectionString : postgresUrl(options);
    this.#name = table;
    if (typeof this.#connectionString !== 'string' || this.#connectionString === '') {
      const message = "'connectionString' is missing: expected postgresql://… or the path of a SQLite file.";
      throw new InvalidConfiguration(message, 'connectionString');
    }
  }

  /** Makes the table where it is missing. Rejects while the database is down; it may be called again then. */
  async connect(): Promise<void> {
    if (this.#table !== undefined) return;
    // Only who stores telemetry in a database waits for what that takes.
    const { TelemetryTable } = await import('./telemetry-table.ts');
    this.#table = await TelemetryTable.open(this.#connectionString, this.#name);
  }

  async insertTelemetryData(record: Readonly<TelemetryRecord>): Promise<void> {
    await this.insertTelemetryBatch([{ id: this.#newId(), record }]);
  }

  async insertTelemetryBatch(entries: readonly TelemetryEntry[]): Promise<void> {
    if (this.#table === undefined) throw new Error('The telemetry database is not open: call connect() first.');
    await this.#table.insert(entries);
  }

  async disconnect(): Promise<void> {
    const table = this.#table;
    this.#table = undefined;
    await table?.close();
  }
}
