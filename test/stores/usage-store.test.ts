import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/stores/sql/open-database.ts';
import { SqlUsageStore } from '../../src/stores/sql/sql-usage-store.ts';
import { freshDatabase } from '../servers/fresh-database.ts';

const DATABASES: Readonly<Record<string, () => Promise<string>>> = {
  SQLite: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-usage-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    return join(folder, 'u.db');
  },
  Postgres: async () => {
    const { url, drop } = await freshDatabase();
    onTestFinished(drop);
    return url;
  },
};

describe.each(Object.entries(DATABASES))('what a gateway’s limits had counted, in %s', (_name, where) => {
  it('is nothing at first, then what was written last, for whoever opens it next', async () => {
    const url = await where();
    const first = await openDatabase(url);
    const store = new SqlUsageStore(first);
    expect(await store.load()).toBeUndefined();
    await store.save('one');
    await Promise.all([store.save('two'), new SqlUsageStore(first).load()]);
    await first.close();
    const second = await openDatabase(url);
    expect(await new SqlUsageStore(second).load()).toBe('two');
    await second.close();
  });
});
