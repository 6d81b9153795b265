import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../src/domain/clock.ts';
import { GatewayView } from '../../src/gateway/status/gateway-view.ts';
import type { LatestOnlyStream } from '../../src/gateway/status/latest-only-stream.ts';
import { StatusBroadcast } from '../../src/gateway/status/status-broadcast.ts';
import { TenantTally } from '../../src/gateway/status/tenant-tally.ts';
import { type GatewayStatus, watchGateway } from '../../src/watch/index.ts';
import { listen } from '../watch/fake-gateway.ts';
import { finishedCall } from './finished-call.ts';
import { ADMIN, fetchFrom, type StatusWorld, statusWorld, tenantCaller } from './status-world.ts';

let open: StatusWorld[] = [];

afterEach(async () => {
  for (const { app, headgate } of open) {
    await app.close();
    await headgate.close({ force: true });
  }
  open = [];
});

const start: typeof statusWorld = async (options) => {
  const started = await statusWorld(options);
  open.push(started);
  return started;
};

const statusOf = async ({ app }: StatusWorld, key: string) =>
  (await app.inject({ url: '/status', headers: { authorization: `Bearer ${key}` } })).json<GatewayStatus>();

/** What a reader that keeps up is sent, as the values of its events. */
function read(stream: LatestOnlyStream | undefined): { values: GatewayStatus[]; beats: number; ended: boolean } {
  const heard = { values: [] as GatewayStatus[], beats: 0, ended: false };
  stream?.on('data', (chunk: Buffer) => {
    const text = chunk.toString();
    if (text.startsWith(':')) heard.beats++;
    else heard.values.push(JSON.parse(text.replace(/^event: status\ndata: /, '')) as GatewayStatus);
  });
  stream?.on('close', () => {
    heard.ended = true;
  });
  return heard;
}

function broadcast(w: StatusWorld, more: Partial<ConstructorParameters<typeof StatusBroadcast>[1]> = {}): StatusBroadcast {
  const sources = { headgate: w.headgate, tally: w.tally, mayUse: () => true };
  return new StatusBroadcast(sources, { clock: w.clock, heartbeatMs: 15_000, mostReaders: 8, ...more });
}

const stays = async (): Promise<boolean> => true;

describe('GET /status', () => {
  it('tells an administrator of every model, deployment and tenant', async () => {
    const w = await start();
    w.call('anna', 3);
    w.call('ben');
    await w.clock.settle();
    w.tally.finished(finishedCall({ caller: tenantCaller('ben') }));
    w.tally.finished(finishedCall({ caller: tenantCaller('cleo'), outcome: 'timeout', usage: undefined, attempts: 2 }));
    w.tally.finished(finishedCall({ caller: tenantCaller('cleo'), outcome: 'rejected', queuedAt: undefined, model: 'nonsense' }));
    const { models, deployments, tenants } = await statusOf(w, 'admin');

    expect(models).toHaveLength(2);
    expect(models[0]).toEqual(JSON.parse(JSON.stringify(w.headgate.queues.getMetrics().models['gpt-4o'])));
    expect(models[0]).toMatchObject({
      ...JSON.parse(JSON.stringify(w.headgate.queues.getQueueInfo('gpt-4o'))),
      queueSize: 3,
      processing: 1,
    });
    expect(deployments[0]).toMatchObject({
      id: 'openai-1',
      modelId: 'gpt-4o',
      provider: 'openai',
      circuit: 'closed',
      state: 'available',
      inFlight: 1,
    });
    const none = { waiting: 0, processing: 0, completed: 0, failed: 0, rejected: 0, tokens: { input: 0, output: 0 } };
    expect(tenants).toEqual([
      { ...none, tenant: 'anna', waiting: 2, processing: 1 },
      { ...none, tenant: 'ben', waiting: 1, completed: 1, tokens: { input: 100, output: 50 } },
      { ...none, tenant: 'cleo', failed: 1, rejected: 1 },
    ]);
    expect(JSON.stringify({ models, deployments })).not.toContain('sk-');
  });

  it('tells a tenant its own numbers and the models it may use, and nothing of anybody else', async () => {
    const w = await start({ mayUse: ({ tenant }, modelId) => tenant !== 'anna' || modelId === 'gpt-4o' });
    w.call('ben', 3);
    w.call('anna', 2);
    await w.clock.settle();
    w.tally.finished(finishedCall({ caller: tenantCaller('anna'), attempts: 2 }));
    for (let count = 0; count < 9; count++) w.tally.finished(finishedCall({ caller: tenantCaller('ben'), model: 'other' }));
    const before = await statusOf(w, 'anna');
    w.call('ben', 20);
    w.call('cleo', 20, 'other');
    w.tally.finished(finishedCall({ caller: tenantCaller('ben') }));
    await w.clock.settle();
    const status = await statusOf(w, 'anna');

    expect(status).toEqual(before);
    expect(status.tenants).toEqual([
      { tenant: 'anna', waiting: 2, processing: 0, completed: 1, failed: 0, rejected: 0, tokens: { input: 100, output: 50 } },
    ]);
    expect(status.models).toEqual([
      expect.objectContaining({
        modelId: 'gpt-4o',
        ...{ queueSize: 2, processing: 0, submitted: 3, completed: 1, retried: 1, waitsFor: null },
        ...{ rateLimiters: [], deployments: [], queueTimeMs: { p50: 250, p99: 250 } },
        tokens: { estimated: { input: 0, output: 0 }, used: { input: 100, output: 50 } },
      }),
    ]);
    expect(JSON.stringify(status)).not.toMatch(/ben|cleo|other|openai|secret-host/);
  });

  it('refuses who has no key', async () => {
    const w = await start();
    expect((await w.app.inject({ url: '/status' })).statusCode).toBe(401);
    expect((await w.app.inject({ url: '/status/events' })).statusCode).toBe(401);
  });
});

describe('the counts of tenants', () => {
  it('are kept of a bounded number of tenants: who was quiet longest is forgotten', () => {
    const tally = new TenantTally(3);
    for (const tenant of ['a', 'b', 'c', 'a', 'd', 'c', 'e']) tally.finished(finishedCall({ caller: tenantCaller(tenant) }));
    expect([...tally.tenants.keys()].sort()).toEqual(['c', 'd', 'e']);
    expect(tally.tenants.get('c')?.models.get('gpt-4o')?.completed).toBe(2);
  });

  it('are kept of no model that nobody queued for', () => {
    const tally = new TenantTally();
    for (let count = 0; count < 50; count++)
      tally.finished(finishedCall({ caller: tenantCaller('anna'), model: `nonsense-${count}`, outcome: 'rejected', queuedAt: undefined }));
    expect(tally.tenants.get('anna')).toMatchObject({ rejected: 50, models: new Map() });
  });
});

describe('GET /status/events', () => {
  it('sends how things stand at once, and again only when that has changed', async () => {
    const w = await start();
    const heard = read(broadcast(w).open(ADMIN, stays));
    await w.clock.advance(5_000);
    expect(heard.values).toHaveLength(1);

    w.call('anna', 2, 'other');
    await w.clock.advance(250);
    expect(heard.values).toHaveLength(2);
    expect(heard.values[1]?.models[1]).toMatchObject({ modelId: 'other' });
    await w.clock.advance(120_000);
    const after = heard.values.length;
    await w.clock.advance(10_000);
    expect(heard.values).toHaveLength(after);
    expect(heard.values.at(-1)).toMatchObject({ tenants: [] });
    for (const [index, { at }] of heard.values.entries()) {
      if (index > 0) expect(at - (heard.values[index - 1]?.at ?? 0)).toBeGreaterThanOrEqual(250);
    }
  });

  it('reads once for all readers, and not at all while there are none', async () => {
    const w = await start();
    const status = broadcast(w);
    const streams = [status.open(ADMIN, stays), status.open(ADMIN, stays), status.open(tenantCaller('anna'), stays)];
    for (const stream of streams) read(stream);
    expect(w.clock.pendingTimers).toBe(1);
    for (const stream of streams) stream?.destroy();
    await w.clock.settle();
    expect(w.clock.pendingTimers).toBe(0);

    read(status.open(ADMIN, stays));
    expect(w.clock.pendingTimers).toBe(1);
    status.close();
    await w.clock.settle();
    expect(w.clock.pendingTimers).toBe(0);
  });

  it('tells how things stood at the end, and ends', async () => {
    const w = await start();
    const status = broadcast(w);
    const heard = read(status.open(ADMIN, stays));
    await w.clock.settle();
    w.tally.finished(finishedCall({ caller: tenantCaller('anna') }));
    await w.headgate.close();
    await w.clock.settle();
    expect(heard.values.map(({ tenants }) => tenants[0]?.completed)).toEqual([undefined, 1]);
    expect(heard.values.at(-1)?.models).toHaveLength(2);
    expect(heard.ended).toBe(true);
    expect(status.open(ADMIN, stays)).toBeUndefined();
  });

  it('skips samples for a reader that stands still, and then sends it the latest', async () => {
    const w = await start();
    const status = broadcast(w);
    const slow = status.open(ADMIN, stays);
    const heard = read(slow);
    await w.clock.settle();
    slow?.pause();
    const quick = read(status.open(ADMIN, stays));
    for (let count = 0; count < 200; count++) {
      w.tally.finished(finishedCall({ caller: tenantCaller('anna') }));
      await w.clock.advance(250);
    }
    expect(quick.values).toHaveLength(201);
    expect(slow?.readableLength).toBeLessThanOrEqual(JSON.stringify(quick.values.at(-1)).length + 100);

    slow?.resume();
    await w.clock.settle();
    expect(heard.values.map(({ tenants }) => tenants[0]?.completed)).toEqual([undefined, 1, 200]);

    slow?.pause();
    for (let count = 0; count < 2; count++) {
      w.tally.finished(finishedCall({ caller: tenantCaller('anna') }));
      await w.clock.advance(250);
    }
    status.close();
    await w.clock.settle();
    expect(slow?.destroyed).toBe(true);
  });

  it('tells a tenant what changes for it and nothing when others are busy', async () => {
    const w = await start();
    const heard = read(broadcast(w).open(tenantCaller('anna'), stays));
    w.call('ben', 5);
    await w.clock.advance(1_000);
    expect(heard.values).toHaveLength(1);
    w.tally.finished(finishedCall({ caller: tenantCaller('anna') }));
    await w.clock.advance(1_000);
    expect(heard.values.map(({ tenants }) => tenants[0]?.completed)).toEqual([0, 1]);
  });

  it('beats while nothing changes, and ends a stream whose key is not let in any more', async () => {
    const w = await start();
    let isLetIn = true;
    const heard = read(broadcast(w).open(ADMIN, async () => isLetIn));
    await w.clock.advance(31_000);
    expect(heard).toMatchObject({ beats: 2, ended: false });
    isLetIn = false;
    await w.clock.advance(15_000);
    expect(heard).toMatchObject({ beats: 2, ended: true });
  });

  it('takes so many readers, and no more than a quarter of them for one tenant', async () => {
    const w = await start();
    const status = broadcast(w);
    const opened = (tenants: readonly string[]) => tenants.map((tenant) => status.open(tenantCaller(tenant), stays) !== undefined);
    expect(opened(['anna', 'anna', 'anna'])).toEqual([true, true, false]);
    expect(opened(['b', 'c', 'd', 'e', 'f'])).toEqual([true, true, true, true, true]);
    expect(status.open(ADMIN, stays)).toBeDefined();
    expect(status.open(ADMIN, stays)).toBeUndefined();
  });

  it('answers 503 with retry-after where there are too many readers', async () => {
    const w = await start({ mostReaders: 0 });
    const reply = await w.app.inject({ url: '/status/events', headers: { authorization: 'Bearer admin' } });
    expect(reply).toMatchObject({ statusCode: 503, headers: { 'retry-after': '5' } });
    expect(reply.json()).toMatchObject({ error: { code: 'too_many_readers' } });
  });

  it('is read less often where a reading takes long', async () => {
    const w = await start();
    let spentMs = 0;
    const reading = vi.spyOn(w.headgate.queues, 'getTenantCounts').mockImplementation(() => {
      spentMs += 50;
      return [];
    });
    const clock: Clock = {
      now: () => w.clock.now() + spentMs,
      wallMs: () => w.clock.wallMs(),
      setTimeout: (callback, ms) => w.clock.setTimeout(callback, ms),
      clearTimeout: (handle) => w.clock.clearTimeout(handle),
    };
    read(broadcast(w, { clock }).open(ADMIN, stays));
    reading.mockClear();
    await w.clock.advance(10_000);
    // Forty samples were taken; with 50 ms each, one a second is read.
    expect(reading.mock.calls.length).toBeGreaterThanOrEqual(9);
    expect(reading.mock.calls.length).toBeLessThanOrEqual(10);
  });
});

describe('watchGateway on the routes', () => {
  it('sees what the administrator sees, until the gateway closes, and again afterwards', async () => {
    const w = await start();
    const watch = watchGateway('http://gateway.test', { key: 'admin', fetch: fetchFrom(w.app), clock: w.clock, random: () => 0 });
    const heard = listen(watch.status$);
    const metrics = listen(watch.metrics$);
    await w.clock.settle();
    w.tally.finished(finishedCall({ caller: tenantCaller('anna') }));
    await w.clock.advance(250);

    expect(heard.values.at(-1)).toEqual(
      JSON.parse(JSON.stringify(new GatewayView({ headgate: w.headgate, tally: w.tally, mayUse: () => true }).of(ADMIN))),
    );
    expect(Object.keys(metrics.values.at(-1)?.models ?? {})).toEqual(['gpt-4o', 'other']);
    await w.clock.advance(100_000);
    expect(heard.error).toBeUndefined();
    const connection = listen(watch.connection$);
    await w.app.close();
    await w.clock.settle();
    expect(connection.values.map(({ state }) => state)).toEqual(['open', 'waiting']);
    watch.close();
  });

  it('is refused once its key is revoked', async () => {
    const w = await start();
    const watch = watchGateway('http://gateway.test', { key: 'anna', fetch: fetchFrom(w.app), clock: w.clock, random: () => 0 });
    const heard = listen(watch.status$);
    await w.clock.settle();
    expect(heard.values).toHaveLength(1);
    w.revoked.add('anna');
    await w.clock.advance(20_000);
    expect(heard.error).toMatchObject({ code: 'watch_refused', status: 401 });
  });
});
