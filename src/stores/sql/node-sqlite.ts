import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely';
import { InvalidConfiguration, textOf } from '../../domain/errors.ts';

/** A statement that answers with rows: `run` would throw them away, `all` doesn't know how many rows it changed. */
const ANSWERS_WITH_ROWS = /^\s*(?:select|with|values|pragma|explain)\b|\breturning\b/i;
/** Statements of fixed text come again and again; those made for many rows at once differ in length. */
const MOST_STATEMENTS = 200;
/** The whole process stands still while it waits for another one to finish writing. */
const BUSY_TIMEOUT_MS = 1000;
const PRAGMAS = [
  // First: changing the journal's mode may meet another process that does the same.
  `busy_timeout = ${BUSY_TIMEOUT_MS}`,
  // Readers and a writer don't wait for each other, and a commit is one write.
  'journal_mode = wal',
  // What was acknowledged outlives a power cut, not only the end of the process.
  'synchronous = full',
];

/** Opens a file, or `:memory:`. @throws InvalidConfiguration (rejects) where that can't be done */
export async function openNodeSqlite(path: string): Promise<OpenSqlite> {
  const { DatabaseSync } = await import('node:sqlite');
  let database: DatabaseSync | undefined;
  try {
    // Made by us, so that nobody else on the machine reads what is in it; SQLite gives its other files the same mode.
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
    database = new DatabaseSync(path);
    for (const pragma of PRAGMAS) database.exec(`pragma ${pragma}`);
  } catch (cause) {
    database?.close();
    const message = `The SQLite database '${path}' cannot be opened: ${textOf(cause)}. Its folder must exist and be writable.`;
    throw new InvalidConfiguration(message, 'connectionString', { cause });
  }
  const open = new OpenDatabase(database);
  return { dialect: new NodeSqliteDialect({ database: open }), close: () => open.close() };
}

export interface OpenSqlite {
  readonly dialect: SqliteDialect;
  /** Closes the file where nobody used the dialect and so nobody closed it. */
  close(): void;
}

class NodeSqliteDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new WritingDriver(this.#config);
  }
}

class WritingDriver extends SqliteDriver {
  /** Takes the write lock at once: a transaction that reads first and writes then fails where another process wrote in between. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** `node:sqlite` as kysely expects a database; keeps prepared statements. */
class OpenDatabase implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Statement>();
  #isOpen = true;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = new Statement(this.#database.prepare(sql), ANSWERS_WITH_ROWS.test(sql));
    if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#statements.clear();
    this.#database.close();
  }
}

class Statement implements SqliteStatement {
  readonly reader: boolean;
  readonly #statement: StatementSync;

  constructor(statement: StatementSync, reader: boolean) {
    this.#statement = statement;
    this.reader = reader;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...parameters.map(bindable));
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...parameters.map(bindable));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...parameters.map(bindable));
  }
}

/** SQLite has no booleans. Whatever else it can't take, it says itself. */
function bindable(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value === undefined ? null : (value as SQLInputValue);
}
