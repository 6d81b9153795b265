import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

it('a Redis that lost what was used up has it again from whoever knows, once', async () => {
  const prefix = `headgate-test:${randomUUID()}:`;
  const store = new RedisBudgetStore({ redisUrl: redis.url, prefix });
  const charge = { tenant: 'ann', period: '2026-11', tokens: 5, money: 0.5 };
  const [known] = await store.add({ writer: 'w', sequence: 1, charges: [{ ...charge, tokens: 100 }] });
  const server = new Redis(redis.url);
  await server.del(...(await server.keys(`${prefix}*`)));
  for (const sequence of [2, 2]) {
    expect(await store.add({ writer: 'w', sequence, charges: [{ ...charge, known }] })).toEqual([{ tokens: 105, money: 1 }]);
  }
  // Another process, which knows less.
  expect(await store.add({ writer: 'v', sequence: 1, charges: [{ ...charge, known }] })).toEqual([{ tokens: 110, money: 1.5 }]);
  server.disconnect();
  await store.disconnect();
});
