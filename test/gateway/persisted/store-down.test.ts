import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHeadgate, type Headgate } from '../../../src/client/index.ts';
import { systemClock } from '../../../src/lib/system-clock.ts';
import { type RunningSimulator, startSimulator } from '../../../src/simulator/index.ts';
import { openPostgres } from '../../servers/postgres.ts';
import type { PrivateServer } from '../../servers/private-server.ts';
import { type WorkApp, workApp } from './work-app.ts';

const BODY = { model: 'gpt', messages: [{ role: 'user', content: 'hi' }], max_tokens: 8 };
const HEADERS = { authorization: 'Bearer a' };

let server: PrivateServer;
let provider: RunningSimulator;
let headgate: Headgate;
let made: WorkApp;

beforeAll(async () => {
  [server, provider] = await Promise.all([openPostgres(), startSimulator({ limits: [], latency: { headersMs: { min: 300, max: 300 } } })]);
  const client = new Client({ connectionString: server.url });
  await client.connect();
  // As every server that isn't a test's: what was acknowledged outlives a crash.
  await client.query('alter database postgres set synchronous_commit = on');
  await client.end();
  const deployments = [{ provider: 'openai', baseUrl: `${provider.url}/v1`, apiKey: 'k' }];
  headgate = await createHeadgate({ models: { gpt: { deployments } } }, { env: {} });
  made = await workApp({ headgate, clock: systemClock, database: server.url });
});

afterAll(async () => {
  await made?.work.stop();
  await made?.app.close();
  await Promise.all([headgate?.close({ force: true }), provider?.close(), server?.remove()]);
});

interface Accepted {
  readonly status: number;
  readonly id: string;
  readonly retryAfter: unknown;
}

async function handIn(): Promise<Accepted> {
  const answer = await made.app.inject({ method: 'POST', url: '/v1/requests', headers: HEADERS, payload: BODY });
  const { id } = answer.json<{ id: string }>();
  return { status: answer.statusCode, id, retryAfter: answer.headers['retry-after'] };
}

async function statusOf(id: string): Promise<unknown> {
  const answer = await made.app.inject({ method: 'GET', url: `/v1/requests/${id}`, headers: HEADERS });
  return answer.json<{ status: unknown }>().status;
}

it('a database that goes down refuses what is new, loses nothing that was acknowledged, and goes on when it is back', async () => {
  const before = await Promise.all(Array.from({ length: 40 }, handIn));
  expect(before.every(({ status }) => status === 202)).toBe(true);
  // Their calls are under way; what they are answered can't be written.
  await sleep(100);
  await server.stop();
  const refused = await Promise.all(Array.from({ length: 10 }, handIn));
  for (const { status, retryAfter } of refused) expect([status, Number(retryAfter) > 0]).toEqual([503, true]);
  const interactive = await headgate.dispatch('gpt', { format: 'openai-chat', body: BODY });
  expect(interactive.answer.status).toBe(200);
  await server.start();
  const after = await handIn();
  expect(after.status).toBe(202);
  for (const { id } of [...before, after]) {
    await expect.poll(() => statusOf(id), { timeout: 20_000, interval: 50 }).toBe('completed');
  }
  const { accepted } = (await (await fetch(`${provider.url}/__stats`)).json()) as { accepted: number };
  // Each once: outcomes were kept until they could be written. And the interactive one.
  expect(accepted).toBe(42);
});
