import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallRequest } from '../../../src/gateway/calls/call-request.ts';
import { SeededRandom } from '../../../src/simulator/index.ts';
import { at, chatBody, type World, world } from '../../client/headgate-world.ts';
import { callsOf, gently, quiet, type WorkApp, workApp } from './work-app.ts';

const HOST = 'provider.test';
const CONFIG = {
  models: { 'gpt-4o': { rateLimiters: [{ type: 'concurrent' as const, limit: 5 }], deployments: [at(HOST)], learnLimits: false } },
};
const HEADERS = { authorization: 'Bearer a' };

type Json = Record<string, unknown>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-restart-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** One database, and processes one after the other that work on it. */
class Processes {
  readonly there: World;
  current: WorkApp | undefined;
  /** Ids of the calls that were begun. */
  readonly calls: string[] = [];

  constructor(there: World) {
    this.there = there;
  }

  static async create(): Promise<Processes> {
    return new Processes(await world(CONFIG, { [HOST]: { latency: { headersMs: { min: 1000, max: 1000 } } } }));
  }

  async start(): Promise<void> {
    const { headgate, clock } = this.there;
    const calls = callsOf(headgate, ({ requestId }: CallRequest) => void this.calls.push(requestId));
    this.current = await workApp({ headgate, clock, calls, database: join(folder, 'work.db') });
    await quiet(clock);
  }

  async stop(deadlineMs = 0): Promise<void> {
    const { current, there } = this;
    this.current = undefined;
    if (current === undefined) return;
    await gently(there.clock, current.work.stop(deadlineMs));
    await current.app.close();
  }

  async pass(ms: number): Promise<void> {
    const { clock } = this.there;
    await quiet(clock);
    await clock.advance(ms);
    await quiet(clock);
  }

  async ask(method: 'GET' | 'POST', url: string, payload?: object | string, type?: string): Promise<{ json: () => Json; body: string }> {
    const headers = { ...HEADERS, ...(type !== undefined && { 'content-type': type }) };
    const app = this.current?.app;
    if (app === undefined) throw new Error('Nothing runs.');
    return gently(this.there.clock, app.inject({ method, url, headers, ...(payload !== undefined && { payload }) }));
  }

  async submit(lines: number): Promise<string> {
    const body = chatBody();
    const line = (index: number): string => JSON.stringify({ custom_id: `id-${index}`, method: 'POST', url: '/v1/chat/completions', body });
    const input = Array.from({ length: lines }, (_, index) => line(index)).join('\n');
    const form = `--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n${input}\r\n--b--\r\n`;
    const file = (await this.ask('POST', '/v1/files', form, 'multipart/form-data; boundary=b')).json();
    const asked = { input_file_id: file['id'], endpoint: '/v1/chat/completions', completion_window: '24h' };
    return String((await this.ask('POST', '/v1/batches', asked)).json()['id']);
  }

  async end(): Promise<void> {
    await this.stop();
    await gently(this.there.clock, this.there.headgate.close({ force: true }));
  }
}

describe('after a restart', () => {
  it('single requests that were waiting or under way are done; those that had their answer are not asked again', async () => {
    const processes = await Processes.create();
    await processes.start();
    const ids: string[] = [];
    for (let count = 0; count < 12; count++) ids.push(String((await processes.ask('POST', '/v1/requests', chatBody())).json()['id']));
    await processes.pass(1100);
    await processes.stop();
    const before = processes.calls.length;
    await processes.start();
    await processes.pass(5000);
    for (const id of ids) expect((await processes.ask('GET', `/v1/requests/${id}`)).json()).toMatchObject({ status: 'completed' });
    // Five had their answers before the stop.
    expect(processes.calls.length - before).toBe(7);
    await processes.end();
  });

  it('what is being called may finish until the deadline; what only stands in the queue is left for later', async () => {
    const processes = await Processes.create();
    await processes.start();
    for (let count = 0; count < 12; count++) await processes.ask('POST', '/v1/requests', chatBody());
    await processes.pass(100);
    const began = processes.there.clock.now();
    await processes.stop(2500);
    expect(processes.there.clock.now() - began).toBeLessThan(1000);
    expect(processes.there.sent.length).toBe(5);
    expect(processes.there.headgate.queues.queueSize('gpt-4o')).toBe(0);
    await processes.end();
  });

  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

  it(`a batch that is stopped at any moments has each line in its files once (seed ${seed})`, async () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 6; round++) {
      const processes = await Processes.create();
      await processes.start();
      const id = await processes.submit(40);
      for (let stop = 0; stop < 4; stop++) {
        if (random.next() < 0.3) await processes.pass(0);
        else await processes.pass(random.next() * 3000);
        await processes.stop(random.next() < 0.5 ? 0 : 500);
        await processes.start();
      }
      for (let wait = 0; wait < 20; wait++) await processes.pass(1000);
      const batch = (await processes.ask('GET', `/v1/batches/${id}`)).json();
      expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 40, completed: 40, failed: 0 } });
      const output = (await processes.ask('GET', `/v1/files/${String(batch['output_file_id'])}/content`)).body;
      const found = output
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as Json)['custom_id']);
      expect(found.sort()).toEqual(Array.from({ length: 40 }, (_, index) => `id-${index}`).sort());
      await processes.end();
    }
  });
});

it('a reader that leaves is forgotten, one that stays hears that somebody is there, and a server that closes ends it', async () => {
  const processes = await Processes.create();
  await processes.start();
  const { current, there } = processes;
  if (current === undefined) throw new Error('Nothing runs.');
  // Nothing of it begins: its model's queue is paused.
  there.headgate.queues.pauseQueue('gpt-4o');
  const id = String((await processes.ask('POST', '/v1/requests', chatBody())).json()['id']);
  const url = await current.app.listen({ port: 0 });
  await quiet(there.clock);
  const timers = there.clock.pendingTimers;
  const leaving = new AbortController();
  const open = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${url}/v1/requests/${id}/events`, { headers: HEADERS, ...(signal && { signal }) });
  const [first, second] = [await open(leaving.signal), await open()];
  expect(there.clock.pendingTimers).toBe(timers + 2);
  leaving.abort();
  await first.text().catch(() => {});
  await expect.poll(() => there.clock.pendingTimers).toBe(timers + 1);
  await there.clock.advance(15_000);
  const text = second.text();
  const closed = current.app.close();
  expect(await text).toMatch(/^event: status\ndata: \{"status":"pending".+\}\n\n: still here\n\n$/);
  expect(there.clock.pendingTimers).toBe(timers);
  await closed;
  await processes.end();
});
