import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseHeadgateConfig } from '../../../src/config/headgate-config.ts';
import type { HeadgateConfigInput } from '../../../src/config/headgate-config-schema.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { LOCAL_CALLER } from '../../../src/gateway/calls/caller.ts';
import { newApiKey } from '../../../src/gateway/tenants/api-key.ts';
import { Tenants } from '../../../src/gateway/tenants/tenants.ts';
import { openDatabase } from '../../../src/stores/sql/open-database.ts';
import { SqlBudgetStore } from '../../../src/stores/sql/sql-budget-store.ts';
import { SqlKeyStore } from '../../../src/stores/sql/sql-key-store.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { freshDatabase } from '../../servers/fresh-database.ts';
import { openPostgres } from '../../servers/postgres.ts';
import { openRedis } from '../../servers/redis.ts';
import { askedCall, finishedCall, refusal } from './calls.ts';

const CONFIG: HeadgateConfigInput = {
  tenants: { acme: { weight: 2, budget: { tokens: { perDay: 1000 } }, userLimits: { maxNumRequestsInTimeWindow: 3 } } },
};

async function someDatabase(kind: string): Promise<string> {
  if (kind === 'Postgres') {
    const { url, drop } = await freshDatabase();
    onTestFinished(drop);
    return url;
  }
  const folder = mkdtempSync(join(tmpdir(), 'headgate-tenants-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'gateway.db');
}

function open(database: string, config: HeadgateConfigInput = CONFIG, clock = new VirtualClock()): Promise<Tenants> {
  return Tenants.open({ config: parseHeadgateConfig(config), database, clock, logger: silentLogger });
}

describe.each(['SQLite', 'Postgres'])('tenants whose database is %s', (kind) => {
  it('are let in by keys that are made and revoked while the gateway runs', async () => {
    const database = await someDatabase(kind);
    const clock = new VirtualClock();
    const tenants = await open(database, CONFIG, clock);
    expect(await tenants.hasKeys()).toBe(false);
    expect(await tenants.callerOf({})).toEqual(LOCAL_CALLER);

    const elsewhere = await openDatabase(database);
    const store = new SqlKeyStore(elsewhere);
    const { key, record } = newApiKey({ tenant: 'acme', isAdmin: false }, clock.wallMs());
    await store.add(record);
    await clock.advance(2_000);
    expect(await tenants.callerOf({ authorization: `Bearer ${key}` })).toEqual({ keyId: record.keyId, tenant: 'acme', isAdmin: false });
    expect((await refusal(() => tenants.callerOf({}))).code).toBe('missing_key');

    await store.revoke(record.keyId, clock.wallMs());
    await clock.advance(2_000);
    expect((await refusal(() => tenants.callerOf({ 'x-api-key': key }))).code).toBe('unknown_key');
    await elsewhere.close();
    await tenants.close();
  });

  it('remember what they used up before a restart', async () => {
    const database = await someDatabase(kind);
    const first = await open(database);
    const call = askedCall('acme');
    await first.gate.admit(call);
    first.gate.finished(finishedCall(call, 1000));
    await first.close();

    const second = await open(database);
    expect(second.budgetsOf('acme')).toMatchObject([{ spent: 1000, most: 1000 }]);
    expect((await refusal(() => second.gate.admit(askedCall('acme')))).code).toBe('budget_exhausted');
    await second.close();
  });
});

describe('tenants whose Postgres is stopped', () => {
  it('are let in by the keys that are known, and what they use up is written afterwards, once', async () => {
    await using server = await openPostgres();
    const clock = new VirtualClock();
    const tenants = await open(server.url, CONFIG, clock);
    const elsewhere = await openDatabase(server.url);
    const { key, record } = newApiKey({ tenant: 'acme', isAdmin: false }, 0);
    await new SqlKeyStore(elsewhere).add(record);
    await clock.advance(2_000);
    const spend = async (tokens: number): Promise<void> => {
      expect((await tenants.callerOf({ 'x-api-key': key })).tenant).toBe('acme');
      const call = askedCall('acme', { kind: 'batch', body: { max_tokens: 1 } });
      await tenants.gate.admit(call);
      tenants.gate.finished(finishedCall(call, tokens));
      await clock.advance(3_000);
    };
    await spend(100);
    await server.stop();
    for (let call = 0; call < 5; call++) await spend(10);
    expect(tenants.budgetsOf('acme')).toMatchObject([{ spent: 150 }]);

    await server.start();
    const [day] = new Date(clock.wallMs()).toISOString().split('T');
    const written = async () => {
      await clock.advance(1_000);
      return (await new SqlBudgetStore(elsewhere).spent('acme', [day ?? '']).catch(() => []))[0]?.tokens;
    };
    await expect.poll(written, { timeout: 15_000 }).toBe(150);
    await tenants.close();
    await elsewhere.close();
  });
});

describe('tenants whose limits are in Redis', () => {
  it('share them with other processes, and keep what they used up there', async () => {
    await using server = await openRedis();
    const config = { ...CONFIG, limitsStore: server.url };
    const [one, other] = [await open(await someDatabase('SQLite'), config), await open(await someDatabase('SQLite'), config)];
    for (const tenants of [one, other, one]) await tenants.gate.admit(askedCall('acme', { body: { max_tokens: 1 } }));
    expect((await refusal(() => other.gate.admit(askedCall('acme', { body: { max_tokens: 1 } })))).code).toBe('user_rate_limit');

    const call = askedCall('acme', { kind: 'batch' });
    await one.gate.admit(call);
    one.gate.finished(finishedCall(call, 1000));
    await one.close();
    await other.close();
    const again = await open(await someDatabase('SQLite'), config);
    expect((await refusal(() => again.gate.admit(askedCall('acme')))).code).toBe('budget_exhausted');
    await again.close();
  });

  it('are served while Redis is not there, at the start and later', async () => {
    const server = await openRedis();
    const config = { ...CONFIG, limitsStore: server.url };
    await server.stop();
    const tenants = await open(await someDatabase('SQLite'), config);
    const small = { body: { max_tokens: 1 } };
    for (let call = 0; call < 3; call++) await tenants.gate.admit(askedCall('acme', small));
    expect((await refusal(() => tenants.gate.admit(askedCall('acme', small)))).code).toBe('user_rate_limit');
    await tenants.close();
    await server.remove();
  });
});
