import { type Kysely, sql } from 'kysely';
import type { UsageStore } from '../../domain/usage-store.ts';
import { lazyTables, type Migration } from './migrate.ts';
import type { SqlDatabase } from './open-database.ts';

type UsageTables = { headgate_limit_usage: { readonly id: number; readonly usage: string } };

const ONLY_ROW = 1;

const createTable: Migration = async (db) => {
  await sql`create table headgate_limit_usage (id integer primary key, usage text not null)`.execute(db);
};

/** What a gateway's limits had counted, in one row of SQL. */
export class SqlUsageStore implements UsageStore {
  readonly #open: () => Promise<Kysely<UsageTables>>;

  constructor(database: SqlDatabase) {
    this.#open = lazyTables(database, 'limit usage', [createTable]);
  }

  async load(): Promise<string | undefined> {
    const db = await this.#open();
    const row = await db.selectFrom('headgate_limit_usage').select('usage').where('id', '=', ONLY_ROW).executeTakeFirst();
    return row?.usage;
  }

  async save(usage: string): Promise<void> {
    const db = await this.#open();
    await db
      .insertInto('headgate_limit_usage')
      .values({ id: ONLY_ROW, usage })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ usage }))
      .execute();
  }
}
