import { describe, expect, it, onTestFinished } from 'vitest';
import type { ApiKeyRecord } from '../../src/domain/key-store.ts';
import { openDatabase } from '../../src/stores/sql/open-database.ts';
import { SqlKeyStore } from '../../src/stores/sql/sql-key-store.ts';
import { freshDatabase } from '../servers/fresh-database.ts';

const record = (keyId: string, fields: Partial<ApiKeyRecord> = {}): ApiKeyRecord => ({
  keyId,
  hash: 'f'.repeat(64),
  tenant: 'acme',
  isAdmin: false,
  createdAt: 1_735_689_600_000,
  revokedAt: undefined,
  ...fields,
});

describe.each(['SQLite', 'Postgres'])('keys in %s', (kind) => {
  const open = async (): Promise<SqlKeyStore> => {
    const fresh = kind === 'SQLite' ? undefined : await freshDatabase();
    const database = await openDatabase(fresh?.url ?? ':memory:');
    onTestFinished(async () => {
      await database.close();
      await fresh?.drop();
    });
    return new SqlKeyStore(database);
  };

  it('are listed as they were made, oldest first', async () => {
    const store = await open();
    const keys = [record('b', { createdAt: 2 }), record('a', { createdAt: 1, isAdmin: true }), record('c', { createdAt: 3, revokedAt: 4 })];
    for (const key of keys) await store.add(key);
    expect(await store.list()).toEqual([keys[1], keys[0], keys[2]]);
  });

  it('are revoked once, and only where there are any', async () => {
    const store = await open();
    await store.add(record('a'));
    expect(await store.revoke('a', 5)).toBe(true);
    expect(await store.revoke('a', 9)).toBe(true);
    expect(await store.revoke('b', 5)).toBe(false);
    expect((await store.list()).map(({ revokedAt }) => revokedAt)).toEqual([5]);
  });
});
