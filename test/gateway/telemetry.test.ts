import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import OpenAI from 'openai';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { newApiKey } from '../../src/gateway/tenants/api-key.ts';
import { openDatabase } from '../../src/stores/sql/open-database.ts';
import { SqlKeyStore } from '../../src/stores/sql/sql-key-store.ts';
import { series } from '../prometheus/series.ts';
import { openPostgres } from '../servers/postgres.ts';
import { gatewayWorld } from './gateway-world.ts';
import { OtlpReceiver } from './otlp-receiver.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-telemetry-'));
  path = join(folder, 'telemetry.db');
});
afterEach(() => rm(folder, { recursive: true }));

const PROMPT = 'the secret prompt';
const messages = [{ role: 'user' as const, content: PROMPT }];
const prices = { gpt: { input: 1_000_000, output: 1_000_000 } };

function rows(): Record<string, unknown>[] {
  const database = new DatabaseSync(path);
  const found = database.prepare('select * from headgate_telemetry order by request_received_at, record_id').all();
  database.close();
  return found;
}

describe('telemetry of a gateway', () => {
  it('has a record of every call: whole, streamed, refused, failed, and one whose caller left', async () => {
    const w = await gatewayWorld({ config: { telemetry: { path }, prices }, openai: { latency: { headersMs: { min: 50, max: 50 } } } });
    const openai = new OpenAI({ baseURL: `${w.url}/v1`, apiKey: 'any', maxRetries: 0 });
    const whole = await openai.chat.completions.create({ model: 'gpt', messages, user: 'ann' }).withResponse();
    for await (const _ of await openai.chat.completions.create({ model: 'gpt', messages, stream: true }));
    await expect(openai.chat.completions.create({ model: 'nobody', messages })).rejects.toThrow();
    await expect(openai.chat.completions.create({ model: 'gpt', messages }, { signal: AbortSignal.abort() })).rejects.toThrow();
    const leaving = new AbortController();
    const left = openai.chat.completions.create({ model: 'gpt', messages }, { signal: leaving.signal });
    await new Promise((resolve) => setTimeout(resolve, 25));
    leaving.abort();
    await expect(left).rejects.toThrow();
    await w.gateway.close();

    const [first, streamed, unknown, gone] = rows();
    expect(rows()).toHaveLength(4);
    expect(first).toMatchObject({
      req_id: whole.response.headers.get('x-headgate-request-id'),
      user_id: 'ann',
      req_payload: '[redacted]',
      req_type: 'openai-chat',
      model: 'gpt',
      served_by: 'gpt',
      outcome: 'completed',
      status: 200,
      attempts: 1,
      streamed: 0,
      kind: 'interactive',
      input_tokens: whole.data.usage?.prompt_tokens,
      output_tokens: whole.data.usage?.completion_tokens,
      cost: whole.data.usage?.total_tokens,
      deployment_id: whole.response.headers.get('x-headgate-deployment'),
    });
    expect(streamed).toMatchObject({ outcome: 'completed', streamed: 1 });
    expect(Number(streamed?.['output_tokens'])).toBeGreaterThan(0);
    expect(unknown).toMatchObject({ outcome: 'rejected', status: 404, error_code: 'model_not_registered', response_queued_at: -1 });
    expect(gone).toMatchObject({ outcome: 'cancelled', status: 499 });
    expect(JSON.stringify(rows())).not.toContain(PROMPT);
  });

  it('holds bodies where that is turned on', async () => {
    const w = await gatewayWorld({ config: { telemetry: { path, payloads: true } } });
    const openai = new OpenAI({ baseURL: `${w.url}/v1`, apiKey: 'any', maxRetries: 0 });
    await openai.chat.completions.create({ model: 'gpt', messages });
    await w.gateway.close();

    expect(JSON.parse(String(rows()[0]?.['req_payload']))).toEqual({ model: 'gpt', messages });
  });

  it('keeps a gateway from starting only where it can’t work at all', async () => {
    const models = { gpt: { deployments: [{ provider: 'openai', apiKey: 'k' }] } };
    const gateway = { database: 'sqlite::memory:' };
    const wrong = createGateway({ models, gateway, telemetry: { path: join(folder, 'missing', 'x.db') } }, { env: {} });
    await expect(wrong).rejects.toThrow(InvalidConfiguration);
    const nobody = 'postgresql://user:hidden@127.0.0.1:9/none';
    const started = await createGateway({ models, gateway, telemetry: { connectionString: nobody } }, { env: {} });
    await started.close({ deadlineMs: 0 });
  });
});

describe('GET /metrics', () => {
  it('tells what happened to calls', async () => {
    const w = await gatewayWorld({ config: { telemetry: { path }, prices } });
    const openai = new OpenAI({ baseURL: `${w.url}/v1`, apiKey: 'any', maxRetries: 0 });
    const { usage } = await openai.chat.completions.create({ model: 'gpt', messages });
    for await (const _ of await openai.chat.completions.create({ model: 'gpt', messages, stream: true }));
    const response = await fetch(`${w.url}/metrics`);
    const text = await response.text();
    const seen = await series({ text: async () => text });

    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(seen('headgate_requests_total')).toEqual({ 'model=gpt,tenant=,outcome=completed': 2 });
    expect(seen('headgate_tokens_total')['model=gpt,tenant=,kind=input']).toBe(2 * (usage?.prompt_tokens ?? 0));
    expect(seen('headgate_cost_total')['model=gpt,tenant=']).toBeGreaterThan(usage?.total_tokens ?? 0);
    expect(seen('headgate_first_token_seconds_count')).toEqual({ 'model=gpt': 1 });
    expect(seen('headgate_telemetry_lost_total')).toEqual({ '': 0 });
    expect(Object.values(seen('headgate_circuit_state'))).toEqual([0, 0]);
  });

  it('is for administrators where the gateway asks for keys: it tells of every tenant', async () => {
    const database = join(folder, 'gateway.db');
    const opened = await openDatabase(database);
    const keys = ['acme', 'ops'].map((tenant) => newApiKey({ tenant, isAdmin: tenant === 'ops' }, 0));
    for (const { record } of keys) await new SqlKeyStore(opened).add(record);
    await opened.close();
    const w = await gatewayWorld({ config: { gateway: { database }, telemetry: { path } } });
    const openai = new OpenAI({ baseURL: `${w.url}/v1`, apiKey: keys[0]?.key, maxRetries: 0 });
    await openai.chat.completions.create({ model: 'gpt', messages });
    const scrape = (key: string | undefined): Promise<Response> =>
      fetch(`${w.url}/metrics`, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } });

    expect((await scrape(undefined)).status).toBe(401);
    expect((await scrape(keys[0]?.key)).status).toBe(403);
    const text = await (await scrape(keys[1]?.key)).text();
    const seen = await series({ text: async () => text });
    expect(seen('headgate_requests_total')).toEqual({ 'model=gpt,tenant=acme,outcome=completed': 1 });
    await w.gateway.close();
    expect(rows()).toMatchObject([{ tenant: 'acme', user_id: 'acme', key_id: keys[0]?.record.keyId }]);
    expect(JSON.stringify(rows())).not.toContain(keys[0]?.key);
  });
});

describe('a telemetry database that stops', () => {
  it('stops no call, and has every record once it is back', async () => {
    await using server = await openPostgres();
    const client = new Client({ connectionString: server.url });
    await client.connect();
    // The tests' servers lose what they acknowledged when they stop as this one will.
    await client.query('alter database postgres set synchronous_commit = on');
    await client.end();
    const w = await gatewayWorld({ config: { telemetry: { connectionString: server.url } } });
    const openai = new OpenAI({ baseURL: `${w.url}/v1`, apiKey: 'any', maxRetries: 0 });
    const calls = (): Promise<unknown> =>
      Promise.all(Array.from({ length: 40 }, () => openai.chat.completions.create({ model: 'gpt', messages })));
    await calls();
    await server.stop();
    await calls();
    const text = await (await fetch(`${w.url}/metrics`)).text();
    const seen = await series({ text: async () => text });
    expect(seen('headgate_telemetry_waiting')['']).toBeGreaterThanOrEqual(40);
    await server.start();
    await calls();
    await w.gateway.close();

    const after = new Client({ connectionString: server.url });
    await after.connect();
    const { rows: counted } = await after.query(
      'select count(*)::int as all, count(distinct req_id)::int as apart from headgate_telemetry',
    );
    await after.end();
    expect(counted).toEqual([{ all: 120, apart: 120 }]);
  });
});

describe('OpenTelemetry of a gateway', () => {
  it('has calls as parts of their callers’ traces', async () => {
    const receiver = await OtlpReceiver.open();
    const w = await gatewayWorld({ config: { telemetry: { sink: 'none', openTelemetry: { endpoint: receiver.url } } } });
    const openai = new OpenAI({ baseURL: `${w.url}/v1`, apiKey: 'any', maxRetries: 0 });
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    await openai.chat.completions.create({ model: 'gpt', messages }, { headers });
    await w.gateway.close();
    receiver.close();

    expect(receiver.spans.map(({ name }) => name).sort()).toEqual(['attempt', 'chat gpt', 'queue']);
    expect(new Set(receiver.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    expect(receiver.points('gen_ai.client.operation.duration')).toHaveLength(1);
  });
});
