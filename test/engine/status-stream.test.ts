import { firstValueFrom, from, lastValueFrom, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from 'xstate';
import { type EngineEvent, RateLimitRefused } from '../../src/index.ts';
import { bench, MODEL, ONE_AT_ONCE, retryable, watch } from './harness.ts';

describe('status$', () => {
  it('success: pending, processing, completed, with phase, attempt and time; then it completes', async () => {
    const { submit, calls, clock } = bench();
    const handle = submit();
    const told = watch(handle);
    await clock.advance(100);
    calls.last.context.responseStarted();
    await clock.advance(100);
    calls.last.resolve();
    await handle.response;
    const at = 1_735_689_600_000;
    expect(told.seen).toEqual([
      { status: 'pending', phase: 'queued', attempt: 0, at },
      { status: 'processing', phase: 'calling', attempt: 1, at },
      { status: 'completed', phase: undefined, attempt: 1, at: at + 200 },
    ]);
    expect(told.ended).toBe(true);
  });

  it('refusal: back to pending with the attempt unused', async () => {
    const { submit, calls, clock } = bench({ rateLimiters: [{ type: 'rpm', limit: 10 }] });
    const handle = submit();
    const told = watch(handle);
    await clock.settle();
    calls.last.reject(new RateLimitRefused({ retryAfterMs: 3_000 }));
    await clock.advance(3_000);
    calls.last.resolve();
    await handle.response;
    expect(told.statuses).toEqual(['pending', 'processing', 'pending', 'processing', 'completed']);
    expect(told.seen.map(({ attempt }) => attempt)).toEqual([0, 1, 0, 1, 1]);
    expect(calls.last.context.attempt).toBe(1);
  });

  it('retry: backoff is pending and holds no slot', async () => {
    const { submit, calls, clock, manager } = bench({ ...ONE_AT_ONCE, retry: { maxAttempts: 2, baseDelayMs: 2_000 } });
    const handle = submit();
    const told = watch(handle);
    await clock.settle();
    calls.last.reject(retryable());
    await clock.settle();
    expect(told.seen.at(-1)).toMatchObject({ status: 'pending', phase: 'backoff', attempt: 1 });
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 1, processing: 0, rateLimiterUsage: 0 });
    await clock.advance(1_000);
    calls.last.resolve();
    await handle.response;
    expect(told.statuses).toEqual(['pending', 'processing', 'pending', 'processing', 'completed']);
    expect(told.seen.map(({ phase }) => phase)).toEqual(['queued', 'calling', 'backoff', 'calling', undefined]);
  });

  it('cancel while pending: pending, failed', async () => {
    const { submit, clock } = bench(ONE_AT_ONCE);
    submit();
    await clock.settle();
    const handle = submit();
    const told = watch(handle);
    handle.cancel();
    expect(told.statuses).toEqual(['pending', 'failed']);
    expect(told.ended).toBe(true);
  });

  it('cancel while processing, and in backoff', async () => {
    const { submit, calls, clock } = bench({ retry: { maxAttempts: 2 } });
    const running = submit();
    const inBackoff = submit();
    const told = [watch(running), watch(inBackoff)];
    await clock.settle();
    calls.at(1).reject(retryable());
    await clock.settle();
    running.cancel();
    inBackoff.cancel();
    expect(told[0]?.statuses).toEqual(['pending', 'processing', 'failed']);
    expect(told[1]?.statuses).toEqual(['pending', 'processing', 'pending', 'failed']);
    await clock.advance(60_000);
    expect(calls.all).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('a late subscriber gets the last change, at the end the terminal one, then completion', async () => {
    const { submit, calls, clock } = bench();
    const handle = submit();
    await clock.settle();
    expect((await firstValueFrom(handle.status$)).status).toBe('processing');
    calls.last.resolve();
    await handle.response;
    expect((await lastValueFrom(handle.status$.pipe(toArray()))).map(({ status }) => status)).toEqual(['completed']);
  });

  it('whoever subscribes inside a delivery misses nothing and gets nothing twice', async () => {
    const { submit, calls, clock } = bench();
    const handle = submit();
    const inner: string[] = [];
    handle.status$.subscribe(({ status }) => {
      if (status === 'processing') handle.status$.subscribe((change) => inner.push(change.status));
    });
    await clock.settle();
    calls.last.resolve();
    await handle.response;
    expect(inner).toEqual(['processing', 'completed']);
  });

  it('whoever subscribes between a change and its delivery gets it once', async () => {
    const { submit, calls, clock } = bench();
    const handle = submit();
    watch(handle);
    const inner: string[] = [];
    // Subscribers of an actor hear before those of status$.
    handle.actor.subscribe(({ value }) => {
      if (value === 'processing') handle.status$.subscribe(({ status }) => inner.push(status));
    });
    await clock.settle();
    calls.last.resolve();
    await handle.response;
    expect(inner).toEqual(['processing', 'completed']);
  });

  it('whoever cancels inside a delivery ends it for all, in one order', async () => {
    const { submit, clock, manager } = bench();
    const handle = submit();
    handle.status$.subscribe(({ status }) => status === 'processing' && handle.cancel());
    const told = watch(handle);
    await clock.settle();
    expect(told.statuses).toEqual(['pending', 'processing', 'failed']);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0 });
  });

  it('nobody hears anything after unsubscribing', async () => {
    const { submit, calls, clock } = bench();
    const handle = submit();
    const seen: string[] = [];
    const subscription = handle.status$.subscribe(({ status }) => seen.push(status));
    await clock.settle();
    subscription.unsubscribe();
    calls.last.resolve();
    await handle.response;
    expect(seen).toEqual(['pending', 'processing']);
  });
});

describe('subscribers that throw', () => {
  const uncaught: unknown[] = [];
  let onUncaught = (): void => {};
  const note = (error: unknown): void => {
    uncaught.push(error);
    onUncaught();
  };
  /** RxJS and XState throw such errors in timers of their own. */
  const allUncaught = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onUncaught = () => {
        if (uncaught.length >= count) resolve();
      };
      onUncaught();
    });
  let before: NodeJS.UncaughtExceptionListener[] = [];
  beforeEach(() => {
    uncaught.length = 0;
    before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', note);
  });
  afterEach(() => {
    process.removeListener('uncaughtException', note);
    for (const listener of before) process.on('uncaughtException', listener);
  });

  it('are their own uncaught exceptions; every other subscriber and the engine are right afterwards', async () => {
    const { submit, calls, clock, manager, events } = bench();
    const boom = (): never => {
      throw new Error('subscriber');
    };
    manager.events$.subscribe(boom);
    const handle = submit();
    handle.status$.subscribe(boom);
    handle.actor.subscribe(boom);
    const told = watch(handle);
    await clock.settle();
    calls.last.resolve('ok');
    expect(await handle.response).toMatchObject({ status: 'completed', result: 'ok' });
    expect(told.statuses).toEqual(['pending', 'processing', 'completed']);
    expect(events.map(({ type }) => type)).toEqual(['request-submitted', 'request-admitted', 'request-completed']);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0, rateLimiterUsage: 0 });
    // Three events, three statuses, two changes of the actor.
    const thrown = 3 + 3 + 2;
    await allUncaught(thrown);
    expect(uncaught).toEqual(Array.from({ length: thrown }, () => new Error('subscriber')));
  });
});

describe('handle.actor', () => {
  it('made on first look while pending: shows pending, then every step; waitFor, subscribe and from work', async () => {
    const { submit, calls, clock } = bench(ONE_AT_ONCE);
    submit();
    await clock.settle();
    const handle = submit({ id: 'watched', tenant: 't', priority: 3, estimatedInputTokens: 7, estimatedOutputTokens: 2 });
    const { actor } = handle;
    expect(actor.getSnapshot()).toMatchObject({ value: 'pending', status: 'active', output: undefined, error: undefined });
    expect(actor.getSnapshot().context).toEqual({
      requestId: 'watched',
      modelId: MODEL,
      tenant: 't',
      priority: 3,
      createdAt: 1_735_689_600_000,
      estimatedInputTokens: 7,
      estimatedOutputTokens: 2,
      phase: 'queued',
      attempt: 0,
      reason: undefined,
      code: undefined,
    });
    expect(handle.actor).toBe(actor);
    expect(actor.id).toBe('watched');
    const subscribed: unknown[] = [];
    actor.subscribe((snapshot) => subscribed.push(snapshot.value));
    const observed = lastValueFrom(from(actor).pipe(toArray()));
    const done = waitFor(actor, (snapshot) => snapshot.matches('completed'));
    calls.at(0).resolve();
    await clock.settle();
    expect(actor.getSnapshot()).toMatchObject({ value: 'processing', context: { phase: 'calling', attempt: 1 } });
    expect(actor.getSnapshot().can({ type: 'COMPLETED' })).toBe(true);
    expect(actor.getSnapshot().can({ type: 'ADMITTED', attempt: 2 })).toBe(false);
    calls.at(1).resolve('secret result');
    expect((await done).value).toBe('completed');
    expect(subscribed).toEqual(['processing', 'completed']);
    expect((await observed).map(({ value }) => value).at(-1)).toBe('completed');
    const last = actor.getSnapshot();
    expect(last).toMatchObject({
      status: 'done',
      value: 'completed',
      output: { requestId: 'watched', reason: undefined, code: undefined },
    });
    expect(JSON.stringify(last)).not.toContain('secret');
  });

  it('first looked at in every state: shows that state', async () => {
    const { submit, calls, clock } = bench({ retry: { maxAttempts: 2 } });
    const running = submit();
    const inBackoff = submit();
    const completed = submit();
    const failed = submit();
    await clock.settle();
    calls.at(1).reject(retryable());
    calls.at(2).resolve();
    calls.at(3).reject(new Error('final'));
    await clock.settle();
    const shown = [running, inBackoff, completed, failed].map(({ actor }) => {
      const { value, status, context } = actor.getSnapshot();
      return [value, status, context.phase, context.attempt, context.reason, context.code];
    });
    expect(shown).toEqual([
      ['processing', 'active', 'calling', 1, undefined, undefined],
      ['pending', 'active', 'backoff', 1, undefined, undefined],
      ['completed', 'done', undefined, 1, undefined, undefined],
      ['failed', 'done', undefined, 1, 'error', 'processing_error'],
    ]);
    const late = failed.actor;
    expect(failed.actor).toBe(late);
    expect(await waitFor(late, ({ status }) => status === 'done')).toBe(late.getSnapshot());
  });

  it('first looked at after a request ended that never ran: pending was its only other state', async () => {
    const { submit } = bench({ rateLimiters: [{ type: 'tpm', limit: 1 }] });
    const handle = submit({ estimatedInputTokens: 5 });
    expect(handle.actor.getSnapshot()).toMatchObject({
      value: 'failed',
      context: { attempt: 0, reason: 'rejected', code: 'request_too_large' },
    });
  });

  it('its subscriber may cancel at any step: counts, events and streams are right, in order', async () => {
    for (const state of ['pending', 'processing', 'backoff'] as const) {
      const { submit, calls, clock, manager, events } = bench({ ...ONE_AT_ONCE, retry: { maxAttempts: 3 } });
      const handle = submit();
      const told = watch(handle);
      const seen: unknown[] = [];
      handle.actor.subscribe(({ value, context }) => {
        seen.push(value);
        if (value === state || context.phase === state) handle.cancel();
      });
      if (state === 'pending') handle.cancel();
      await clock.settle();
      calls.all[0]?.reject(retryable());
      await clock.advance(60_000);
      const expected = { pending: ['failed'], processing: ['processing', 'failed'], backoff: ['processing', 'pending', 'failed'] }[state];
      expect(seen).toEqual(expected);
      expect(told.statuses).toEqual(['pending', ...expected]);
      const types: Record<string, string> = { failed: 'request-failed', processing: 'request-admitted', pending: 'request-retried' };
      expect(events.map(({ type }) => type)).toEqual(['request-submitted', ...expected.map((value) => types[value])]);
      expect(await handle.response).toMatchObject({ reason: 'cancelled' });
      expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0, rateLimiterUsage: 0 });
      expect(calls.all.length).toBeLessThanOrEqual(1);
      await manager.shutdownAll();
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it('its subscriber may cancel others that start with it, or complete with it', async () => {
    const { submit, calls, clock, manager } = bench({
      rateLimiters: [
        { type: 'concurrent', limit: 5 },
        { type: 'tpm', limit: 100 },
      ],
    });
    const first = submit();
    const second = submit();
    first.actor.subscribe(({ value }) => value === 'processing' && second.cancel());
    await clock.settle();
    expect(calls.ids).toEqual([first.id]);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 1 });
    expect(manager.getQueueInfo(MODEL).rateLimiters.map(({ usage }) => usage)).toEqual([1, 1]);
    const third = submit();
    first.actor.subscribe(({ value }) => {
      if (value === 'completed') for (const handle of [third, first]) handle.cancel();
    });
    await clock.settle();
    calls.at(0).resolve('kept');
    expect(await first.response).toMatchObject({ status: 'completed', result: 'kept' });
    expect(await third.response).toMatchObject({ reason: 'cancelled' });
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0 });
  });
});

describe('events$', () => {
  it('tells the whole life of a request, in order, and never params, results or error texts', async () => {
    const { submit, calls, clock, events } = bench({
      rateLimiters: [{ type: 'rpm', limit: 10 }],
      retry: { maxAttempts: 2, baseDelayMs: 1_000 },
    });
    const handle = submit({ id: 'r', tenant: 't', params: 'secret params' });
    await clock.settle();
    calls.last.reject(new RateLimitRefused({ retryAfterMs: 500, limitType: 'rpm' }));
    await clock.advance(500);
    calls.last.reject(retryable('secret failure'));
    await clock.advance(500);
    calls.last.resolve('secret result');
    await handle.response;
    const of = (type: string): Partial<EngineEvent> => ({ type, modelId: MODEL, requestId: 'r', tenant: 't' }) as Partial<EngineEvent>;
    expect(events).toMatchObject([
      of('request-submitted'),
      { ...of('request-admitted'), attempt: 1, queueMs: 0 },
      { type: 'limit-paused', limitType: 'rpm', modelId: MODEL },
      { ...of('request-refused'), retryAfterMs: 500, limitType: 'rpm' },
      { type: 'limit-available', limitType: 'rpm' },
      { ...of('request-admitted'), attempt: 1, queueMs: 500 },
      { ...of('request-retried'), attempt: 1, delayMs: 500 },
      { ...of('request-admitted'), attempt: 2 },
      { ...of('request-completed'), attempts: 2 },
    ]);
    expect(events.map(({ at }) => at - 1_735_689_600_000)).toEqual([0, 0, 0, 0, 500, 500, 500, 1_000, 1_000]);
    expect(JSON.stringify(events)).not.toContain('secret');
  });

  it('tells of limits and queues: exhausted, available, paused, resumed, drained; completes when stopped', async () => {
    const { submit, calls, clock, manager, events } = bench(ONE_AT_ONCE);
    let completed = false;
    manager.events$.subscribe({ complete: () => (completed = true) });
    submit();
    submit();
    await clock.settle();
    calls.last.resolve();
    await clock.settle();
    calls.last.resolve();
    manager.pauseQueue(MODEL);
    manager.pauseQueue(MODEL);
    manager.resumeQueue(MODEL);
    await clock.settle();
    await manager.shutdownAll();
    const types = events.map(({ type }) => type).filter((type) => !type.startsWith('request-'));
    expect(types).toEqual(['limit-exhausted', 'limit-available', 'queue-paused', 'queue-resumed', 'queue-drained']);
    expect(completed).toBe(true);
  });

  it('a subscriber may submit, cancel, pause and shut down; the others hear everything in order', async () => {
    const { manager, calls, clock } = bench();
    const seen: string[] = [];
    manager.events$.subscribe((event) => {
      if (event.type === 'request-submitted' && event.requestId === 'a') {
        const handle = manager.submit({ modelId: MODEL, id: 'b' });
        handle.cancel();
        manager.pauseQueue(MODEL);
        manager.resumeQueue(MODEL);
      }
      if (event.type === 'request-completed') void manager.shutdownAll();
    });
    manager.events$.subscribe((event) => seen.push('requestId' in event ? `${event.type} ${event.requestId}` : event.type));
    const handle = manager.submit({ modelId: MODEL, id: 'a' });
    await clock.settle();
    calls.last.resolve();
    await handle.response;
    await clock.settle();
    expect(seen).toEqual([
      'request-submitted a',
      'request-submitted b',
      'request-failed b',
      'queue-paused',
      'queue-resumed',
      'request-admitted a',
      'request-completed a',
      'queue-drained',
    ]);
    expect(manager.getRegisteredModels()).toEqual([]);
  });

  it('a subscriber that forces a shutdown while it hears of a submit: the request fails and never runs', async () => {
    const { manager, submit, calls, clock } = bench({ requestTimeoutSeconds: 10 });
    manager.events$.subscribe(({ type }) => {
      if (type === 'request-submitted') void manager.shutdownAll({ force: true });
    });
    const handle = submit({ deadline: clock.wallMs() + 5_000 });
    expect(await handle.response).toMatchObject({ reason: 'shutdown' });
    await clock.advance(60_000);
    expect(calls.all).toHaveLength(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
