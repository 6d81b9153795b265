import { type Kysely, sql } from 'kysely';
import type { ApiKeyRecord, KeyStore } from '../../domain/key-store.ts';
import { lazyTables, type Migration } from './migrate.ts';
import type { SqlDatabase } from './open-database.ts';

interface KeyRow {
  readonly key_id: string;
  readonly hash: string;
  readonly tenant: string;
  readonly is_admin: number;
  readonly created_at: number;
  readonly revoked_at: number | null;
}

type KeyTables = { headgate_keys: KeyRow };

const createTable: Migration = async (db) => {
  await sql`create table headgate_keys (
    key_id text primary key, hash text not null, tenant text not null, is_admin integer not null, created_at bigint not null,
    revoked_at bigint)`.execute(db);
};

/** API keys in SQL; the table is made when it is first needed, so that a server may come later than we. */
export class SqlKeyStore implements KeyStore {
  readonly #open: () => Promise<Kysely<KeyTables>>;

  constructor(database: SqlDatabase) {
    this.#open = lazyTables(database, 'keys', [createTable]);
  }

  async add({ keyId, hash, tenant, isAdmin, createdAt, revokedAt }: ApiKeyRecord): Promise<void> {
    const db = await this.#open();
    const row = { key_id: keyId, hash, tenant, is_admin: isAdmin ? 1 : 0, created_at: createdAt, revoked_at: revokedAt ?? null };
    await db.insertInto('headgate_keys').values(row).execute();
  }

  async list(): Promise<readonly ApiKeyRecord[]> {
    const db = await this.#open();
    const rows = await db.selectFrom('headgate_keys').selectAll().orderBy('created_at').orderBy('key_id').execute();
    return rows.map((row) => ({
      keyId: row.key_id,
      hash: row.hash,
      tenant: row.tenant,
      isAdmin: row.is_admin === 1,
      createdAt: row.created_at,
      revokedAt: row.revoked_at ?? undefined,
    }));
  }

  async revoke(keyId: string, at: number): Promise<boolean> {
    const db = await this.#open();
    await db.updateTable('headgate_keys').set({ revoked_at: at }).where('key_id', '=', keyId).where('revoked_at', 'is', null).execute();
    return (await db.selectFrom('headgate_keys').select('key_id').where('key_id', '=', keyId).executeTakeFirst()) !== undefined;
  }
}
