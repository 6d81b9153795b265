import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { ChatRequest, CompletionResponse } from '../../src/domain/chat.ts';
import type { LogMethod } from '../../src/domain/logger.ts';
import { MetricsMiddleware } from '../../src/middleware/metrics-middleware.ts';
import { isChatStream, Middleware, type MiddlewareContext, type OnionMiddleware } from '../../src/middleware/middleware.ts';
import { RateLimitMiddleware } from '../../src/middleware/rate-limit-middleware.ts';
import { RetryMiddleware } from '../../src/middleware/retry-middleware.ts';
import { anthropicAnswer, anthropicEvents, failure, keys, type Reply, refusal, world } from './llm-world.ts';

class Counting extends Middleware {
  requests = 0;
  responses = 0;
  readonly errors: string[] = [];

  override processRequest(request: ChatRequest): ChatRequest {
    this.requests += 1;
    return request;
  }

  override processResponse(response: CompletionResponse): CompletionResponse {
    this.responses += 1;
    return response;
  }

  override processError(error: Error): null {
    this.errors.push(error.name);
    return null;
  }
}

describe('middlewares of a client', () => {
  it('run once for a request, or once for each attempt, which reserves again', async () => {
    const { manager, until, behave, calls, clock } = await world(
      keys(1, { rateLimits: { requestsPerMinute: 2 } }, { acquireTimeout: 600 }),
    );
    behave((_, count) => (count < 3 ? failure(500) : anthropicAnswer()));
    const client = manager.getClient();
    const once = new Counting();
    const each = new Counting();
    client.middlewareChain.add(once).add(each, { perAttempt: true });

    await until(client.complete('a'));

    expect([once.requests, once.responses, once.errors]).toEqual([1, 1, []]);
    expect([each.requests, each.responses, each.errors.length]).toEqual([3, 1, 2]);
    // The third attempt had to wait for the minute: each attempt is a call like any other.
    expect(calls).toHaveLength(3);
    expect(clock.now()).toBeGreaterThanOrEqual(60_000);
  });

  it('a refusal is no attempt: it waits as long as it was told, and is not counted as a retry', async () => {
    const { manager, until, behave, clock, calls } = await world(keys(1, {}, { acquireTimeout: 600 }));
    behave((_, count) => (count === 1 ? refusal(7) : anthropicAnswer()));
    const client = manager.getClient();

    await until(client.complete('a'));

    expect(calls).toHaveLength(2);
    expect(clock.now()).toBeGreaterThanOrEqual(7_000);
    expect(client.middlewareChain.getMiddleware(MetricsMiddleware)?.getMetrics()).toMatchObject({ totalRequests: 1, retries: 0 });
  });

  it('a per-attempt middleware may change what each attempt sends', async () => {
    const { manager, until, behave, calls } = await world(keys(1));
    behave((_, count) => (count === 1 ? failure(500) : anthropicAnswer()));
    const client = manager.getClient();
    client.middlewareChain.add((request, next, { attempt }) => next({ ...request, temperature: attempt / 10 }), { perAttempt: true });

    await until(client.complete('a'));

    expect(calls.map(({ body }) => body['temperature'])).toEqual([0.1, 0.2]);
  });

  it('one that answers by itself costs nothing; one that asks again is another request, and never a second call of one attempt', async () => {
    const { manager, until, calls, clock } = await world(keys(1, { rateLimits: { requestsPerMinute: 2 } }, { acquireTimeout: 600 }));
    const client = manager.getClient();
    const cached = await until(client.complete('a'));
    const cache: OnionMiddleware = async () => cached;
    client.middlewareChain.add(cache);
    for (let i = 0; i < 5; i++) expect(await until(client.complete('b'))).toBe(cached);
    client.middlewareChain.remove(cache);
    expect(calls).toHaveLength(1);
    expect(client.getStatus().clientStatuses[0]?.rateLimitStatus.requestsRemaining).toBe(1);

    const twice: OnionMiddleware = async (request, next) => {
      await next(request);
      return next(request);
    };
    client.middlewareChain.add(twice, { perAttempt: true });
    await expect(until(client.complete('c'))).rejects.toThrow('sent twice in one attempt');
    client.middlewareChain.remove(twice);
    expect(calls).toHaveLength(2);
    client.middlewareChain.add(twice);
    await until(client.complete('d'));
    expect(calls).toHaveLength(4);
    expect(clock.now()).toBeGreaterThanOrEqual(60_000);
  });

  it('RetryMiddleware decides how often and how soon; without one nothing is tried again', async () => {
    const { manager, until, behave, calls } = await world(keys(1));
    behave(() => failure(500));
    const client = manager.getClient();
    const chain = client.middlewareChain;
    const before = chain.getMiddleware(RetryMiddleware);
    if (before !== undefined) chain.remove(before);
    await expect(until(client.complete('a'))).rejects.toThrow();
    expect(calls).toHaveLength(1);

    chain.add(new RetryMiddleware({ maxRetries: 2, baseDelay: 10, maxDelay: 10 }));
    await expect(until(client.complete('b'))).rejects.toThrow();
    const waits = calls.slice(2).map(({ at }, index) => at - (calls[index + 1]?.at ?? 0));
    expect(calls).toHaveLength(4);
    // Full jitter of 10 s with a random of one half.
    expect(waits).toEqual([5_000, 5_000]);
  });

  it('RateLimitMiddleware limits all keys together, beside their own, and goes on counting where another is added', async () => {
    const { manager, until, calls, clock } = await world(keys(3, {}, { acquireTimeout: 600 }));
    const client = manager.getClient();
    const perMinute = new RateLimitMiddleware({ requestsPerMinute: 2 });
    client.middlewareChain.add(perMinute);
    await until(Promise.all([1, 2].map((i) => client.complete(`q${i}`))));
    client.middlewareChain.add(new RateLimitMiddleware({ rateLimiters: [{ type: 'rpd', limit: 100 }] }));
    const third = client.complete('q3');
    await clock.advance(50_000);
    expect(calls).toHaveLength(2);
    await until(third);
    expect(clock.now()).toBeGreaterThanOrEqual(60_000);

    client.middlewareChain.remove(perMinute);
    const start = clock.now();
    await until(Promise.all([1, 2, 3].map((i) => client.complete(`r${i}`))));
    expect(clock.now()).toBe(start);
  });

  it('streams pass them: counted with their usage, and as cancelled when they are left', async () => {
    const { manager, until, behave } = await world(keys(1));
    behave(() => ({ events: anthropicEvents('Four ', 'metres.'), gapMs: 10 }));
    const client = manager.getClient();
    const counting = new Counting();
    client.middlewareChain.add(counting);
    await until(client.streamComplete('a').response);
    await until(
      (async () => {
        for await (const _ of client.streamComplete('b')) break;
      })(),
    );

    expect([counting.requests, counting.responses, counting.errors]).toEqual([2, 1, ['RequestCancelled']]);
    expect(client.middlewareChain.getMiddleware(MetricsMiddleware)?.getMetrics()).toMatchObject({
      totalRequests: 2,
      successfulRequests: 1,
      cancelledRequests: 1,
      totalTokens: 9,
      byProvider: { anthropic: { totalTokens: 9 } },
    });
  });

  it('the example of the module it replaces works as it was meant', async () => {
    class CustomMiddleware extends Middleware {
      override processRequest(request: ChatRequest, context: MiddlewareContext): ChatRequest {
        context['customData'] = 'value';
        return request;
      }
      override processResponse(response: CompletionResponse, context: MiddlewareContext): CompletionResponse {
        response.metadata['custom'] = context['customData'];
        return response;
      }
    }
    const { manager, until } = await world(keys(1));
    const client = manager.getClient();
    client.middlewareChain.add(new CustomMiddleware());
    expect((await until(client.complete('a'))).metadata['custom']).toBe('value');
  });

  it('one that throws fails its request and no other; what it throws arrives as it is, and everything is given back', async () => {
    const { manager, until, behave } = await world(keys(1));
    behave(() => ({ ...anthropicAnswer(), delayMs: 10 }));
    const client = manager.getClient();
    const broken = (request: ChatRequest): boolean => JSON.stringify(request.messages).includes('bad');
    const before = async (request: ChatRequest, next: (request: ChatRequest) => Promise<never>) => {
      if (broken(request)) throw new TypeError('my middleware broke');
      return next(request);
    };
    for (const perAttempt of [false, true]) {
      client.middlewareChain.add(before as never, { perAttempt });
      const [bad, good] = await until(Promise.allSettled([client.complete('bad'), client.complete('good')]));
      expect(bad).toMatchObject({ status: 'rejected', reason: expect.any(TypeError) });
      expect(good.status).toBe('fulfilled');
      client.middlewareChain.remove(before as never);
    }
    expect(client.getStatus()).toMatchObject({ queueSize: 0, inUseClients: 0 });
  });

  const long = (): Reply => ({ events: anthropicEvents(...Array.from({ length: 3000 }, () => 't'.repeat(400))), gapMs: 1000 });
  const broken = new Error('my middleware broke');
  const breaking: readonly (readonly [string, OnionMiddleware])[] = [
    [
      'behind its stream',
      async (request, next) => {
        await next(request);
        throw broken;
      },
    ],
    [
      'before its stream has begun',
      async (request, next) => {
        next(request).catch(() => {});
        await new Promise((resolve) => setImmediate(resolve));
        throw broken;
      },
    ],
  ];

  it.each(breaking.flatMap(([when, middleware]) => [false, true].map((perAttempt) => ({ when, perAttempt, middleware }))))(
    'one that breaks $when leaves nothing open at the provider (perAttempt: $perAttempt)',
    async ({ middleware, perAttempt }) => {
      const { manager, until, behave, open, calls, clock } = await world(keys(1));
      behave(long);
      const client = manager.getClient();
      client.middlewareChain.add(middleware, { perAttempt });
      for (let i = 0; i < 5; i++) await expect(until(client.streamComplete('a').response)).rejects.toBe(broken);
      await clock.settle();

      expect(calls.map(({ aborted }) => aborted)).toEqual(Array.from({ length: 5 }, () => true));
      expect(open.now).toBe(0);
      expect(client.getStatus()).toMatchObject({ queueSize: 0, inUseClients: 0 });
      await until(manager.close());
    },
  );

  it('one that breaks while its request waits takes it out of the queue, also where it asks only then', async () => {
    const { manager, until, calls, clock } = await world(keys(1, { rateLimits: { requestsPerMinute: 1 } }, { acquireTimeout: 600 }));
    const client = manager.getClient();
    await until(client.complete('first'));
    let ask = (): Promise<unknown> => Promise.resolve();
    client.middlewareChain.add(async (request, next) => {
      next(request).catch(() => {});
      ask = () => next(request);
      throw broken;
    });

    await expect(until(client.complete('a'))).rejects.toBe(broken);
    expect(client.getStatus().queueSize).toBe(0);
    await expect(until(ask())).rejects.toMatchObject({ code: 'cancelled' });
    await clock.advance(120_000);
    expect(calls).toHaveLength(1);
  });

  it('one that sends when its attempt is over is told so, and sends nothing past the limits', async () => {
    const { manager, until, calls } = await world(keys(1));
    const client = manager.getClient();
    const cached = await until(client.complete('a'));
    let later = (): Promise<unknown> => Promise.resolve();
    client.middlewareChain.add(
      async (request, next) => {
        later = () => next(request);
        return cached;
      },
      { perAttempt: true },
    );
    await until(client.complete('b'));

    await expect(later()).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringContaining('attempt was over') });
    expect(calls).toHaveLength(1);
  });

  it('one that returns nothing is told what was expected of it', async () => {
    const { manager, until, behave } = await world(keys(1));
    behave(() => anthropicAnswer());
    const client = manager.getClient();

    for (const perAttempt of [false, true]) {
      const forgetful = async (_: ChatRequest, next: (request: ChatRequest) => Promise<unknown>) => void (await next(_));
      client.middlewareChain.add(forgetful as never, { perAttempt });
      await expect(until(client.complete('a'))).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringMatching(/returned no answer/),
      });
      client.middlewareChain.remove(forgetful as never);
    }
    expect(client.getStatus().inUseClients).toBe(0);
  });

  it('one that never ends an attempt holds no client once the call is given up, nor the close', async () => {
    const { manager, until } = await world(keys(1));
    const client = manager.getClient();
    client.middlewareChain.add(() => new Promise(() => {}), { perAttempt: true });
    const caller = new AbortController();

    const call = client.complete('a', { signal: caller.signal });
    const rejected = expect(call).rejects.toMatchObject({ code: 'cancelled' });
    await Promise.resolve();
    caller.abort();
    await rejected;

    await until(manager.close());
  });

  const never = (): Promise<never> => new Promise(() => {});
  const hanging: readonly (readonly [string, OnionMiddleware])[] = [
    ['before the call', never],
    [
      'behind the call',
      async (request, next) => {
        await next(request);
        return never();
      },
    ],
    [
      'inside its stream',
      async (request, next) => {
        const answer = await next(request);
        return {
          async *[Symbol.asyncIterator]() {
            yield* isChatStream(answer) ? [{ type: 'text', text: 'a' } as const] : [];
            yield await never();
          },
        };
      },
    ],
  ];

  it.each(hanging)('one that never ends %s ends with the caller\u2019s signal or deadline, and holds nothing', async (_, middleware) => {
    const { manager, until, behave, clock } = await world(keys(1, { rateLimits: { requestsPerMinute: 100 } }));
    behave(() => ({ events: anthropicEvents('Four ', 'metres.'), gapMs: 10 }));
    const client = manager.getClient();
    client.middlewareChain.add(middleware);
    const caller = new AbortController();

    const aborted = client.streamComplete('a', { signal: caller.signal }).response.catch((error: unknown) => error);
    await clock.advance(1_000);
    caller.abort(new Error('enough'));
    const late = client.streamComplete('b', { deadline: clock.wallMs() + 5_000 }).response.catch((error: unknown) => error);

    expect(await until(aborted)).toMatchObject({ code: 'cancelled', message: expect.stringContaining('enough') });
    expect(await until(late)).toMatchObject({ code: 'timeout' });
    expect(client.getStatus()).toMatchObject({ queueSize: 0, inUseClients: 0 });
    await until(manager.close());
    expect(clock.pendingTimers).toBe(0);
  });

  it('one that never ends leaves no timer and no listener behind once the caller has given up, or the deadline has', async () => {
    const { manager, until, clock } = await world(keys(1));
    const client = manager.getClient();
    client.middlewareChain.add(never);
    const before = clock.pendingTimers;
    const caller = new AbortController();
    const deadline = () => clock.wallMs() + 20_000;
    const codeOf = (call: Promise<unknown>) => until(call.catch((error: { code: string }) => error.code));

    const late = codeOf(client.complete('a', { signal: caller.signal, deadline: deadline() }));
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1);
    expect(await late).toBe('timeout');
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);

    const given = codeOf(client.complete('b', { signal: caller.signal, deadline: deadline() }));
    caller.abort();
    expect(await given).toBe('cancelled');
    expect(await codeOf(client.complete('c', { signal: caller.signal, deadline: deadline() }))).toBe('cancelled');
    expect(clock.pendingTimers).toBe(before);
    await until(manager.close());
  });

  it('a stream is not watched anew for each of its events, and a forgotten one leaves none behind', async () => {
    const { manager, until, behave, clock } = await world(keys(1));
    behave(() => ({ events: anthropicEvents(...Array.from({ length: 100 }, () => 'a')), gapMs: 1 }));
    const client = manager.getClient();
    const { signal } = new AbortController();
    const listened = vi.spyOn(signal, 'addEventListener');
    const urgency = () => ({ signal, deadline: clock.wallMs() + 1e9 });
    const before = clock.pendingTimers;

    await until(client.streamComplete('a', urgency()).response);
    // The queue's own, one for the answer, one for its stream, and those of the last steps, when the call is over.
    expect(listened.mock.calls.length).toBeLessThan(8);
    expect([clock.pendingTimers, getEventListeners(signal, 'abort').length]).toEqual([before, 0]);

    await until(client.streamComplete('b', urgency())[Symbol.asyncIterator]().next());
    expect(getEventListeners(signal, 'abort').length).toBeGreaterThan(0);
    await clock.advance(700_000);
    expect([clock.pendingTimers, getEventListeners(signal, 'abort').length]).toEqual([before, 0]);
  });

  it('one may still answer a deadline that was missed', async () => {
    const { manager, until, behave, clock } = await world(keys(1));
    const client = manager.getClient();
    const kept = await until(client.complete('earlier'));
    behave(() => ({ ...anthropicAnswer(), delayMs: 60_000 }));
    client.middlewareChain.add((request, next) => next(request).catch(async () => kept));

    expect(await until(client.complete('a', { deadline: clock.wallMs() + 5_000 }))).toBe(kept);
  });

  it('logs go to the logger that was handed over, without what was said, at the level of the configuration', async () => {
    const lines: object[] = [];
    const note: LogMethod = (fields, message) => void lines.push({ ...fields, message });
    const logger = { debug: note, info: note, warn: note, error: note };
    const { manager, until } = await world(keys(1), { logger });
    await until(manager.getClient().complete('my secret question'));
    expect(lines.map((line) => Reflect.get(line, 'message'))).toEqual(['LLM request', 'LLM response']);
    expect(JSON.stringify(lines)).not.toMatch(/secret|metres/);

    lines.length = 0;
    const quiet = await world({ ...keys(1), global: { logLevel: 'ERROR' } }, { logger });
    await quiet.until(quiet.manager.getClient().complete('a'));
    const off = await world({ ...keys(1), global: { enableLogging: false, metricsEnabled: false } }, { logger });
    await off.until(off.manager.getClient().complete('a'));
    expect(lines).toEqual([]);
    expect(off.manager.getClient().middlewareChain.getMiddleware(MetricsMiddleware)).toBeUndefined();
  });
});
