import { describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/index.ts';
import { bench, MODEL, ONE_AT_ONCE, thrownBy } from './harness.ts';

describe('registering', () => {
  it('twice throws; registerAllQueues skips what is there, also within itself', () => {
    const { manager } = bench();
    const error = thrownBy(() => manager.registerQueue({ modelId: MODEL, rateLimit: 1 }, () => 1));
    expect(error).toBeInstanceOf(InvalidConfiguration);
    expect((error as Error).message).toContain(`'${MODEL}' is already registered`);
    const configs = [MODEL, 'b', 'c', 'b'].map((modelId) => ({ modelId, rateLimit: 1 }));
    expect(manager.registerAllQueues(configs, () => 1)).toEqual({ registered: ['b', 'c'], skipped: [MODEL, 'b'] });
    expect(manager.getRegisteredModels()).toEqual([MODEL, 'b', 'c']);
  });

  it.each<[string, unknown, unknown]>([
    ['a config is wrong', { modelId: 'bad', rateLimit: -1 }, () => 1],
    [
      'a domain contradicts an earlier one of the same call',
      { modelId: 'bad', rateLimiters: [{ type: 'rpm', limit: 2, domain: 'd' }] },
      () => 1,
    ],
    ['the processor is none', { modelId: 'bad', rateLimit: 1 }, 'processor'],
  ])('registers nothing when %s', (_what, bad, processor) => {
    const { manager } = bench();
    const good = { modelId: 'good', rateLimiters: [{ type: 'rpm' as const, limit: 1, domain: 'd' }] };
    expect(thrownBy(() => manager.registerAllQueues([good, bad as never], processor as never))).toBeInstanceOf(InvalidConfiguration);
    expect(manager.getRegisteredModels()).toEqual([MODEL]);
  });

  it('a model while others run', async () => {
    const { manager, submit, clock } = bench();
    submit();
    await clock.settle();
    manager.registerQueue({ modelId: 'later', rateLimit: 1 }, () => 'later');
    expect(await manager.submitRequest({ modelId: 'later' })).toMatchObject({ result: 'later' });
  });

  it('unregisterQueue finishes what it has, takes nothing new, and the model may come back', async () => {
    const { manager, submit, calls, clock } = bench(ONE_AT_ONCE);
    const handles = [submit(), submit()];
    await clock.settle();
    const gone = Promise.all([manager.unregisterQueue(MODEL), manager.unregisterQueue(MODEL)]);
    expect(thrownBy(() => submit())).toMatchObject({ code: 'engine_stopped' });
    calls.last.resolve();
    await clock.settle();
    calls.last.resolve();
    for (const { response } of handles) expect(await response).toMatchObject({ status: 'completed' });
    await gone;
    expect(thrownBy(() => submit())).toMatchObject({ code: 'model_not_registered' });
    manager.registerQueue({ modelId: MODEL, rateLimit: 1 }, () => 'new');
    expect(await submit().response).toMatchObject({ result: 'new' });
  });

  it('a model again as soon as one of two who unregister it is told: the other one leaves the new queue alone', async () => {
    for (let later = 0; later < 6; later++) {
      const { manager, calls } = bench();
      let registered = false;
      const register = (): void => {
        registered = true;
        manager.registerQueue({ modelId: MODEL, rateLimit: 1 }, calls.processor);
      };
      const first = manager.unregisterQueue(MODEL).then(register);
      for (let i = 0; i < later; i++) await Promise.resolve();
      // Too late, and it would be the new one that is unregistered, or none.
      if (registered || manager.getRegisteredModels().length === 0) return;
      await Promise.all([first, manager.unregisterQueue(MODEL)]);
      expect(manager.getRegisteredModels()).toEqual([MODEL]);
    }
  });

  it('unregisterQueue by force fails what is left', async () => {
    const { manager, submit, clock } = bench(ONE_AT_ONCE);
    const handles = [submit(), submit()];
    await clock.settle();
    await manager.unregisterQueue(MODEL, { force: true });
    for (const { response } of handles) expect(await response).toMatchObject({ reason: 'shutdown' });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('pauseQueue and resumeQueue', () => {
  it('start nothing while paused; what runs goes on; time limits count', async () => {
    const { manager, submit, calls, clock } = bench({ requestTimeoutSeconds: 10 });
    const running = submit();
    await clock.settle();
    manager.pauseQueue(MODEL);
    const waiting = submit();
    await clock.advance(9_999);
    calls.last.resolve();
    expect(await running.response).toMatchObject({ status: 'completed' });
    expect(calls.all).toHaveLength(1);
    await clock.advance(1);
    expect(await waiting.response).toMatchObject({ code: 'queue_timeout' });
    submit();
    manager.resumeQueue(MODEL);
    await clock.settle();
    expect(calls.all).toHaveLength(2);
  });
});

describe('updateLimits', () => {
  it('up: who waits starts at once; down: what is counted stays until it goes', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimit: 2 });
    for (let i = 0; i < 6; i++) submit();
    await clock.settle();
    expect(calls.all).toHaveLength(2);
    manager.updateLimits(MODEL, [{ type: 'rpm', limit: 4 }]);
    await clock.settle();
    expect(calls.all).toHaveLength(4);
    manager.updateLimits(MODEL, [{ type: 'rpm', limit: 1 }]);
    for (const call of calls.all) call.resolve();
    await clock.settle();
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ rateLimit: 1, rateLimiterUsage: 4, rateLimiters: [{ available: -3 }] });
    await clock.advance(61_000);
    expect(calls.all).toHaveLength(5);
    await clock.advance(61_000);
    expect(calls.all).toHaveLength(6);
  });

  it('adds another type with work in flight, and lets two windows of one type be told apart', async () => {
    const { manager, submit, clock, calls } = bench({
      rateLimiters: [
        { type: 'rpm', limit: 100 },
        { type: 'rpm', limit: 5, timePeriod: 1 },
      ],
    });
    submit();
    await clock.settle();
    manager.updateLimits(MODEL, [
      { type: 'rpm', limit: 7, timePeriod: 1 },
      { type: 'concurrent', limit: 1 },
    ]);
    expect(manager.getQueueInfo(MODEL).rateLimiters.map(({ type, limit }) => [type, limit])).toEqual([
      ['rpm', 100],
      ['rpm', 7],
      ['concurrent', 1],
    ]);
    submit();
    submit();
    await clock.settle();
    // The one that ran before the limit was added does not hold a place in it.
    expect(calls.all).toHaveLength(2);
  });

  it('a request that fits no more is rejected, the others go on', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimiters: [{ type: 'tpm', limit: 100 }] });
    submit({ estimatedInputTokens: 100 });
    await clock.settle();
    const big = submit({ estimatedInputTokens: 60 });
    const small = submit({ estimatedInputTokens: 40 });
    manager.updateLimits(MODEL, [{ type: 'tpm', limit: 50 }]);
    expect(await big.response).toMatchObject({ reason: 'rejected', code: 'request_too_large' });
    calls.last.resolve();
    await clock.advance(61_000);
    expect(manager.getStatus(MODEL, small.id)).toMatchObject({ status: 'processing' });
  });

  it('anything but the limit, a domain that contradicts, or nonsense throws and changes nothing', () => {
    const { manager } = bench({
      rateLimiters: [
        { type: 'rpm', limit: 5 },
        { type: 'tpm', limit: 50, domain: 'd' },
      ],
    });
    const before = manager.getQueueInfo(MODEL);
    for (const change of [
      [
        { type: 'rpm', limit: 9 },
        { type: 'tpm', limit: 0, domain: 'd' },
      ],
      [
        { type: 'rpm', limit: 9 },
        { type: 'rpm', limit: 8, timePeriod: 5 },
      ],
      [{ type: 'rpm', limit: 9, algorithm: 'token-bucket' }],
      [{ type: 'nonsense', limit: 1 }],
    ]) {
      expect(thrownBy(() => manager.updateLimits(MODEL, change as never))).toBeInstanceOf(InvalidConfiguration);
      expect(manager.getQueueInfo(MODEL)).toEqual(before);
    }
  });

  it('of a domain counts for every model in it', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimiters: [{ type: 'rpm', limit: 1, domain: 'd' }] });
    manager.registerQueue({ modelId: 'b', rateLimiters: [{ type: 'rpm', limit: 1, domain: 'd' }] }, calls.processor);
    submit();
    submit({ modelId: 'b' });
    await clock.settle();
    expect(calls.all).toHaveLength(1);
    manager.updateLimits(MODEL, [{ type: 'rpm', limit: 2, domain: 'd' }]);
    await clock.settle();
    expect(calls.all).toHaveLength(2);
    expect(manager.getQueueInfo('b')).toMatchObject({ rateLimit: 2, rateLimiterUsage: 2 });
  });
});
