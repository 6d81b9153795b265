import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/lib/deferred.ts';
import { at, chatBody, type World, world } from '../../client/headgate-world.ts';
import { callsOf, gently, quiet, type WorkApp, workApp } from './work-app.ts';

const HOST = 'provider.test';
const HEADERS = { authorization: 'Bearer a' };
const LINE = JSON.stringify({ custom_id: 'one', method: 'POST', url: '/v1/chat/completions', body: chatBody() });
const FORM = `--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n${LINE}\r\n--b--\r\n`;

let there: World;
let made: WorkApp;
let calls: string[];
beforeEach(async () => {
  there = await world({ models: { 'gpt-4o': { deployments: [at(HOST)] } } }, { [HOST]: {} });
  calls = [];
  made = await workApp({ ...there, calls: callsOf(there.headgate, ({ requestId }) => void calls.push(requestId)) });
  await quiet(there.clock);
});
afterEach(async () => {
  await gently(there.clock, made.work.stop());
  await made.app.close();
  await gently(there.clock, there.headgate.close({ force: true }));
});

interface Answer {
  readonly status: number;
  readonly retryAfter: unknown;
  readonly afterMs: number;
  readonly json: Record<string, unknown>;
}

async function ask(method: 'GET' | 'POST', url: string, payload?: object | string): Promise<Answer> {
  const began = there.clock.now();
  const type = typeof payload === 'string' ? { 'content-type': 'multipart/form-data; boundary=b' } : {};
  const sent = made.app.inject({ method, url, headers: { ...HEADERS, ...type }, ...(payload !== undefined && { payload }) });
  const { statusCode, headers, ...answer } = await gently(there.clock, sent);
  return { status: statusCode, retryAfter: headers['retry-after'], afterMs: there.clock.now() - began, json: answer.json() };
}

/** Lets a store's method do what it does only once it is told to. */
function hang<K extends string>(store: Record<K, (...args: never[]) => Promise<unknown>>, method: K): Deferred<void> {
  const released = new Deferred<void>();
  const done = store[method].bind(store);
  store[method] = async (...args) => {
    await released.promise;
    return done(...args);
  };
  return released;
}

async function pass(ms: number): Promise<void> {
  await there.clock.advance(ms);
  await quiet(there.clock);
}

describe('a store that hangs', () => {
  it('is waited for two seconds; requests that it takes afterwards all the same are not done', async () => {
    const released = hang(made.work.journal, 'accept');
    const [first, second] = [ask('POST', '/v1/requests', chatBody()), ask('POST', '/v1/requests', chatBody())];
    expect(await first).toMatchObject({ status: 503, retryAfter: '5', afterMs: 2000 });
    expect(await second).toMatchObject({ status: 503 });
    // Stands behind what hangs and is taken back.
    expect(await ask('POST', '/v1/requests', chatBody())).toMatchObject({ status: 503, afterMs: 2000 });
    released.resolve();
    await pass(5000);
    const taken = await ask('POST', '/v1/requests', chatBody());
    expect(taken.status).toBe(202);
    await pass(5000);
    expect(calls).toEqual([taken.json['id']]);
    expect((await ask('GET', `/v1/requests/${String(taken.json['id'])}`)).json).toMatchObject({ status: 'completed' });
  });

  it('takes a request whose answer was an error, and it is not done', async () => {
    const { journal } = made.work;
    const accept = journal.accept.bind(journal);
    journal.accept = async (work) => {
      await accept(work);
      throw new Error('Connection terminated unexpectedly');
    };
    expect((await ask('POST', '/v1/requests', chatBody())).status).toBe(503);
    await pass(5000);
    expect(calls).toEqual([]);
  });

  it('may take a batch too late: it is cancelled', async () => {
    const file = await ask('POST', '/v1/files', FORM);
    const released = hang(made.work.batches, 'create');
    const asked = { input_file_id: file.json['id'], endpoint: '/v1/chat/completions', completion_window: '24h' };
    expect(await ask('POST', '/v1/batches', asked)).toMatchObject({ status: 503, afterMs: 2000 });
    released.resolve();
    await pass(5000);
    const { data } = (await ask('GET', '/v1/batches')).json as { data: readonly { status: string }[] };
    expect(data.map(({ status }) => status)).toEqual(['cancelled']);
    expect(calls).toEqual([]);
  });

  it('answers what is asked of it with 503 in the same time', async () => {
    hang(made.work.journal, 'find');
    expect(await ask('GET', '/v1/requests/some')).toMatchObject({ status: 503, retryAfter: '5', afterMs: 2000 });
    hang(made.work.files, 'begin');
    expect(await ask('POST', '/v1/files', FORM)).toMatchObject({ status: 503, afterMs: 2000 });
  });
});
