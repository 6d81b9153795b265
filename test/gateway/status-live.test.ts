import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newApiKey } from '../../src/gateway/tenants/api-key.ts';
import { openDatabase } from '../../src/stores/sql/open-database.ts';
import { SqlKeyStore } from '../../src/stores/sql/sql-key-store.ts';
import { type Connection, type GatewayWatch, watchGateway } from '../../src/watch/index.ts';
import { listen } from '../watch/fake-gateway.ts';
import { gatewayWorld } from './gateway-world.ts';

/** On a machine with much to do soon may be later. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

async function makeKeys(database: string, tenants: readonly string[]): Promise<string[]> {
  const opened = await openDatabase(database);
  const store = new SqlKeyStore(opened);
  const made = tenants.map((tenant) => newApiKey({ tenant, isAdmin: tenant === 'admin' }, 0));
  for (const { record } of made) await store.add(record);
  await opened.close();
  return made.map(({ key }) => key);
}

describe('watchGateway on a gateway that listens', () => {
  it('sees a call pass, and lets the gateway close', async () => {
    const { url, gateway } = await gatewayWorld({ openai: { latency: { headersMs: { min: 400, max: 400 } } } });
    const watch = watchGateway(url);
    const heard = listen(watch.status$);
    const connection = listen<Connection>(watch.connection$);
    const body = JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 5 });
    const call = () => fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const answers = await Promise.all([call(), call()]);
    await soon(() => heard.values.at(-1)?.tenants[0]?.completed).toBe(2);

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(Math.max(...heard.values.map(({ tenants }) => tenants[0]?.processing ?? 0))).toBeGreaterThanOrEqual(1);
    expect(heard.values.at(-1)?.models[0]).toMatchObject({ modelId: 'gpt', completed: 2, processing: 0 });
    expect(heard.values.at(-1)?.deployments.map(({ provider, circuit }) => `${provider} ${circuit}`)).toEqual([
      'openai closed',
      'anthropic closed',
    ]);
    await gateway.close();
    await soon(() => connection.values.at(-1)?.state).toBe('waiting');
    watch.close();
    expect(heard.isComplete).toBe(true);
  });

  it('lets each key watch what is its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-watch-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const database = join(folder, 'gateway.db');
    const [anna, ben, admin] = await makeKeys(database, ['anna', 'ben', 'admin']);
    const { url } = await gatewayWorld({
      model: { rateLimiters: [{ type: 'concurrent', limit: 1 }] },
      config: { tenants: { anna: { models: ['gpt'] } }, gateway: { database }, telemetry: { sink: 'none' } },
      openai: { latency: { headersMs: { min: 300, max: 300 } } },
    });
    const watchOf = (key: string | undefined): GatewayWatch => {
      const watch = watchGateway(url, { key });
      onTestFinished(() => watch.close());
      return watch;
    };
    const handIn = async (key: string | undefined): Promise<string> => {
      const body = JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 5 });
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
      return ((await (await fetch(`${url}/v1/requests`, { method: 'POST', headers, body })).json()) as { id: string }).id;
    };
    await handIn(anna);
    const id = await handIn(anna);
    const own = listen(watchOf(anna).request$(id));
    const foreign = listen(watchOf(ben).request$(id));
    const seen = [anna, ben, admin].map((key) => listen(watchOf(key).status$));
    const stranger = listen(watchOf('hg_unknown').status$);
    await soon(() => own.isComplete && seen[2]?.values.at(-1)?.tenants[0]?.completed).toBe(2);

    expect(own.values.map(({ status }) => status)).toEqual(['pending', 'processing', 'completed']);
    expect(foreign).toMatchObject({ values: [], error: { code: 'watch_refused', status: 404 } });
    expect(stranger).toMatchObject({ values: [], error: { code: 'watch_refused', status: 401 } });
    await soon(() => seen[0]?.values.at(-1)?.tenants[0]).toMatchObject({ tenant: 'anna', completed: 2, processing: 0 });
    const [annas, bens, all] = seen.map(({ values }) => values.at(-1));
    expect(annas?.models.map(({ modelId }) => modelId)).toEqual(['gpt']);
    expect(bens).toMatchObject({ tenants: [{ tenant: 'ben', completed: 0 }], deployments: [] });
    expect(JSON.stringify(bens)).not.toContain('anna');
    expect(all?.tenants.map(({ tenant }) => tenant)).toEqual(['anna']);
    expect(all?.deployments).toHaveLength(2);
  });

  it('is not kept from closing by who reads its events', async () => {
    const { url, gateway } = await gatewayWorld();
    const { body } = await fetch(`${url}/status/events`);
    await gateway.close();
    await body?.cancel();
  });
});
