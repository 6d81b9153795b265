import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProcessingError, type Processor, RateLimitRefused } from '../../src/index.ts';
import { bench, MODEL, ONE_AT_ONCE, retryable } from './harness.ts';

const bomb = new Proxy(
  {},
  {
    get: () => {
      throw new Error('get');
    },
    has: () => {
      throw new Error('has');
    },
    getPrototypeOf: () => {
      throw new Error('prototype');
    },
  },
);

function circular(): Error {
  const a = new Error('a');
  const b = new Error('b', { cause: a });
  a.cause = b;
  return a;
}

const STRANGE: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['a string', 'broken'],
  ['a number', 42],
  ['a symbol', Symbol('s')],
  ['a plain object', { message: 'plain' }],
  ['an object without prototype', Object.create(null)],
  ['a function', () => 1],
  ['a proxy that throws at every look', bomb],
  ['an error whose message is a symbol', Object.assign(new Error('x'), { message: Symbol('m') })],
  ['errors that cause each other', circular()],
  ['an error without a message', new Error('')],
  ['a frozen error', Object.freeze(new Error('frozen'))],
  ['an AbortError of its own', new DOMException('aborted', 'AbortError')],
];

describe.each<[string, (thrown: unknown) => Processor]>([
  ['rejects with', (thrown) => () => Promise.reject(thrown)],
  [
    'throws synchronously',
    (thrown) => () => {
      throw thrown;
    },
  ],
])('a processor that %s', (_how, processorOf) => {
  it.each(STRANGE)('%s fails its request only; slot and queue are free', async (_what, thrown) => {
    let first = true;
    const { submit, manager, clock } = bench(ONE_AT_ONCE, (request, context) => {
      if (!first) return 'fine';
      first = false;
      return processorOf(thrown)(request as never, context);
    });
    const failed = submit();
    const next = submit();
    const response = await failed.response;
    expect(response).toMatchObject({ status: 'failed', reason: 'error', code: 'processing_error', attempts: 1 });
    if (response.status !== 'failed') return expect.fail(response.status);
    expect(response.cause).toBeInstanceOf(ProcessingError);
    expect(Object.is(response.cause.cause, thrown)).toBe(true);
    expect(response.error).not.toBe('');
    expect(await next.response).toMatchObject({ status: 'completed', result: 'fine' });
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0, rateLimiterUsage: 0 });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('what a processor returns', () => {
  it.each<[string, () => unknown, unknown]>([
    ['a plain value', () => 5, 5],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tried
    ['a thenable', () => ({ then: (resolve: (value: string) => void) => resolve('thenable') }), 'thenable'],
    ['a promise of a promise', async () => Promise.resolve(7), 7],
    ['null', () => null, null],
  ])('%s completes', async (_what, returned, result) => {
    const { submit } = bench({}, () => returned());
    expect(await submit().response).toMatchObject({ status: 'completed', result });
  });

  it.each<[string, () => unknown]>([
    [
      'a thenable that throws',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tried
        get then() {
          throw new Error('then');
        },
      }),
    ],
    [
      'a promise whose constructor cannot be read',
      () =>
        Object.defineProperty(Promise.resolve(1), 'constructor', {
          get: () => {
            throw new Error('constructor');
          },
        }),
    ],
    [
      'a promise with a then of its own that throws',
      () =>
        Object.defineProperty(Promise.resolve(1), 'then', {
          value: () => {
            throw new Error('own then');
          },
        }),
    ],
  ])('%s fails its request only', async (_what, returned) => {
    const { submit, manager } = bench(ONE_AT_ONCE, (request) => (request.id === 'bad' ? returned() : 'fine'));
    const bad = submit({ id: 'bad' });
    const next = submit();
    expect(await bad.response).toMatchObject({ status: 'failed', code: 'processing_error' });
    expect(await next.response).toMatchObject({ status: 'completed' });
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ processing: 0, rateLimiterUsage: 0 });
  });

  it('a result with a usage that throws when read completes', async () => {
    const result = {
      get usage() {
        throw new Error('usage');
      },
    };
    const { submit } = bench({}, () => result);
    const response = await submit().response;
    expect(response.status === 'completed' && response.result).toBe(result);
  });

  it.each<[string, z.ZodType]>([
    ['does not accept it', z.object({ text: z.string() })],
    [
      'throws',
      z.unknown().transform(() => {
        throw new Error('transform');
      }),
    ],
    ['is asynchronous', z.unknown().refine(async () => true)],
  ])('a resultSchema that %s fails the request', async (_what, resultSchema) => {
    const { submit, manager } = bench({ ...ONE_AT_ONCE, resultSchema }, () => ({ text: 5 }));
    const response = await submit().response;
    expect(response).toMatchObject({ status: 'failed', reason: 'error', code: 'processing_error' });
    expect(response.error).toContain('resultSchema');
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ processing: 0, rateLimiterUsage: 0 });
  });
});

describe('a processor that takes its time', () => {
  it('never settles: the attempt timeout frees every slot', async () => {
    const limits = [{ type: 'concurrent', limit: 1 } as const, { type: 'tpm', limit: 100 } as const];
    const { submit, clock, manager } = bench({ rateLimiters: limits, attemptTimeoutSeconds: 30 }, () => new Promise(() => {}));
    const handles = [submit(), submit()];
    await clock.advance(60_000);
    for (const handle of handles) expect(await handle.response).toMatchObject({ reason: 'timeout', code: 'attempt_timeout' });
    await clock.advance(61_000 + 1_000);
    expect(manager.getQueueInfo(MODEL).rateLimiters.map(({ usage }) => usage)).toEqual([0, 0]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('settles after cancel, either way: nobody listens, nothing is counted twice', async () => {
    const { submit, calls, clock, manager } = bench(ONE_AT_ONCE);
    for (const settle of ['resolve', 'reject'] as const) {
      const handle = submit();
      await clock.settle();
      const call = calls.last;
      handle.cancel();
      call[settle](retryable());
      await clock.advance(5_000);
      expect(await handle.response).toMatchObject({ reason: 'cancelled' });
      expect(manager.getStatus(MODEL, handle.id)).toMatchObject({ status: 'failed', reason: 'cancelled' });
      expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0, rateLimiterUsage: 0 });
    }
    expect(calls.all).toHaveLength(2);
  });

  it('settles after its attempt timed out while the next attempt runs: only the next one counts', async () => {
    const { submit, calls, clock } = bench({ attemptTimeoutSeconds: 1, retry: { maxAttempts: 2, baseDelayMs: 0 } });
    const handle = submit();
    await clock.advance(1_001);
    expect(calls.all).toHaveLength(2);
    calls.at(0).context.reportUsage({ inputTokens: 900, outputTokens: 9 });
    calls.at(0).resolve('late');
    await clock.settle();
    expect(handle.actor.getSnapshot().value).toBe('processing');
    calls.at(1).resolve({ usage: { input_tokens: 3, output_tokens: 2 } });
    expect(await handle.response).toMatchObject({ status: 'completed', attempts: 2, inputTokensUsed: 3, outputTokensUsed: 2 });
  });
});

describe('a processor that reports garbage', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['NaN', { inputTokens: Number.NaN, outputTokens: 1 }],
    ['a negative count', { inputTokens: -5, outputTokens: 1 }],
    ['text', { inputTokens: '5', outputTokens: '6' }],
    ['infinity', { inputTokens: 1, outputTokens: Number.POSITIVE_INFINITY }],
    ['half of it', { inputTokens: 1 }],
  ])('%s as usage is ignored', async (_what, usage) => {
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (_fields: object, text?: string) => void warnings.push(text ?? '') };
    const processor: Processor = (_request, context) => context.reportUsage(usage as never);
    const { submit, manager } = bench({ rateLimiters: [{ type: 'tpm', limit: 100 }] }, processor, { logger });
    expect(await submit({ estimatedInputTokens: 10, estimatedOutputTokens: 10 }).response).toMatchObject({
      status: 'completed',
      inputTokensUsed: undefined,
    });
    expect(manager.getQueueInfo(MODEL).rateLimiterUsage).toBe(20);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('reportUsage');
  });

  it('usage while the logger throws: the request is not harmed', async () => {
    const fail = (): never => {
      throw new Error('logger');
    };
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    const { submit } = bench({}, (_request, context) => context.reportUsage(null as never), { logger });
    expect(await submit().response).toMatchObject({ status: 'completed' });
  });

  it.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a negative time', -5],
    ['text', '5 s'],
    ['nothing', undefined],
  ])('%s as retryAfterMs pauses for the default second', async (_what, retryAfterMs) => {
    const { submit, calls, clock, manager } = bench({ rateLimiters: [{ type: 'rpm', limit: 10 }] });
    const handle = submit();
    await clock.settle();
    calls.last.reject(new RateLimitRefused({ retryAfterMs: retryAfterMs as number }));
    await clock.advance(999);
    expect(manager.getQueueInfo(MODEL).rateLimiters[0]?.state).toBe('paused');
    expect(calls.all).toHaveLength(1);
    await clock.advance(1);
    calls.last.resolve();
    expect(await handle.response).toMatchObject({ status: 'completed', attempts: 1 });
    expect(calls.all).toHaveLength(2);
  });

  it.each([
    ['a window', { rateLimiters: [{ type: 'rpm', limit: 1_000_000 } as const] }],
    ['only a concurrent limit', ONE_AT_ONCE],
  ])('no wait at all: refusals under %s never spin, so other work goes on', async (_what, limits) => {
    let calls = 0;
    const { submit, clock } = bench(limits, () => {
      calls++;
      throw new RateLimitRefused({ retryAfterMs: 0 });
    });
    const handle = submit();
    await clock.advance(1_000);
    expect(calls).toBeGreaterThan(1);
    expect(calls).toBeLessThanOrEqual(101);
    handle.cancel();
    await clock.settle();
    const made = calls;
    await clock.advance(10_000);
    expect(calls).toBe(made);
  });
});

describe('a processor that calls the manager while it runs', () => {
  it('submits, and waits for what it submitted', async () => {
    const { manager, submit } = bench({}, async (request) => {
      if (request.id !== 'outer') return 'inner';
      return (await manager.submitRequest({ modelId: MODEL })).status;
    });
    expect(await submit({ id: 'outer' }).response).toMatchObject({ status: 'completed', result: 'completed' });
  });

  it('cancels itself before it returns', async () => {
    let aborted = false;
    const { submit, manager, clock } = bench(ONE_AT_ONCE, (_request, context) => {
      self.cancel('from inside');
      aborted = context.signal.aborted;
      return 'too late';
    });
    const self = submit();
    expect(await self.response).toMatchObject({ status: 'failed', reason: 'cancelled' });
    await clock.settle();
    expect(aborted).toBe(true);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ processing: 0, rateLimiterUsage: 0 });
  });

  it('cancels one that was admitted in the same pass: it never runs and costs nothing', async () => {
    const ran: string[] = [];
    const { submit, manager, clock } = bench(
      {
        rateLimiters: [
          { type: 'rpm', limit: 10 },
          { type: 'concurrent', limit: 5 },
        ],
      },
      (request) => {
        ran.push(request.id);
        if (request.id === 'killer') victim.cancel();
        return 1;
      },
    );
    submit({ id: 'killer' });
    const victim = submit({ id: 'victim' });
    expect(await victim.response).toMatchObject({ reason: 'cancelled' });
    await clock.settle();
    expect(ran).toEqual(['killer']);
    expect(manager.getQueueInfo(MODEL).rateLimiters.map(({ usage }) => usage)).toEqual([1, 0]);
  });

  it('pauses its queue: what was admitted goes on, nothing else starts', async () => {
    const { submit, manager, clock } = bench(ONE_AT_ONCE, () => manager.pauseQueue(MODEL));
    const first = submit();
    const second = submit();
    expect(await first.response).toMatchObject({ status: 'completed' });
    await clock.advance(60_000);
    expect(manager.getStatus(MODEL, second.id)).toMatchObject({ status: 'pending' });
    manager.resumeQueue(MODEL);
    expect(await second.response).toMatchObject({ status: 'completed' });
  });

  it.each([{ force: true }, {}])('shuts the engine down with %o', async (options) => {
    const { submit, manager } = bench(ONE_AT_ONCE, () => {
      stopped ??= manager.shutdownAll(options);
    });
    let stopped: Promise<void> | undefined;
    const handles = [submit(), submit()];
    const statuses = await Promise.all(handles.map(async (handle) => (await handle.response).status));
    await stopped;
    expect(statuses).toEqual(options.force ? ['failed', 'failed'] : ['completed', 'completed']);
  });

  it('cancels from a listener of its own signal, after a timeout: it is not retried', async () => {
    let calls = 0;
    const { submit, clock, manager, events } = bench(
      { ...ONE_AT_ONCE, attemptTimeoutSeconds: 1, retry: { maxAttempts: 5 } },
      (_request, context) => {
        calls++;
        context.signal.addEventListener('abort', () => handle.cancel('from the listener'));
        return new Promise(() => {});
      },
    );
    const handle = submit();
    await clock.advance(120_000);
    expect(await handle.response).toMatchObject({ reason: 'cancelled', attempts: 1 });
    expect(calls).toBe(1);
    expect(events.map(({ type }) => type)).toEqual(['request-submitted', 'request-admitted', 'request-failed']);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0, rateLimiterUsage: 0 });
  });

  it('cancels again from a listener of the signal that the cancel aborts: it settles once', async () => {
    const { submit, clock, manager, events } = bench(ONE_AT_ONCE, (_request, context) => {
      context.signal.addEventListener('abort', () => handle.cancel('again'));
      return new Promise(() => {});
    });
    const handle = submit();
    await clock.settle();
    expect(handle.cancel('first')).toBe(true);
    expect((await handle.response).error).toContain('first');
    expect(events.filter(({ type }) => type === 'request-failed')).toHaveLength(1);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0 });
    await manager.shutdownAll();
  });
});

describe('refused by a stranger', () => {
  it.each<[string, object]>([
    [
      'the status of an official SDK',
      Object.assign(new Error('429 slow down'), { status: 429, headers: new Headers({ 'retry-after': '2' }) }),
    ],
    ['headers of another HTTP client', { statusCode: 429, headers: { get: (name: string) => (name === 'retry-after' ? '2' : null) } }],
    ['plain headers', { status: 429, headers: { 'retry-after-ms': '2000' } }],
    ['a class of another copy of the package', { code: 'rate_limit_refused', retryAfterMs: 2_000 }],
  ])('with %s: waits as long as it says, uses no attempt', async (_what, thrown) => {
    const { submit, calls, clock } = bench({ rateLimiters: [{ type: 'rpm', limit: 10 }] });
    const handle = submit();
    await clock.settle();
    calls.last.reject(thrown);
    await clock.advance(1_999);
    expect(calls.all).toHaveLength(1);
    await clock.advance(1);
    expect(calls.all).toHaveLength(2);
    expect(calls.last.context.attempt).toBe(1);
    calls.last.resolve();
    expect(await handle.response).toMatchObject({ attempts: 1 });
  });

  it.each([400, 401, 403, 404, 422, 408, 409, 500, 503, 529])('a status of %d is retried where the SDKs retry it', async (status) => {
    const { submit, calls, clock } = bench({ retry: { maxAttempts: 2 } });
    const handle = submit();
    await clock.settle();
    calls.last.reject(Object.assign(new Error('http'), { status }));
    await clock.advance(2_000);
    const again = status === 408 || status === 409 || status >= 500;
    expect(calls.all).toHaveLength(again ? 2 : 1);
    calls.last.resolve();
    expect((await handle.response).status).toBe(again ? 'completed' : 'failed');
  });

  it.each<[string, unknown]>([
    ['ECONNRESET', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
    ['a failed fetch', new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ENOTFOUND' }) })],
    ['an error that says so', retryable()],
  ])('%s is retried', async (_what, thrown) => {
    const { submit, calls, clock } = bench({ retry: { maxAttempts: 2 } });
    const handle = submit();
    await clock.settle();
    calls.last.reject(thrown);
    await clock.advance(2_000);
    calls.last.resolve('ok');
    expect(await handle.response).toMatchObject({ status: 'completed', attempts: 2 });
  });

  it('money is no refusal: it is final, whatever its status', async () => {
    const { submit } = bench({ retry: { maxAttempts: 5 } }, () => {
      throw Object.assign(new Error('You exceeded your current quota'), { status: 429, code: 'insufficient_quota' });
    });
    expect(await submit().response).toMatchObject({ status: 'failed', reason: 'error', attempts: 1 });
  });
});
