import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { BudgetStore } from '../../src/domain/budget-store.ts';
import { RedisBudgetStore } from '../../src/stores/redis/redis-budgets.ts';
import { openDatabase } from '../../src/stores/sql/open-database.ts';
import { SqlBudgetStore } from '../../src/stores/sql/sql-budget-store.ts';
import { freshDatabase } from '../servers/fresh-database.ts';
import { anyRedis } from '../servers/redis.ts';
import { describeBudgetStore } from './budget-store-contract.ts';

let redis: Awaited<ReturnType<typeof anyRedis>>;
beforeAll(async () => {
  redis = await anyRedis();
});
afterAll(() => redis.remove());

async function openSql(url: string): Promise<BudgetStore> {
  const database = await openDatabase(url);
  const store = new SqlBudgetStore(database);
  store.disconnect = (): Promise<void> => database.close();
  return store;
}

describeBudgetStore('in SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-budgets-'));
  return { open: () => openSql(join(folder, 'b.db')), close: async () => rmSync(folder, { recursive: true, force: true }) };
});

describeBudgetStore('in Postgres', async () => {
  const { url, drop } = await freshDatabase();
  return { open: () => openSql(url), close: drop };
});

describeBudgetStore('in Redis', async () => {
  const options = { redisUrl: redis.url, prefix: `headgate-test:${randomUUID()}:` };
  return { open: async () => new RedisBudgetStore(options), close: async () => {} };
});
