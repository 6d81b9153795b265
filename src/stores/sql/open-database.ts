import { resolve } from 'node:path';
import { Kysely, sql } from 'kysely';
import { InvalidConfiguration } from '../../domain/errors.ts';
import { openNodeSqlite } from './node-sqlite.ts';
import { openNodePostgres } from './postgres.ts';

export type SqlKind = 'sqlite' | 'postgres';

/** A database whose tables its users name: `db.$extendTables<{ … }>()`. */
export interface SqlDatabase {
  readonly kind: SqlKind;
  readonly db: Kysely<unknown>;
  /** Ends its connections. Whoever opened the same SQLite file elsewhere in this process keeps it. Idempotent. */
  close(): Promise<void>;
}

interface SharedFile {
  readonly db: Kysely<unknown>;
  readonly close: () => Promise<void>;
  users: number;
  isQuick: boolean;
}

export interface OpenOptions {
  /**
   * Of a SQLite file: nothing waits, neither for the disk (a power cut may take the last transactions) nor for long for a lock of another
   * process (that is an error). Holds while nobody who has the file open needs more. Default false.
   */
  readonly quick?: boolean | undefined;
}

const QUICK = ['synchronous = normal', 'busy_timeout = 20'];
const CAREFUL = ['synchronous = full', 'busy_timeout = 1000'];

/**
 * SQLite files that are open in this process, by path. `node:sqlite` waits for a lock without letting anything else run: a
 * second connection would wait for a transaction of the first one that can't go on. So there is one, whose users take turns.
 */
const openFiles = new Map<string, SharedFile>();

/**
 * Opens `postgres://…` or `postgresql://…` (package `pg`; the server need not be there yet), or SQLite: `sqlite:path`,
 * `sqlite::memory:`, or a path alone.
 * @throws InvalidConfiguration (rejects) where the string says nothing of that kind, or the file can't be opened
 */
export async function openDatabase(connectionString: string, { quick = false }: OpenOptions = {}): Promise<SqlDatabase> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(connectionString)?.[1]?.toLowerCase();
  if (scheme === 'postgres' || scheme === 'postgresql') return openServer(connectionString);
  const path = scheme === 'sqlite' ? connectionString.slice('sqlite:'.length).replace(/^\/\/(?=.)/, '') : connectionString;
  if ((scheme !== undefined && scheme !== 'sqlite' && connectionString.includes('://')) || path === '') {
    const found = path === '' ? 'names no file' : `begins with '${scheme}:'`;
    const message = `The connection string ${found}; expected postgresql://…, sqlite:path or the path of a SQLite file.`;
    throw new InvalidConfiguration(message, 'connectionString');
  }
  return path === ':memory:' ? openOnce(await openFile(path)) : openShared(resolve(path), quick);
}

async function openServer(url: string): Promise<SqlDatabase> {
  const { dialect, close } = await openNodePostgres(url);
  const db = new Kysely<unknown>({ dialect });
  return { kind: 'postgres', db, close: () => db.destroy().then(close) };
}

async function openShared(path: string, quick: boolean): Promise<SqlDatabase> {
  let file = openFiles.get(path);
  if (file === undefined) {
    const opened = await openFile(path);
    file = openFiles.get(path);
    // Somebody else may have been quicker while this one waited.
    if (file === undefined) openFiles.set(path, opened);
    else await opened.close();
    file ??= opened;
  }
  file.users += 1;
  if (file.isQuick !== quick && (!quick || file.users === 1)) {
    file.isQuick = quick;
    for (const pragma of quick ? QUICK : CAREFUL) await sql`pragma ${sql.raw(pragma)}`.execute(file.db);
  }
  return openOnce(file, path);
}

async function openFile(path: string): Promise<SharedFile> {
  const { dialect, close } = await openNodeSqlite(path);
  const db = new Kysely<unknown>({ dialect });
  return { db, users: 0, isQuick: false, close: () => db.destroy().then(close) };
}

/** One user's share of a file. */
function openOnce(file: SharedFile, path?: string): SqlDatabase {
  let closed: Promise<void> | undefined;
  const leave = async (): Promise<void> => {
    file.users -= 1;
    if (file.users > 0) return;
    if (path !== undefined) openFiles.delete(path);
    await file.close();
  };
  return { kind: 'sqlite', db: file.db, close: () => (closed ??= leave()) };
}
