import { describe, expect, it } from 'vitest';
import { RateLimitRefused, type RequestInput } from '../../src/index.ts';
import { bench, MODEL, ONE_AT_ONCE, retryable, watch } from './harness.ts';

const KEY = { dedupeKey: 'same' } satisfies Partial<RequestInput>;

describe('requests with equal dedupe keys', () => {
  it('make one call; each has its own id, handle, status and result', async () => {
    const { submit, calls, clock, manager } = bench();
    const handles = [submit({ ...KEY, id: 'a' }), submit({ ...KEY, id: 'b' }), submit({ ...KEY, id: 'c' })];
    const told = handles.map(watch);
    await clock.settle();
    expect(calls.all).toHaveLength(1);
    calls.last.resolve({ text: 'one', usage: { input_tokens: 4, output_tokens: 2 } });
    const responses = await Promise.all(handles.map(({ response }) => response));
    expect(responses.map(({ requestId, status }) => [requestId, status])).toEqual([
      ['a', 'completed'],
      ['b', 'completed'],
      ['c', 'completed'],
    ]);
    for (const response of responses) expect(response).toMatchObject({ inputTokensUsed: 4, outputTokensUsed: 2, attempts: 1 });
    for (const { statuses, ended } of told) {
      expect(statuses).toEqual(['pending', 'processing', 'completed']);
      expect(ended).toBe(true);
    }
    for (const id of ['a', 'b', 'c']) expect(manager.getStatus(MODEL, id)).toMatchObject({ status: 'completed' });
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0 });
  });

  it('make a call each once the first has settled', async () => {
    const { submit, calls, clock } = bench();
    submit(KEY);
    await clock.settle();
    calls.last.resolve();
    await clock.settle();
    submit(KEY);
    await clock.settle();
    expect(calls.all).toHaveLength(2);
  });

  it('of two tenants, or on two models, make a call each', async () => {
    const { submit, calls, clock, manager } = bench();
    manager.registerQueue({ modelId: 'other', rateLimit: 10 }, calls.processor);
    submit({ ...KEY, tenant: 'x' });
    submit({ ...KEY, tenant: 'y' });
    submit({ ...KEY, tenant: 'x' });
    submit({ ...KEY, modelId: 'other' });
    await clock.settle();
    expect(calls.all).toHaveLength(3);
  });

  it('join a call that is under way, at any moment, and see pending first', async () => {
    const { submit, calls, clock } = bench();
    submit(KEY);
    await clock.settle();
    const late = submit(KEY);
    const told = watch(late);
    expect(told.statuses).toEqual(['pending']);
    await clock.settle();
    expect(told.statuses).toEqual(['pending', 'processing']);
    calls.last.resolve('r');
    const inTheLastMoment = submit(KEY);
    expect(await late.response).toMatchObject({ result: 'r' });
    expect(await inTheLastMoment.response).toMatchObject({ result: 'r' });
    expect(calls.all).toHaveLength(1);
  });

  it.each(['pending', 'processing', 'backoff'] as const)('go on when the first caller cancels while %s', async (state) => {
    const { submit, calls, clock, manager } = bench({ ...ONE_AT_ONCE, retry: { maxAttempts: 2, baseDelayMs: 1_000 } });
    const blocker = submit({ id: 'blocker' });
    await clock.settle();
    const leader = submit({ ...KEY, id: 'leader' });
    const followers = [submit({ ...KEY, id: 'f1' }), submit({ ...KEY, id: 'f2' })];
    const told = followers.map(watch);
    if (state !== 'pending') {
      calls.at(0).resolve();
      await blocker.response;
      await clock.settle();
    }
    if (state === 'backoff') {
      calls.at(1).reject(retryable());
      await clock.settle();
    }
    leader.cancel();
    expect(await leader.response).toMatchObject({ reason: 'cancelled' });
    if (state === 'pending') calls.at(0).resolve();
    await clock.advance(1_000);
    expect(calls.last.context.signal.aborted).toBe(false);
    expect(calls.all).toHaveLength(state === 'backoff' ? 3 : 2);
    calls.last.resolve('shared');
    for (const { response } of followers) expect(await response).toMatchObject({ status: 'completed', result: 'shared' });
    const steps = state === 'backoff' ? ['pending', 'processing', 'pending', 'processing'] : ['pending', 'processing'];
    for (const { statuses } of told) expect(statuses).toEqual([...steps, 'completed']);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0, rateLimiterUsage: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('go on when a follower cancels; the call ends when the last has gone', async () => {
    const { submit, calls, clock, manager } = bench(ONE_AT_ONCE);
    const handles = [submit(KEY), submit(KEY), submit(KEY)];
    await clock.settle();
    handles[1]?.cancel();
    handles[0]?.cancel();
    expect(calls.last.context.signal.aborted).toBe(false);
    handles[2]?.cancel();
    expect(calls.last.context.signal.aborted).toBe(true);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0, rateLimiterUsage: 0 });
    submit(KEY);
    await clock.settle();
    expect(calls.all).toHaveLength(2);
  });

  it('fail together, are refused together and are retried together', async () => {
    const { submit, calls, clock } = bench({ rateLimiters: [{ type: 'rpm', limit: 10 }], retry: { maxAttempts: 2, baseDelayMs: 1_000 } });
    const handles = [submit(KEY), submit(KEY)];
    const told = handles.map(watch);
    await clock.settle();
    calls.last.reject(new RateLimitRefused({ retryAfterMs: 100 }));
    await clock.advance(100);
    calls.last.reject(retryable());
    await clock.advance(1_000);
    calls.last.reject(new Error('final'));
    for (const { response } of handles) expect(await response).toMatchObject({ reason: 'error', error: 'final', attempts: 2 });
    expect(calls.all).toHaveLength(3);
    expect(told[0]?.statuses).toEqual(told[1]?.statuses);
  });

  it('keep their own deadlines, time limits and signals', async () => {
    const { submit, calls, clock } = bench({ ...ONE_AT_ONCE, requestTimeoutSeconds: 5 });
    const controller = new AbortController();
    submit();
    await clock.settle();
    const hurried = submit({ ...KEY, deadline: clock.wallMs() + 1_000 });
    const signalled = submit({ ...KEY, signal: controller.signal });
    await clock.advance(2_000);
    const later = submit(KEY);
    expect(await hurried.response).toMatchObject({ code: 'deadline_exceeded' });
    controller.abort();
    expect(await signalled.response).toMatchObject({ code: 'cancelled' });
    calls.at(0).resolve();
    await clock.advance(4_000);
    calls.at(1).resolve('x');
    expect(await later.response).toMatchObject({ status: 'completed' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('stand at the best place of all who share the call', async () => {
    const { submit, calls, clock } = bench(ONE_AT_ONCE);
    submit({ id: 'blocker' });
    await clock.settle();
    submit({ ...KEY, id: 'low', priority: -5 });
    submit({ id: 'normal' });
    submit({ ...KEY, id: 'high', priority: 5 });
    calls.last.resolve();
    await clock.settle();
    calls.last.resolve();
    await clock.settle();
    expect(calls.ids).toEqual(['blocker', 'low', 'normal']);
  });

  it('share a usage report, whoever of them it names', async () => {
    const { submit, calls, clock, manager } = bench({ rateLimiters: [{ type: 'tpm', limit: 1_000 }] });
    const leader = submit({ ...KEY, estimatedInputTokens: 100 });
    const follower = submit(KEY);
    await clock.settle();
    expect(manager.updateTokenUsage(MODEL, follower.id, { inputTokens: 30, outputTokens: 5 })).toBe(true);
    expect(manager.getQueueInfo(MODEL).rateLimiterUsage).toBe(35);
    calls.last.resolve();
    for (const { response } of [leader, follower]) expect(await response).toMatchObject({ inputTokensUsed: 30, outputTokensUsed: 5 });
    expect(manager.getQueueInfo(MODEL).rateLimiterUsage).toBe(35);
  });

  it('an heir that joined in the very moment in which the leader leaves and the call is refused runs once more, once', async () => {
    const { submit, calls, clock, manager } = bench({ rateLimiters: [{ type: 'rpm', limit: 10 }] });
    const leader = submit(KEY);
    await clock.settle();
    calls.last.reject(new RateLimitRefused({ retryAfterMs: 50 }));
    const heir = submit(KEY);
    leader.cancel();
    await clock.advance(50);
    expect(calls.all).toHaveLength(2);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 1 });
    calls.last.resolve('ok');
    expect(await heir.response).toMatchObject({ status: 'completed', result: 'ok', attempts: 1 });
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0 });
  });
});
