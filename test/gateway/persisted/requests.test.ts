import { afterEach, describe, expect, it } from 'vitest';
import type { ModelCalls } from '../../../src/gateway/calls/call-request.ts';
import { TenantRefused } from '../../../src/gateway/calls/tenant-refused.ts';
import type { VirtualClock } from '../../../src/testing/index.ts';
import { at, chatBody, type World, world } from '../../client/headgate-world.ts';
import { callsOf, gently, quiet, type WorkApp, workApp } from './work-app.ts';

const HOST = 'provider.test';
const CONFIG = { models: { 'gpt-4o': { rateLimiters: [{ type: 'concurrent' as const, limit: 2 }], deployments: [at(HOST)] } } };
const LATENCY = { latency: { headersMs: { min: 1000, max: 1000 } } };

type Json = Record<string, unknown>;

interface Answer {
  readonly status: number;
  readonly json: Json;
  readonly text: string;
  readonly headers: Record<string, unknown>;
}

type Ask = (method: 'GET' | 'POST' | 'DELETE', url: string, body?: object, tenant?: string) => Promise<Answer>;

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function start(options: Partial<Parameters<typeof workApp>[0]> = {}): Promise<World & WorkApp & { readonly ask: Ask }> {
  const there = await world(CONFIG, { [HOST]: LATENCY });
  const made = await workApp({ headgate: there.headgate, clock: there.clock, ...options });
  opened.push(async () => {
    await gently(there.clock, made.work.stop());
    await made.app.close();
    await gently(there.clock, there.headgate.close({ force: true }));
  });
  await quiet(there.clock);
  const ask: Ask = async (method, url, body, tenant = 'a') => {
    const headers = { authorization: `Bearer ${tenant}` };
    const response = await gently(there.clock, made.app.inject({ method, url, headers, ...(body && { payload: body }) }));
    const isJson = String(response.headers['content-type']).includes('json');
    return { status: response.statusCode, json: isJson ? response.json<Json>() : {}, text: response.body, headers: response.headers };
  };
  return { ...there, ...made, ask };
}

/** Lets time pass in small steps: what needs no time happens before the next one. */
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  for (const end = clock.now() + ms; clock.now() < end; ) {
    await quiet(clock);
    await clock.advance(Math.min(50, end - clock.now()));
  }
  await quiet(clock);
}

const eventsOf = (text: string): Json[] => [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data ?? '') as Json);

/** Calls that are over only once they are broken off. */
const callsThatWait = (): ModelCalls => ({
  run: ({ signal }) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
});

describe('fire and forget', () => {
  it('is acknowledged at once, done later, and answered as the engine answers', async () => {
    const { ask, clock } = await start();
    const accepted = await ask('POST', '/v1/requests', { body: chatBody(), metadata: { ticket: 7 } });
    expect(accepted).toMatchObject({ status: 202, json: { status: 'pending' } });
    const id = String(accepted.json['id']);
    expect((await ask('GET', `/v1/requests/${id}`)).json).toMatchObject({ id, requestId: id, modelId: 'gpt-4o' });
    await pass(clock, 2000);
    expect((await ask('GET', `/v1/requests/${id}`)).json).toMatchObject({
      status: 'completed',
      attempts: 1,
      metadata: { ticket: 7 },
      result: { object: 'chat.completion', usage: expect.anything() },
      inputTokensUsed: expect.any(Number),
      deploymentId: expect.any(String),
      processingTime: expect.any(Number),
      queueTime: expect.any(Number),
    });
  });

  it('takes a bare chat body, and every endpoint', async () => {
    const { ask, clock } = await start();
    const { id } = (await ask('POST', '/v1/requests', chatBody())).json;
    const message = { model: 'gpt-4o', max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] };
    const others = [
      ['/v1/responses', { model: 'gpt-4o', input: 'hi' }, { object: 'response' }],
      ['/v1/embeddings', { model: 'gpt-4o', input: 'hi' }, { object: 'list' }],
      ['/v1/messages', message, { type: 'message' }],
    ] as const;
    const accepted: [unknown, object][] = [];
    for (const [endpoint, body, result] of others) {
      accepted.push([(await ask('POST', '/v1/requests', { endpoint, body })).json['id'], result]);
    }
    await pass(clock, 5000);
    expect((await ask('GET', `/v1/requests/${id}`)).json).toMatchObject({ status: 'completed', result: { object: 'chat.completion' } });
    for (const [other, result] of accepted) {
      expect((await ask('GET', `/v1/requests/${other}`)).json).toMatchObject({ status: 'completed', result });
    }
  });

  it('says what failed, with what the provider said', async () => {
    const { ask, clock } = await start();
    const { id } = (await ask('POST', '/v1/requests', chatBody({ messages: [] }))).json;
    await pass(clock, 3000);
    const { json } = await ask('GET', `/v1/requests/${id}`);
    expect(json).toMatchObject({
      status: 'failed',
      reason: 'error',
      error: expect.any(String),
      response: { status: 400, body: { error: expect.anything() } },
    });
  });

  it.each([
    [{}, 400, 'invalid_request'],
    [[], 400, 'invalid_request'],
    [{ body: 'x' }, 400, 'invalid_request'],
    [{ body: chatBody(), priority: 11 }, 400, 'invalid_request'],
    [{ body: chatBody(), extra: 1 }, 400, 'invalid_request'],
    [{ body: chatBody(), endpoint: '/v1/images' }, 400, 'invalid_request'],
    [{ body: chatBody(), timeout_seconds: 0 }, 400, 'invalid_request'],
    [{ body: { messages: [] } }, 400, 'missing_model'],
    [{ body: chatBody({ stream: true }) }, 400, 'stream_not_supported'],
    [{ body: chatBody({ model: 'nobody' }) }, 404, 'model_not_found'],
  ])('refuses %j', async (body, status, code) => {
    const { ask } = await start();
    expect(await ask('POST', '/v1/requests', body)).toMatchObject({ status, json: { error: { code } } });
  });

  it('belongs to its tenant; an administrator sees it', async () => {
    const { ask } = await start();
    const { id } = (await ask('POST', '/v1/requests', chatBody())).json;
    for (const [method, url] of [
      ['GET', `/v1/requests/${id}`],
      ['GET', `/v1/requests/${id}/events`],
      ['DELETE', `/v1/requests/${id}`],
    ] as const) {
      expect(await ask(method, url, undefined, 'b')).toMatchObject({ status: 404, json: { error: { code: 'not_found' } } });
    }
    expect((await ask('GET', `/v1/requests/${id}`, undefined, 'admin')).status).toBe(200);
    expect((await ask('GET', '/v1/requests/x%00y')).status).toBe(404);
  });

  it('is cancelled wherever it is, once', async () => {
    const { ask, clock, sent } = await start();
    const ids: unknown[] = [];
    for (let count = 0; count < 3; count++) ids.push((await ask('POST', '/v1/requests', chatBody())).json['id']);
    await pass(clock, 100);
    expect(sent.length).toBe(2);
    const [running, , queued] = ids;
    for (const id of [queued, running]) {
      expect(await ask('DELETE', `/v1/requests/${id}`)).toMatchObject({ status: 200, json: { status: 'failed', reason: 'cancelled' } });
      expect(await ask('DELETE', `/v1/requests/${id}`)).toMatchObject({ status: 409, json: { error: { code: 'already_settled' } } });
    }
    await pass(clock, 5000);
    expect(sent.length).toBe(2);
    expect((await ask('GET', `/v1/requests/${ids[1]}`)).json).toMatchObject({ status: 'completed' });
    expect((await ask('GET', `/v1/requests/${running}`)).json).toMatchObject({ status: 'failed', code: 'cancelled' });
  });

  it('is of no use after its timeout', async () => {
    const { ask, clock } = await start();
    const { id } = (await ask('POST', '/v1/requests', { body: chatBody(), timeout_seconds: 0.5 })).json;
    await pass(clock, 3000);
    expect((await ask('GET', `/v1/requests/${id}`)).json).toMatchObject({ status: 'failed', reason: 'timeout', code: 'deadline_exceeded' });
  });

  it('tells its states as they come, and the last one to whoever asks late', async () => {
    const { ask, clock, app, work } = await start();
    for (let count = 0; count < 2; count++) await ask('POST', '/v1/requests', chatBody());
    const { id } = (await ask('POST', '/v1/requests', chatBody())).json;
    await pass(clock, 10);
    const events = await ask('GET', `/v1/requests/${id}/events`);
    expect(events.headers['content-type']).toContain('text/event-stream');
    expect(eventsOf(events.text).map(({ status }) => status)).toEqual(['pending', 'processing', 'completed']);
    const late = await ask('GET', `/v1/requests/${id}/events`);
    expect(eventsOf(late.text).map(({ status }) => status)).toEqual(['completed']);
    expect(app.server.listening).toBe(false);
    expect(work.hub.last(String(id))).toBeUndefined();
  });

  it('ends for its readers when it is cancelled', async () => {
    const { ask } = await start({ calls: callsThatWait() });
    const { id } = (await ask('POST', '/v1/requests', chatBody())).json;
    const waiting = ask('GET', `/v1/requests/${id}/events`);
    const reading = waiting.then(({ text }) => text);
    await ask('DELETE', `/v1/requests/${id}`);
    expect(eventsOf(await reading).map(({ status }) => status)).toEqual(['pending', 'failed']);
  });

  it('is told no longer to whoever has a key that was revoked', async () => {
    const revoked = new Set<string>();
    const calls = callsThatWait();
    const { ask, clock, app } = await start({ calls, revoked });
    const { id } = (await ask('POST', '/v1/requests', chatBody())).json;
    let text: string | undefined;
    void app.inject({ url: `/v1/requests/${id}/events`, headers: { authorization: 'Bearer a' } }).then(({ body }) => {
      text = body;
    });
    await quiet(clock);
    await clock.advance(15_000);
    await quiet(clock);
    expect(text).toBeUndefined();
    revoked.add('a');
    await clock.advance(15_000);
    await quiet(clock, () => text !== undefined);
    expect(eventsOf(text ?? '').map(({ status }) => status)).toEqual(['pending']);
  });

  it('waits where its tenant may have nothing now, and is not lost by that', async () => {
    let refusals = 3;
    const there = await world(CONFIG, { [HOST]: LATENCY });
    const calls = callsOf(there.headgate, () => {
      if (refusals-- > 0) throw new TenantRefused({ status: 429, code: 'user_rate_limit', message: 'Too much.', retryAfterSeconds: 7 });
    });
    const { app, work } = await workApp({ headgate: there.headgate, clock: there.clock, calls });
    const accepted = await gently(
      there.clock,
      app.inject({ method: 'POST', url: '/v1/requests', headers: { authorization: 'Bearer a' }, payload: chatBody() }),
    );
    const { id } = accepted.json<Json>();
    await pass(there.clock, 20_000);
    expect((await gently(there.clock, work.journal.find(String(id), 'a')))?.settled).toBeUndefined();
    await pass(there.clock, 5000);
    expect((await gently(there.clock, work.journal.find(String(id), 'a')))?.settled).toMatchObject({ outcome: { status: 'completed' } });
    await gently(there.clock, work.stop());
    await gently(there.clock, there.headgate.close({ force: true }));
  });
});
