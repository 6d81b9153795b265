import { describe, expect, it } from 'vitest';
import { type EngineMetrics, type QueueInfo, RateLimitRefused } from '../../src/index.ts';
import { bench, MODEL, retryable } from './harness.ts';

const START = 1_735_689_600_000;

describe('metrics$ and queue$', () => {
  it('sample at once and every 250 ms, are frozen, and hold everything that is counted', async () => {
    const { manager, submit, calls, clock } = bench({
      rateLimiters: [{ type: 'tpm', limit: 100 }],
      retry: { maxAttempts: 2, baseDelayMs: 0 },
    });
    const samples: EngineMetrics[] = [];
    const queue: QueueInfo[] = [];
    const subscriptions = [
      manager.metrics$.subscribe((sample) => samples.push(sample)),
      manager.queue$(MODEL).subscribe((sample) => queue.push(sample)),
    ];
    expect(samples).toHaveLength(1);
    submit({ estimatedInputTokens: 10, estimatedOutputTokens: 5 });
    submit({ estimatedInputTokens: 1_000 });
    await clock.settle();
    calls.last.reject(retryable());
    await clock.advance(100);
    calls.last.reject(new RateLimitRefused({ retryAfterMs: 100 }));
    await clock.advance(150);
    calls.last.resolve({ usage: { input_tokens: 8, output_tokens: 2 } });
    await clock.advance(250);
    expect(samples.map(({ at }) => at - START)).toEqual([0, 250, 500]);
    expect(samples[2]).toMatchObject({
      queueSize: 0,
      processing: 0,
      models: {
        [MODEL]: {
          submitted: 2,
          completed: 1,
          failed: 1,
          refused: 1,
          retried: 1,
          queueTimeMs: { p50: 0, p99: 100 },
          tokens: { estimated: { input: 1_010, output: 5 }, used: { input: 8, output: 2 } },
        },
      },
    });
    expect(queue.map(({ processing }) => processing)).toEqual([0, 1, 0]);
    const [metrics] = samples;
    for (const value of [
      metrics,
      metrics?.models,
      metrics?.models[MODEL],
      metrics?.models[MODEL]?.rateLimiters,
      queue[0],
      queue[0]?.rateLimiters[0],
    ]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(clock.pendingTimers).toBe(0);
  });

  it('set no timer and read nothing while nobody is subscribed; replay the last to whoever comes later', async () => {
    const { manager, clock } = bench();
    expect(clock.pendingTimers).toBe(0);
    const first = manager.metrics$.subscribe();
    const late: number[] = [];
    await clock.advance(300);
    manager.metrics$.subscribe(({ at }) => late.push(at - START)).unsubscribe();
    expect(late).toEqual([250]);
    expect(clock.pendingTimers).toBe(1);
    first.unsubscribe();
    expect(clock.pendingTimers).toBe(0);
  });

  it('end with a last sample when the engine stops, and say it to whoever comes later', async () => {
    const { manager, clock } = bench();
    const { metrics$ } = manager;
    const queue$ = manager.queue$(MODEL);
    const ended: string[] = [];
    metrics$.subscribe({ complete: () => ended.push('metrics$') });
    queue$.subscribe({ complete: () => ended.push('queue$') });
    await manager.shutdownAll();
    expect(ended.sort()).toEqual(['metrics$', 'queue$']);
    const late: unknown[] = [];
    metrics$.subscribe({ next: (sample) => late.push(sample), complete: () => late.push('complete') });
    expect(late.at(-1)).toBe('complete');
    expect(late).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('getQueueInfo', () => {
  it('of the limiters form and of system A’s first form', async () => {
    const { manager, submit, calls, clock } = bench({
      rateLimiters: [
        { type: 'rpm', limit: 10 },
        { type: 'concurrent', limit: 1, domain: 'd' },
      ],
    });
    submit();
    submit();
    await clock.settle();
    expect(manager.getQueueInfo(MODEL)).toEqual({
      modelId: MODEL,
      queueSize: 1,
      waitsFor: "limit 'd/concurrent': 1 of 1 in use, room once a call ends",
      processing: 1,
      rateLimiterUsage: 1,
      rateLimit: 10,
      rateLimiterMode: 'requests_per_period',
      rateLimiters: [
        { type: 'rpm', domain: undefined, usage: 1, limit: 10, available: 9, state: 'open', nextFreeAt: START },
        { type: 'concurrent', domain: 'd', usage: 1, limit: 1, available: 0, state: 'exhausted', nextFreeAt: null },
      ],
      deployments: [],
    });
    expect(Object.isFrozen(manager.getQueueInfo(MODEL))).toBe(true);
    manager.registerQueue({ modelId: 'v1', rateLimit: 2 }, calls.processor);
    manager.registerQueue({ modelId: 'v1c', rateLimit: 3, rateLimiterMode: 'concurrent_requests' }, calls.processor);
    manager.registerQueue({ modelId: 'v1p', rateLimit: 4, timePeriod: 10 }, calls.processor);
    manager.registerQueue({ modelId: 'tokens', rateLimiters: [{ type: 'itpm', limit: 5 }] }, calls.processor);
    const short = (modelId: string) => {
      const { rateLimit, rateLimiterMode, rateLimiterUsage, rateLimiters } = manager.getQueueInfo(modelId);
      return [rateLimit, rateLimiterMode, rateLimiterUsage, rateLimiters.map(({ type }) => type)];
    };
    expect(short('v1')).toEqual([2, 'requests_per_period', 0, ['rpm']]);
    expect(short('v1c')).toEqual([3, 'concurrent_requests', 0, ['concurrent']]);
    expect(short('v1p')).toEqual([4, 'requests_per_period', 0, ['rpm']]);
    expect(short('tokens')).toEqual([5, 'itpm', 0, ['itpm']]);
    expect(Object.keys(manager.getAllQueuesInfo())).toEqual([MODEL, 'v1', 'v1c', 'v1p', 'tokens']);
    expect(manager.getRegisteredModels()).toEqual([MODEL, 'v1', 'v1c', 'v1p', 'tokens']);
  });

  it('tells when a window has room again', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimit: 1, timePeriod: 10 });
    submit();
    await clock.settle();
    calls.last.context.responseStarted();
    const [limiter] = manager.getQueueInfo(MODEL).rateLimiters;
    expect(limiter).toMatchObject({ state: 'exhausted', available: 0 });
    // The window, and the guard against a clock that runs at another rate.
    expect(limiter?.nextFreeAt).toBeCloseTo(START + 10_000 + 2, 3);
  });
});
