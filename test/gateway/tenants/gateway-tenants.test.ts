import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GatewayStatus } from '../../../src/client/gateway-status.ts';
import type { HeadgateConfigInput } from '../../../src/config/headgate-config-schema.ts';
import { newApiKey } from '../../../src/gateway/tenants/api-key.ts';
import { openDatabase } from '../../../src/stores/sql/open-database.ts';
import { SqlKeyStore } from '../../../src/stores/sql/sql-key-store.ts';
import { gatewayWorld } from '../gateway-world.ts';

const CALL = { model: 'gpt', max_tokens: 10, messages: [{ role: 'user' as const, content: 'Say something short.' }] };

/** A gateway whose tenants have a key each; `ops` is an administrator. */
async function world(config: HeadgateConfigInput) {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-gateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'gateway.db');
  const database = await openDatabase(path);
  const store = new SqlKeyStore(database);
  const keys: Record<string, string> = {};
  for (const tenant of ['acme', 'bob', 'ops']) {
    const { key, record } = newApiKey({ tenant, isAdmin: tenant === 'ops' }, 0);
    await store.add(record);
    keys[tenant] = key;
  }
  await database.close();
  const { url, gateway } = await gatewayWorld({ config: { gateway: { database: path }, ...config } });
  const openai = (tenant: string, defaultHeaders = {}) =>
    new OpenAI({ baseURL: `${url}/v1`, apiKey: keys[tenant] ?? tenant, maxRetries: 0, defaultHeaders });
  const anthropic = (tenant: string) => new Anthropic({ baseURL: url, apiKey: keys[tenant] ?? tenant, maxRetries: 0 });
  const failure = async (call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> =>
    call.then(
      () => expect.unreachable(),
      (error) => error,
    );
  return { url, gateway, keys, openai, anthropic, failure };
}

describe('a gateway with keys', () => {
  it('asks for one, in the form of the face that is called', async () => {
    const { url, openai, anthropic, failure } = await world({});
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(CALL),
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { code: 'missing_key' } });
    expect(await failure(openai('sk-foreign').chat.completions.create(CALL))).toMatchObject({ status: 401, code: 'unknown_key' });
    expect(await failure(anthropic('sk-foreign').messages.create({ ...CALL, model: 'claude' }))).toMatchObject({
      status: 401,
      error: { type: 'error', error: { type: 'authentication_error' } },
    });
    await openai('acme').chat.completions.create(CALL);
    await anthropic('acme').messages.create({ ...CALL, model: 'claude' });
  });

  it('asks for it before it reads a large body, whatever its form', async () => {
    const { gateway } = await world({});
    for (const [url, type] of [
      ['/v1/chat/completions', 'application/json'],
      ['/v1/requests', 'application/json'],
      ['/v1/files', 'multipart/form-data; boundary=x'],
    ]) {
      // No JSON and no form: who reads it says so.
      const headers = { 'content-type': type };
      const answer = await gateway.app.inject({ method: 'POST', url, headers, payload: 'x'.repeat(100_000) });
      expect(answer.statusCode).toBe(401);
      expect(answer.json()).toMatchObject({ error: { code: 'missing_key' } });
    }
  });

  it('lets a tenant see and use its own models only, and lets nobody act for another but an administrator', async () => {
    const { openai, failure } = await world({ tenants: { acme: { models: ['gpt'] } } });
    const ids = async (client: OpenAI): Promise<string[]> => (await client.models.list()).data.map(({ id }) => id);
    expect(await ids(openai('acme'))).toEqual(['gpt']);
    expect(await ids(openai('bob'))).toEqual(['gpt', 'claude']);
    expect(await failure(openai('acme').chat.completions.create({ ...CALL, model: 'claude' }))).toMatchObject({
      status: 403,
      code: 'model_forbidden',
    });

    const asAcme = { 'x-headgate-tenant': 'acme' };
    expect(await failure(openai('bob', asAcme).chat.completions.create(CALL))).toMatchObject({ status: 403, code: 'tenant_forbidden' });
    expect(await failure(openai('ops', asAcme).chat.completions.create({ ...CALL, model: 'claude' }))).toMatchObject({
      code: 'model_forbidden',
    });
  });

  it('tells what is left of the requests, and when the next one is let in', async () => {
    const { openai, failure } = await world({
      tenants: { acme: { userLimits: { maxNumRequestsInTimeWindow: 2, timeWindowInSeconds: 30 } } },
    });
    const { response } = await openai('acme').chat.completions.create(CALL).withResponse();
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    expect(response.headers.get('x-ratelimit-reset-requests')).toBe('30s');
    await openai('acme').chat.completions.create(CALL);
    const refused = await failure(openai('acme').chat.completions.create(CALL));
    expect(refused).toMatchObject({ status: 429, code: 'user_rate_limit' });
    expect(Number(refused.headers?.get('retry-after'))).toBeGreaterThanOrEqual(29);
    expect(Number(refused.headers?.get('retry-after'))).toBeLessThanOrEqual(30);
    await openai('bob').chat.completions.create(CALL);
  });

  it('charges what was used, streamed or not, and refuses once the budget is used up', async () => {
    const { url, keys, openai, anthropic, failure } = await world({ tenants: { acme: { budget: { tokens: { perDay: 60 } } } } });
    const { response } = await openai('bob').chat.completions.create(CALL).withResponse();
    expect(response.headers.has('x-ratelimit-limit-tokens')).toBe(false);
    const calls = [
      async () => (await openai('acme').chat.completions.create(CALL)).usage?.total_tokens,
      async () => {
        let total: number | undefined;
        const stream = await openai('acme').chat.completions.create({ ...CALL, stream: true, stream_options: { include_usage: true } });
        for await (const { usage } of stream) total = usage?.total_tokens ?? total;
        return total;
      },
      async () => {
        const { input_tokens, output_tokens } = (await anthropic('acme').messages.create({ ...CALL, model: 'claude' })).usage;
        return input_tokens + output_tokens;
      },
    ];
    let used = 0;
    let last = 0;
    for (let turn = 0; used < 60; turn++) {
      last = (await calls[turn % 3]?.()) ?? Number.NaN;
      expect(last).toBeGreaterThan(0);
      used += last;
    }
    expect(used - last).toBeLessThan(60);
    for (const tenant of ['acme', 'ops']) {
      const status = await fetch(`${url}/status`, { headers: { 'x-api-key': keys[tenant] ?? '' } });
      expect(((await status.json()) as GatewayStatus).tenants.find((one) => one.tenant === 'acme')?.budgets).toMatchObject([
        { unit: 'tokens', every: 'day', most: 60, spent: used, reserved: 0, says: '60 tokens a day' },
      ]);
    }
    const refused = await failure(openai('acme').chat.completions.create(CALL));
    expect(refused).toMatchObject({ status: 429, code: 'budget_exhausted' });
    expect(Number(refused.headers?.get('retry-after'))).toBeLessThanOrEqual(86_400);
  });

  it('notices a key that is revoked within seconds', async () => {
    const { openai, keys, gateway } = await world({});
    await openai('acme').chat.completions.create(CALL);
    const database = await openDatabase(gateway.headgate.config.gateway.database);
    await new SqlKeyStore(database).revoke((keys['acme'] ?? '').slice(3, 15), 1);
    await database.close();
    await expect
      .poll(
        async () =>
          openai('acme')
            .chat.completions.create(CALL)
            .then(
              () => 200,
              (error: { status: number }) => error.status,
            ),
        { timeout: 5_000, interval: 200 },
      )
      .toBe(401);
  });
});

describe('a gateway without keys', () => {
  it('serves this machine by its own names, and no page of the internet that has its name point here', async () => {
    const { gateway } = await gatewayWorld();
    const asked = async (host: string) => (await gateway.app.inject({ url: '/status', headers: { host } })).statusCode;
    for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'gateway', 'host.docker.internal:8080', '[::ffff:127.0.0.1]'])
      expect([host, await asked(host)]).toEqual([host, 200]);
    for (const host of ['evil.example', 'evil.example:8080', 'EVIL.example.', '127.0.0.1.evil.example', 'localhost.evil.example:80'])
      expect([host, await asked(host)]).toEqual([host, 403]);
  });
});
