import OpenAI, { toFile } from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HeadgateConfigInput } from '../../../src/client/index.ts';
import type { SimulatedProviderOptions } from '../../../src/simulator/index.ts';
import { at, chatBody, type World, world } from '../../client/headgate-world.ts';
import { gently, quiet, type WorkApp, workApp } from './work-app.ts';

const HOST = 'provider.test';
const CONFIG = { models: { 'gpt-4o': { rateLimiters: [{ type: 'concurrent' as const, limit: 20 }], deployments: [at(HOST)] } } };

type Json = Record<string, unknown>;

interface Started extends World, WorkApp {
  /** The official SDK, as a tenant. */
  readonly client: (tenant?: string) => OpenAI;
}

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function start(
  simulated: Partial<SimulatedProviderOptions> = {},
  options: Partial<Parameters<typeof workApp>[0]> = {},
  config: HeadgateConfigInput = CONFIG,
): Promise<Started> {
  const there = await world(config, { [HOST]: { latency: { headersMs: { min: 1000, max: 1000 } }, ...simulated } });
  const made = await workApp({ headgate: there.headgate, clock: there.clock, ...options });
  opened.push(async () => {
    await gently(there.clock, made.work.stop());
    await made.app.close();
    await gently(there.clock, there.headgate.close({ force: true }));
  });
  await quiet(there.clock);
  const client = (tenant = 'a'): OpenAI => {
    const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const request = new Request(url, init);
      const payload = Buffer.from(await request.arrayBuffer());
      const injected = {
        method: request.method as 'GET',
        url: request.url,
        headers: Object.fromEntries(request.headers),
        ...(payload.length > 0 && { payload }),
      };
      const answer = await gently(there.clock, made.app.inject(injected));
      return new Response(new Uint8Array(answer.rawPayload), {
        status: answer.statusCode,
        headers: answer.headers as Record<string, string>,
      });
    };
    return new OpenAI({ apiKey: tenant, baseURL: 'http://gateway.test/v1', fetch, maxRetries: 0 });
  };
  return { ...there, ...made, client };
}

const lineOf = (id: string, body: Json = chatBody(), more: Json = {}): string =>
  JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body, ...more });

async function upload(client: OpenAI, lines: readonly string[]): Promise<OpenAI.FileObject> {
  return client.files.create({ file: await toFile(Buffer.from(lines.join('\n')), 'input.jsonl'), purpose: 'batch' });
}

async function submit(client: OpenAI, lines: readonly string[]): Promise<OpenAI.Batch> {
  const { id } = await upload(client, lines);
  return client.batches.create({
    input_file_id: id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    metadata: { job: 'nightly' },
  });
}

async function finished(client: OpenAI, { clock }: World, id: string): Promise<OpenAI.Batch> {
  for (let round = 0; round < 200; round++) {
    const batch = await client.batches.retrieve(id);
    if (['completed', 'failed', 'expired', 'cancelled'].includes(batch.status)) return batch;
    await quiet(clock);
    await clock.advance(1000);
  }
  throw new Error('The batch never ends.');
}

async function resultsOf(client: OpenAI, fileId: string | undefined): Promise<Json[]> {
  if (fileId === undefined) return [];
  const text = await (await client.files.content(fileId)).text();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);
}

describe('files', () => {
  it('are kept as they were uploaded, and are gone once deleted', async () => {
    const client = (await start()).client();
    const lines = Array.from({ length: 5_000 }, (_, index) => lineOf(`line-${index}-é`));
    const file = await upload(client, lines);
    expect(file).toMatchObject({ object: 'file', bytes: Buffer.byteLength(lines.join('\n')), filename: 'input.jsonl', purpose: 'batch' });
    expect(file.created_at).toBe(1_735_689_600);
    expect(await client.files.retrieve(file.id)).toEqual(file);
    expect(await (await client.files.content(file.id)).text()).toBe(lines.join('\n'));
    expect((await client.files.list()).data).toEqual([file]);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
    await expect(client.files.content(file.id)).rejects.toMatchObject({ status: 404 });
  });

  it('are listed in pages, and seen by their tenant and an administrator only', async () => {
    const { client } = await start();
    const ids: string[] = [];
    for (const tenant of ['a', 'b', 'a', 'a']) ids.push((await upload(client(tenant), ['x'])).id);
    const listed: string[] = [];
    for await (const { id } of client('a').files.list({ limit: 2, order: 'asc' })) listed.push(id);
    expect(listed).toEqual([ids[0], ids[2], ids[3]]);
    expect((await client('admin').files.list()).data.length).toBe(4);
    await expect(client('b').files.retrieve(ids[0] ?? '')).rejects.toMatchObject({ status: 404 });
    await expect(client('b').files.content(ids[0] ?? '')).rejects.toMatchObject({ status: 404 });
    await expect(client('b').files.delete(ids[0] ?? '')).rejects.toMatchObject({ status: 404 });
    // An id of another tenant is no place in a list, as one that nobody has.
    expect((await client('a').files.list({ after: ids[1] ?? '' })).data).toEqual([]);
    expect((await client('a').files.list({ after: 'file-nobodys' })).data).toEqual([]);
    const batches = ['a', 'b'].map((tenant, index) =>
      client(tenant).batches.create({ input_file_id: ids[index] ?? '', endpoint: '/v1/chat/completions', completion_window: '24h' }),
    );
    const [, other] = await Promise.all(batches);
    expect((await client('a').batches.list({ after: other?.id ?? '' })).data).toEqual([]);
    expect((await client('admin').batches.list({ after: other?.id ?? '' })).data.length).toBeLessThan(2);
  });

  it('that are too large, of another purpose, or no file at all are refused and not kept', async () => {
    const { client, work, app, clock } = await start({}, { mostFileBytes: 100_000 });
    const large = await toFile(Buffer.alloc(100_001, 'x'), 'x');
    await expect(client().files.create({ file: large, purpose: 'batch' })).rejects.toMatchObject({
      status: 413,
      code: 'request_too_large',
    });
    const small = await toFile(Buffer.from('x'), 'x');
    await expect(client().files.create({ file: small, purpose: 'vision' })).rejects.toMatchObject({ status: 400, code: 'invalid_purpose' });
    const headers = { authorization: 'Bearer a', 'content-type': 'multipart/form-data; boundary=b' };
    for (const payload of ['', '--b--', '--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\nhalf', 'garbage']) {
      const answer = await gently(clock, app.inject({ method: 'POST', url: '/v1/files', headers, payload }));
      expect(answer.statusCode).toBe(400);
    }
    const json = await gently(clock, app.inject({ method: 'POST', url: '/v1/files', headers: { authorization: 'Bearer a' }, payload: {} }));
    expect(json.statusCode).toBe(400);
    expect(await work.files.list({ tenant: undefined, purpose: undefined, after: undefined, limit: 9, order: 'asc' })).toEqual([]);
  });
});

describe('a batch', () => {
  it('runs every line once and leaves a file of answers and one of errors', async () => {
    const started = await start();
    const client = started.client();
    const good = Array.from({ length: 150 }, (_, index) => lineOf(`good-${index}`));
    const batch = await submit(client, [...good.slice(0, 75), '', lineOf('bad', chatBody({ messages: [] })), ...good.slice(75)]);
    expect(batch).toMatchObject({ object: 'batch', status: 'validating', metadata: { job: 'nightly' }, completion_window: '24h' });
    expect(batch.expires_at).toBe(batch.created_at + 86_400);
    const done = await finished(client, started, batch.id);
    expect(done).toMatchObject({ status: 'completed', request_counts: { total: 151, completed: 150, failed: 1 } });
    expect(done.usage?.total_tokens).toBeGreaterThan(0);
    for (const moment of [done.in_progress_at, done.finalizing_at, done.completed_at])
      expect(moment).toBeGreaterThanOrEqual(batch.created_at);
    const answers = await resultsOf(client, done.output_file_id);
    expect(answers.map(({ custom_id }) => custom_id).sort()).toEqual(Array.from({ length: 150 }, (_, index) => `good-${index}`).sort());
    expect(answers[0]).toEqual({
      id: expect.stringMatching(/^batch_req_/),
      custom_id: 'good-0',
      response: { status_code: 200, request_id: expect.any(String), body: expect.objectContaining({ object: 'chat.completion' }) },
      error: null,
    });
    expect(await resultsOf(client, done.error_file_id)).toEqual([
      {
        id: expect.any(String),
        custom_id: 'bad',
        response: { status_code: 400, request_id: expect.any(String), body: { error: expect.anything() } },
        error: null,
      },
    ]);
    expect(started.sent.length).toBe(151);
    expect(await started.work.journal.linesOf(batch.id, 0, 1)).toEqual([]);
    expect(await client.files.retrieve(done.output_file_id ?? '')).toMatchObject({
      purpose: 'batch_output',
      filename: `${batch.id}_output.jsonl`,
    });
  });

  it('whose input is wrong fails before anything is run, and says which lines and why', async () => {
    const started = await start();
    const client = started.client();
    const batch = await submit(client, [
      lineOf('a'),
      '{ no json',
      lineOf('a'),
      lineOf('c', chatBody(), { method: 'GET' }),
      lineOf('d', chatBody(), { url: '/v1/embeddings' }),
      lineOf('e', chatBody({ stream: true })),
      lineOf('f', chatBody({ model: 'nobody' })),
      lineOf(''),
      '[]',
      lineOf('nul\u0000'),
    ]);
    const failed = await finished(client, started, batch.id);
    expect(failed).toMatchObject({ status: 'failed', failed_at: expect.any(Number), request_counts: { total: 0 } });
    expect(failed.errors?.data?.map(({ code, line }) => [line, code])).toEqual([
      [2, 'invalid_json_line'],
      [3, 'duplicate_custom_id'],
      [4, 'invalid_method'],
      [5, 'invalid_url'],
      [6, 'stream_not_supported'],
      [7, 'model_not_found'],
      [8, 'invalid_custom_id'],
      [9, 'invalid_json_line'],
      [10, 'invalid_custom_id'],
    ]);
    expect(started.sent.length).toBe(0);
    const empty = await submit(client, ['', '']);
    expect((await finished(client, started, empty.id)).errors?.data).toMatchObject([{ code: 'empty_file', line: null }]);
  });

  it('whose file is deleted while it is read fails, and runs no part of it', async () => {
    const started = await start();
    const client = started.client();
    const { work } = started;
    const lines = Array.from({ length: 3_000 }, (_, index) => lineOf(`id-${index}`));
    const read = work.files.read.bind(work.files);
    vi.spyOn(work.files, 'read').mockImplementation(async function* (id) {
      for await (const piece of read(id)) {
        yield piece;
        await work.files.remove(id);
      }
    });
    const failed = await finished(client, started, (await submit(client, lines)).id);
    expect(failed).toMatchObject({ status: 'failed', errors: { data: [{ code: 'file_deleted' }] } });
    expect(started.sent.length).toBe(0);
    expect(await work.journal.linesOf(failed.id, 0, 1)).toEqual([]);
  });

  it('of more lines than may be is refused', async () => {
    const started = await start({}, { mostLines: 2 });
    const client = started.client();
    const batch = await submit(
      client,
      ['a', 'b', 'c'].map((id) => lineOf(id)),
    );
    expect((await finished(client, started, batch.id)).errors?.data).toMatchObject([{ code: 'too_many_requests' }]);
  });

  it('takes only what OpenAI takes', async () => {
    const client = (await start()).client();
    const { id } = await upload(client, [lineOf('a')]);
    const create = (more: object): Promise<unknown> =>
      client.batches.create({
        input_file_id: id,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
        ...more,
      } as OpenAI.BatchCreateParams);
    for (const more of [
      { endpoint: '/v1/messages' },
      { completion_window: '1h' },
      { input_file_id: 'file-none' },
      { input_file_id: '\u0000' },
      { metadata: { a: 1 } },
    ]) {
      await expect(create(more)).rejects.toMatchObject({ status: 400 });
    }
  });

  it('that is cancelled finishes what is under way and tells what was not run', async () => {
    const started = await start();
    const client = started.client();
    const batch = await submit(
      client,
      Array.from({ length: 100 }, (_, index) => lineOf(`id-${index}`)),
    );
    await quiet(started.clock);
    await started.clock.advance(1500);
    expect(await client.batches.cancel(batch.id)).toMatchObject({ status: 'cancelling' });
    const cancelled = await finished(client, started, batch.id);
    expect(cancelled).toMatchObject({ status: 'cancelled', cancelling_at: expect.any(Number), cancelled_at: expect.any(Number) });
    const answers = await resultsOf(client, cancelled.output_file_id);
    const errors = await resultsOf(client, cancelled.error_file_id);
    expect(new Set([...answers, ...errors].map(({ custom_id }) => custom_id)).size).toBe(100);
    expect(answers.length + errors.length).toBe(100);
    expect(answers.length).toBeGreaterThan(0);
    expect(started.sent.length).toBe(answers.length);
    expect(errors[0]).toMatchObject({ response: null, error: { code: 'batch_cancelled' } });
    expect(cancelled.request_counts).toEqual({ total: 100, completed: answers.length, failed: errors.length });
    await expect(client.batches.cancel(batch.id)).rejects.toMatchObject({ status: 409 });
  });

  it('that is not done within its window expires', async () => {
    const started = await start();
    const client = started.client();
    const batch = await submit(
      client,
      Array.from({ length: 50 }, (_, index) => lineOf(`id-${index}`)),
    );
    await quiet(started.clock);
    await started.clock.advance(1500);
    started.headgate.queues.pauseQueue('gpt-4o');
    await quiet(started.clock);
    await started.clock.advance(86_400_000);
    const expired = await finished(client, started, batch.id);
    expect(expired).toMatchObject({ status: 'expired', expired_at: expect.any(Number) });
    const errors = await resultsOf(client, expired.error_file_id);
    const answers = await resultsOf(client, expired.output_file_id);
    expect(expired.request_counts).toEqual({ total: 50, completed: answers.length, failed: errors.length });
    expect(new Set([...answers, ...errors].map(({ custom_id }) => custom_id)).size).toBe(50);
    expect(answers.length).toBeGreaterThan(0);
    for (const error of errors) expect(error).toMatchObject({ response: null, error: { code: 'batch_expired' } });
  });

  it('stands behind what somebody waits for, and keeps few lines in the queue', async () => {
    const started = await start();
    const client = started.client();
    const batch = await submit(
      client,
      Array.from({ length: 400 }, (_, index) => lineOf(`id-${index}`)),
    );
    await quiet(started.clock);
    await started.clock.advance(100);
    expect(started.headgate.queues.queueSize('gpt-4o')).toBeLessThanOrEqual(32);
    const before = started.clock.now();
    const answered = started.headgate.dispatch('gpt-4o', { format: 'openai-chat', body: chatBody() }, { tenant: 'a' });
    await gently(started.clock, answered);
    expect(started.clock.now() - before).toBeLessThan(2100);
    expect((await client.batches.retrieve(batch.id)).status).toBe('in_progress');
  });

  it('of a slow model keeps nobody waiting: what stands in the queue must not grow older than what is more urgent', async () => {
    const slow = { 'gpt-4o': { rateLimiters: [{ type: 'rpm' as const, limit: 12 }], deployments: [at(HOST)], learnLimits: false } };
    const started = await start({}, {}, { models: slow });
    const { clock, headgate } = started;
    await submit(
      started.client(),
      Array.from({ length: 400 }, (_, index) => lineOf(`id-${index}`)),
    );
    for (let seconds = 0; seconds < 600; seconds++) {
      await quiet(clock);
      await clock.advance(1000);
    }
    expect(started.sent.length).toBeGreaterThanOrEqual(10 * 12 * 0.9);
    for (const after of [1000, 17_000, 31_000]) {
      await clock.advance(after);
      const before = clock.now();
      await gently(clock, headgate.dispatch('gpt-4o', { format: 'openai-chat', body: chatBody() }, { tenant: 'a' }));
      expect(clock.now() - before).toBeLessThan(62_000);
    }
  });

  it('is seen by its tenant and an administrator only', async () => {
    const started = await start();
    const batch = await submit(started.client('a'), [lineOf('a')]);
    const foreign = started.client('b');
    await expect(foreign.batches.retrieve(batch.id)).rejects.toMatchObject({ status: 404 });
    await expect(foreign.batches.cancel(batch.id)).rejects.toMatchObject({ status: 404 });
    expect((await foreign.batches.list()).data).toEqual([]);
    expect((await started.client('admin').batches.list()).data.map(({ id }) => id)).toEqual([batch.id]);
    await expect(
      foreign.batches.create({ input_file_id: batch.input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' }),
    ).rejects.toMatchObject({ status: 400 });
  });
});
