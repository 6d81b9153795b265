import { type Kysely, sql } from 'kysely';
import { InvalidConfiguration } from '../../domain/errors.ts';
import type { SqlDatabase, SqlKind } from './open-database.ts';

/** One step of a schema. Runs once, inside a transaction. What was released is never changed: a later step mends it. */
export type Migration = (db: Kysely<unknown>, kind: SqlKind) => Promise<void>;

type Tables = { headgate_migrations: { name: string; version: number } };

/** Any number will do, as long as nobody else on the server takes it. */
const LOCK = 0x6865_6164;

/**
 * Brings the tables called `name` up to date: runs the steps that this database hasn't seen. Of several processes that start at
 * once one does it and the others wait; a step that fails leaves nothing behind.
 * @throws InvalidConfiguration (rejects) where the database is newer than these steps
 */
export async function migrate({ db, kind }: SqlDatabase, name: string, migrations: readonly Migration[]): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    // On SQLite the transaction itself holds the write lock.
    if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${LOCK})`.execute(transaction);
    await sql`create table if not exists headgate_migrations (name text primary key, version integer not null)`.execute(transaction);
    const tables = transaction.$extendTables<Tables>();
    const row = await tables.selectFrom('headgate_migrations').select('version').where('name', '=', name).executeTakeFirst();
    const version = row?.version ?? 0;
    if (version > migrations.length) {
      const message = `The database's tables '${name}' have version ${version}, this Headgate knows ${migrations.length}. Use the Headgate that made them, or a newer one.`;
      throw new InvalidConfiguration(message, 'connectionString');
    }
    for (const migration of migrations.slice(version)) await migration(transaction, kind);
    if (version === migrations.length) return;
    await tables
      .insertInto('headgate_migrations')
      .values({ name, version: migrations.length })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ version: migrations.length }))
      .execute();
  });
}

/**
 * A database with the tables called `name`: brought up to date when they are first asked for, so that a server may come later than we,
 * and again with the next call where that failed.
 */
export function lazyTables<T extends Record<string, Record<string, unknown>>>(
  database: SqlDatabase,
  name: string,
  migrations: readonly Migration[],
): () => Promise<Kysely<T>> {
  let tables: Promise<Kysely<T>> | undefined;
  return () => {
    tables ??= migrate(database, name, migrations).then(
      () => database.db.$extendTables<T>() as Kysely<T>,
      (error: unknown) => {
        tables = undefined;
        throw error;
      },
    );
    return tables;
  };
}
