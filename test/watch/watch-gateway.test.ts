import { describe, expect, expectTypeOf, it } from 'vitest';
import type { EngineMetrics, StatusChange } from '../../src/index.ts';
import { type GatewayStatus, type GatewayWatch, type WatchRefused, watchGateway } from '../../src/watch/index.ts';
import { FakeGateway, listen } from './fake-gateway.ts';

const KEY = 'hg-secret-of-the-watcher';

/** A status with one model that has so many waiting. */
const waiting = (queueSize: number, at = 1) => ({ at, models: [{ modelId: 'm', queueSize, processing: 1 }], deployments: [], tenants: [] });

const sizes = (heard: { values: readonly GatewayStatus[] }) => heard.values.map(({ models }) => models[0]?.queueSize);

describe('status$ and metrics$', () => {
  it('share one connection, which is made for the first subscriber and closed behind the last', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch();
    await gateway.clock.settle();
    expect(gateway.asked).toEqual([]);

    const first = listen(watch.status$);
    const second = listen(watch.status$);
    const metrics = listen(watch.metrics$);
    await gateway.clock.settle();
    gateway.last.event(waiting(3));
    await gateway.clock.settle();

    expect(gateway.asked.map(({ url }) => url)).toEqual(['http://gateway.test/status/events']);
    expect([sizes(first), sizes(second)]).toEqual([[3], [3]]);
    expect(metrics.values).toEqual([{ at: 1, queueSize: 3, processing: 1, models: { m: waiting(3).models[0] } }]);

    for (const subscriber of [first, second]) subscriber.leave();
    expect(gateway.last.left()).toBe(false);
    metrics.leave();
    await gateway.clock.settle();
    expect(gateway.last.left()).toBe(true);
    expect(gateway.clock.pendingTimers).toBe(0);
  });

  it('have the types they have in process', () => {
    expectTypeOf<GatewayWatch['metrics$']>().toHaveProperty('subscribe');
    const watch = new FakeGateway().watch();
    watch.metrics$.subscribe((metrics) => expectTypeOf(metrics).toEqualTypeOf<EngineMetrics>());
    watch.request$('r').subscribe((change) => expectTypeOf(change).toEqualTypeOf<StatusChange>());
    watch.close();
  });

  it('replay the last value to whoever comes later, and none of an earlier connection', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch();
    const first = listen(watch.status$);
    await gateway.clock.settle();
    gateway.last.event(waiting(1));
    gateway.last.event(waiting(2));
    await gateway.clock.settle();
    expect(sizes(listen(watch.status$))).toEqual([2]);

    watch.close();
    const again = gateway.watch();
    first.leave();
    expect(sizes(listen(again.status$))).toEqual([]);
    again.close();
  });

  it('sends the key in a header and nowhere else', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch({ key: KEY }, 'http://gateway.test/below/');
    listen(watch.status$);
    await gateway.clock.settle();

    expect(gateway.last.url).toBe('http://gateway.test/below/status/events');
    expect(gateway.last.headers.get('authorization')).toBe(`Bearer ${KEY}`);
    watch.close();
  });
});

describe('a lost connection', () => {
  it('is made again, later each time, with jitter; the last value stays', async () => {
    const gateway = new FakeGateway();
    gateway.answers = [
      'stream',
      ...Array.from({ length: 7 }, () => new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })),
    ];
    const watch = gateway.watch();
    const heard = listen(watch.status$);
    const connection = listen(watch.connection$);
    await gateway.clock.settle();
    gateway.last.event(waiting(1));
    await gateway.clock.settle();
    gateway.last.end();
    await gateway.clock.advance(70_000);

    // 250 ms and half of 1, 2, 4, 8, 16, 30 and 30 s.
    const gaps = gateway.asked.map(({ at }, index) => at - (gateway.asked[index - 1]?.at ?? 0));
    expect(gaps).toEqual([0, 750, 1_250, 2_250, 4_250, 8_250, 15_250, 15_250, 15_250]);
    expect(heard.error).toBeUndefined();
    expect(sizes(listen(watch.status$))).toEqual([1]);
    expect(connection.values).toContainEqual({
      state: 'waiting',
      why: 'connect ECONNREFUSED',
      failures: 2,
      retryAt: 1_735_689_600_000 + 2_000,
    });
    watch.close();
  });

  it('counts anew once a connection has brought something', async () => {
    const gateway = new FakeGateway();
    gateway.answers = [new Error('down'), new Error('down'), 'stream'];
    const watch = gateway.watch();
    listen(watch.status$);
    await gateway.clock.advance(2_000);
    expect(gateway.asked).toHaveLength(3);
    gateway.last.event(waiting(1));
    gateway.last.end();
    await gateway.clock.settle();

    await gateway.clock.advance(750);
    expect(gateway.asked).toHaveLength(4);
    watch.close();
  });

  it('comes back no earlier than retry-after says', async () => {
    const gateway = new FakeGateway();
    gateway.answers = [{ status: 503, headers: { 'retry-after': '7' } }];
    const watch = gateway.watch();
    listen(watch.status$);
    await gateway.clock.advance(6_999);
    expect(gateway.asked).toHaveLength(1);
    await gateway.clock.advance(501);
    expect(gateway.asked).toHaveLength(2);
    watch.close();
  });

  it('is given up after 45 s of silence; heartbeats keep it', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch();
    listen(watch.status$);
    const connection = listen(watch.connection$);
    await gateway.clock.settle();
    for (let beat = 0; beat < 6; beat++) {
      await gateway.clock.advance(15_000);
      gateway.last.send(': still here\n\n');
    }
    await gateway.clock.advance(44_000);
    expect(gateway.asked).toHaveLength(1);
    await gateway.clock.advance(1_000);

    expect(gateway.asked[0]?.left()).toBe(true);
    expect(connection.values.at(-1)).toMatchObject({ state: 'waiting', why: 'nothing came for 45 s' });
    await gateway.clock.advance(1_000);
    expect(gateway.asked).toHaveLength(2);
    watch.close();
  });

  it('is given up as well when not even an answer comes', async () => {
    const gateway = new FakeGateway();
    const asked: AbortSignal[] = [];
    const watch = gateway.watch({
      fetch: (_url, init) =>
        new Promise((_, reject) => {
          const signal = init?.signal;
          if (signal) asked.push(signal);
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    });
    listen(watch.status$);
    await gateway.clock.advance(46_000);
    expect(asked.map(({ aborted }) => aborted)).toEqual([true, false]);
    watch.close();
  });

  it.each([
    ['a 500', { status: 500 }],
    ['a 503', { status: 503 }],
    ['a 429', { status: 429 }],
    ['a 408', { status: 408 }],
    ['no network', new TypeError('Failed to fetch')],
  ])('is made again after %s', async (_name, answer) => {
    const gateway = new FakeGateway();
    gateway.answers = [answer];
    const watch = gateway.watch();
    const heard = listen(watch.status$);
    await gateway.clock.advance(1_000);
    gateway.last.event(waiting(4));
    await gateway.clock.settle();
    expect(sizes(heard)).toEqual([4]);
    watch.close();
  });

  it('is made again after an event that is no JSON, and after something that is no event', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch();
    const heard = listen(watch.status$);
    for (const garbage of ['data: {"at":\n\n', '<html>\n\n']) {
      await gateway.clock.advance(3_000);
      gateway.last.send(garbage);
    }
    await gateway.clock.advance(3_000);
    expect(gateway.asked).toHaveLength(3);
    expect(heard.error).toBeUndefined();
    watch.close();
  });
});

describe('an answer that no repetition mends', () => {
  it.each([
    ['401', { status: 401 }, 401, /asks for a key/],
    ['403', { status: 403 }, 403, /not allowed/],
    ['404', { status: 404 }, 404, /no such request/],
    ['a redirect', { status: 302, headers: { location: 'http://elsewhere.test' } }, 302, /redirect/],
    ['a page', { status: 200, headers: { 'content-type': 'text/html' } }, 200, /text\/html/],
  ])('ends the streams: %s', async (_name, answer, status, text) => {
    const gateway = new FakeGateway();
    gateway.answers = [answer];
    const watch = gateway.watch({ key: KEY });
    const heard = [listen(watch.status$), listen(watch.metrics$)];
    const connection = listen(watch.connection$);
    await gateway.clock.advance(120_000);

    expect(gateway.asked).toHaveLength(1);
    for (const { error } of heard) {
      expect(error).toMatchObject({ name: 'WatchRefused', code: 'watch_refused', status, retryable: false });
      expect(String(error)).toMatch(text);
      expect(String(error)).not.toContain(KEY);
    }
    expect(connection.values.at(-1)).toEqual({ state: 'refused', error: heard[0]?.error });
    expect(gateway.clock.pendingTimers).toBe(0);

    const again = listen(watch.status$);
    await gateway.clock.settle();
    gateway.last.event(waiting(2));
    await gateway.clock.settle();
    expect(sizes(again)).toEqual([2]);
    watch.close();
  });
});

describe('request$', () => {
  const change = (status: string, at: number) => ({ status, attempt: status === 'pending' ? 0 : 1, at });

  it('follows one request on one connection and completes with its last status', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch({ key: KEY });
    const first = listen(watch.request$('a/b'));
    const second = listen(watch.request$('a/b'));
    await gateway.clock.settle();
    expect(gateway.asked.map(({ url }) => url)).toEqual(['http://gateway.test/v1/requests/a%2Fb/events']);
    expect(gateway.last.headers.get('authorization')).toBe(`Bearer ${KEY}`);

    for (const [at, status] of ['pending', 'processing', 'completed'].entries()) gateway.last.event(change(status, at));
    await gateway.clock.settle();

    for (const { values, isComplete } of [first, second]) {
      expect(values.map(({ status }) => status)).toEqual(['pending', 'processing', 'completed']);
      expect(isComplete).toBe(true);
    }
    expect(gateway.last.left()).toBe(true);
    expect(gateway.clock.pendingTimers).toBe(0);
  });

  it('does not repeat after a reconnect what it has told', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch();
    const heard = listen(watch.request$('r'));
    await gateway.clock.settle();
    gateway.last.event(change('pending', 0));
    await gateway.clock.settle();
    gateway.last.end(new Error('reset'));
    await gateway.clock.advance(1_000);
    gateway.last.event(change('pending', 0));
    gateway.last.event(change('failed', 2));
    await gateway.clock.settle();

    expect(gateway.asked).toHaveLength(2);
    expect(heard.values.map(({ status }) => status)).toEqual(['pending', 'failed']);
    expect(heard.isComplete).toBe(true);
  });

  it('tells whoever subscribes to the same stream afterwards its last status', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch();
    const changes$ = watch.request$('r');
    listen(changes$);
    await gateway.clock.settle();
    gateway.last.event(change('completed', 3));
    await gateway.clock.settle();

    expect(listen(changes$)).toMatchObject({ values: [change('completed', 3)], isComplete: true });
    expect(gateway.asked).toHaveLength(1);
  });

  it('errors with a 404 for a request that the gateway does not know, and leaves status$ alone', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch();
    const status = listen(watch.status$);
    await gateway.clock.settle();
    gateway.answers = [{ status: 404 }];
    const heard = listen(watch.request$('nobody'));
    const connection = listen(watch.connection$);
    await gateway.clock.settle();

    expect((heard.error as WatchRefused).status).toBe(404);
    expect(status.error).toBeUndefined();
    expect(connection.values).toEqual([{ state: 'open' }]);
    watch.close();
  });
});

describe('connection$', () => {
  it('tells how the connection stands, connects nothing itself, and completes once it is closed', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch();
    const connection = listen(watch.connection$);
    await gateway.clock.settle();
    expect(gateway.asked).toEqual([]);

    const heard = listen(watch.status$);
    await gateway.clock.settle();
    gateway.last.end();
    await gateway.clock.advance(1_000);
    heard.leave();
    const again = listen(watch.status$);
    await gateway.clock.settle();
    watch.close();

    expect(connection.values.map(({ state }) => state)).toEqual([
      ...['idle', 'connecting', 'open', 'waiting', 'connecting', 'open'],
      ...['idle', 'connecting', 'open', 'closed'],
    ]);
    expect([connection.isComplete, again.isComplete]).toEqual([true, true]);
    expect(listen(watch.connection$)).toMatchObject({ values: [{ state: 'closed' }], isComplete: true });
  });
});

describe('close', () => {
  it('completes every stream, ends every connection and asks for nothing any more', async () => {
    const gateway = new FakeGateway();
    const watch = gateway.watch();
    const open = [listen(watch.status$), listen(watch.metrics$), listen(watch.request$('r'))];
    await gateway.clock.settle();
    watch.close();
    watch.close();
    const late = [listen(watch.status$), listen(watch.request$('other'))];
    await gateway.clock.advance(100_000);

    expect([...open, ...late].map(({ isComplete }) => isComplete)).toEqual([true, true, true, true, true]);
    expect(gateway.asked.map((asked) => asked.left())).toEqual([true, true]);
    expect(gateway.clock.pendingTimers).toBe(0);
  });

  it('ends a wait for the next connection', async () => {
    const gateway = new FakeGateway();
    gateway.answers = [new Error('down')];
    const watch = gateway.watch();
    listen(watch.status$);
    await gateway.clock.settle();
    expect(gateway.clock.pendingTimers).toBe(1);
    watch.close();
    expect(gateway.clock.pendingTimers).toBe(0);
  });
});

describe('watchGateway', () => {
  it.each([
    ['no address', 'gateway', {}, /'gateway' is no address/],
    ['another protocol', 'ftp://gateway.test', {}, /is no address/],
    ['a password in the address', 'http://me:pass-word@gateway.test', {}, /pass `key`/],
    ['a key that no header holds', 'http://gateway.test', { key: 'two\nlines' }, /`key` is no key/],
    ['no time at all', 'http://gateway.test', { silenceMs: 0 }, /'silenceMs' is 0/],
  ])('refuses %s', (_name, url, options, text) => {
    const refused = (): unknown => watchGateway(url, options);
    expect(refused).toThrow(text);
    expect(refused).not.toThrow(/pass-word|two/);
  });
});
