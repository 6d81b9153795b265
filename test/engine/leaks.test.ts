import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { RateLimitRefused } from '../../src/index.ts';
import { bench, MODEL, ONE_AT_ONCE, retryable } from './harness.ts';

const MANY = 100_000;

describe('nothing is left behind', () => {
  it('no timer, listener or count once all kinds of requests have settled', async () => {
    const { submit, calls, clock, manager } = bench({
      rateLimiters: [
        { type: 'concurrent', limit: 2 },
        { type: 'rpm', limit: 100 },
        { type: 'tpm', limit: 1_000 },
      ],
      requestTimeoutSeconds: 100,
      attemptTimeoutSeconds: 20,
      retry: { maxAttempts: 2, baseDelayMs: 100 },
    });
    const { signal } = new AbortController();
    const input = () => ({ signal, deadline: clock.wallMs() + 90_000, dedupeKey: undefined });
    const outcomes = [
      (i: number) => calls.at(i).resolve({ usage: { input_tokens: 1, output_tokens: 1 } }),
      (i: number) => calls.at(i).reject(new Error('final')),
      (i: number) => calls.at(i).reject(retryable()),
      (i: number) => calls.at(i).reject(new RateLimitRefused({ retryAfterMs: 200 })),
      () => {},
    ];
    const handles = Array.from({ length: 20 }, (_, i) => submit({ ...input(), ...(i % 5 === 0 && { dedupeKey: `${i % 2}` }) }));
    handles[3]?.cancel();
    handles[19]?.cancel();
    let answered = 0;
    const settled = Promise.all(handles.map(({ response }) => response));
    await clock.advanceUntil(() => {
      for (; answered < calls.all.length; answered++) outcomes[answered % outcomes.length]?.(answered);
      return manager.getQueueInfo(MODEL).queueSize + manager.getQueueInfo(MODEL).processing === 0;
    });
    await settled;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await clock.advance(1_000);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(120_000);
    expect(manager.getQueueInfo(MODEL).rateLimiters.map(({ usage }) => usage)).toEqual([0, 0, 0]);
    expect(handles.map(({ id }) => manager.explain(id))).toEqual(handles.map(() => null));
  });

  it('one listener for a signal, however many requests hang on it, and none when they have settled', async () => {
    const { submit, calls, clock } = bench();
    const { signal } = new AbortController();
    const handles = Array.from({ length: 10 }, () => submit({ signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await clock.settle();
    for (const call of calls.all) call.resolve();
    for (const { response } of handles) await response;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it(`${MANY} requests on one signal are cancelled at once, running ones included`, async () => {
    const { submit, calls, clock, manager } = bench(ONE_AT_ONCE);
    const controller = new AbortController();
    const handles = Array.from({ length: MANY }, () => submit({ signal: controller.signal }));
    await clock.settle();
    controller.abort();
    expect(calls.last.context.signal.aborted).toBe(true);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0, rateLimiterUsage: 0 });
    expect((await handles.at(-1)?.response)?.status).toBe('failed');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
    expect(calls.all).toHaveLength(1);
  });

  it(`${MANY} pending requests are cancelled one by one, from either end`, async () => {
    const { submit, calls, clock, manager } = bench({ ...ONE_AT_ONCE, requestTimeoutSeconds: 60 });
    submit();
    await clock.settle();
    const handles = Array.from({ length: MANY }, () => submit());
    await clock.settle();
    expect(manager.getQueueInfo(MODEL).queueSize).toBe(MANY);
    for (let i = 0; i < MANY / 2; i++) {
      handles[i]?.cancel();
      handles[MANY - 1 - i]?.cancel();
    }
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 1 });
    calls.last.resolve();
    await clock.settle();
    expect(calls.all).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('a stream that nobody watches any more is forgotten', async () => {
    const { submit, calls, clock } = bench();
    const handle = submit();
    const seen: string[] = [];
    for (let i = 0; i < 100; i++) handle.status$.subscribe(({ status }) => seen.push(status)).unsubscribe();
    await clock.settle();
    calls.last.resolve();
    await handle.response;
    expect(seen).toEqual(Array.from({ length: 100 }, () => 'pending'));
  });
});
