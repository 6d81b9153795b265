import { describe, expect, it } from 'vitest';
import { QueueManager, RateLimitRefused } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { bench, MODEL, ONE_AT_ONCE, retryable } from './harness.ts';

describe('shutdownAll', () => {
  it('gracefully finishes what waits and runs, all models at once, and is idempotent', async () => {
    const { manager, submit, calls, clock } = bench(ONE_AT_ONCE);
    manager.registerQueue({ modelId: 'b', ...ONE_AT_ONCE }, calls.processor);
    const handles = [submit(), submit(), submit({ modelId: 'b' })];
    await clock.settle();
    let stopped = 0;
    const both = [manager.shutdownAll(), manager.shutdownAll()].map((promise) => promise.then(() => stopped++));
    for (let i = 0; i < 3; i++) {
      for (const call of calls.all) call.resolve();
      await clock.settle();
    }
    await Promise.all(both);
    await manager.shutdownAll();
    expect(stopped).toBe(2);
    for (const { response } of handles) expect(await response).toMatchObject({ status: 'completed' });
    expect(manager.getRegisteredModels()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes no time when idle, starts what a paused queue holds, and may become impatient later', async () => {
    const idle = bench();
    await idle.manager.shutdownAll();
    expect(idle.clock.now()).toBe(0);
    const { manager, submit, calls, clock } = bench(ONE_AT_ONCE);
    manager.pauseQueue(MODEL);
    const handles = [submit(), submit()];
    const graceful = manager.shutdownAll();
    await clock.settle();
    expect(calls.all).toHaveLength(1);
    await Promise.all([manager.shutdownAll({ force: true }), graceful]);
    for (const { response } of handles) expect(await response).toMatchObject({ reason: 'shutdown' });
  });

  it('is told once, also to a subscriber that shuts down when it hears of it', async () => {
    const { manager, events } = bench();
    const again: Promise<void>[] = [];
    let completed = 0;
    manager.events$.subscribe({
      next: ({ type }) => type === 'queue-drained' && again.push(manager.shutdownAll()),
      complete: () => completed++,
    });
    await manager.shutdownAll();
    await Promise.all(again);
    expect(again).toHaveLength(1);
    expect(events.map(({ type }) => type)).toEqual(['queue-drained']);
    expect(completed).toBe(1);
  });

  it('a deadline that is not needed leaves no timer behind', async () => {
    const { manager, submit, calls, clock } = bench();
    submit();
    await clock.settle();
    const stopping = manager.shutdownAll({ deadlineMs: 60_000 });
    calls.last.resolve();
    await stopping;
    expect(clock.pendingTimers).toBe(0);
  });

  it('settles requests in backoff and behind a paused limiter, by deadline', async () => {
    const { manager, submit, calls, clock } = bench({
      rateLimiters: [{ type: 'rpm', limit: 9 }],
      retry: { maxAttempts: 9, baseDelayMs: 60_000 },
    });
    const handles = [submit(), submit()];
    await clock.settle();
    calls.at(0).reject(retryable());
    calls.at(1).reject(new RateLimitRefused({ retryAfterMs: 60_000 }));
    await clock.settle();
    const stopping = manager.shutdownAll({ deadlineMs: 1_000 });
    await clock.advance(1_000);
    await stopping;
    for (const { response } of handles) expect(await response).toMatchObject({ reason: 'shutdown' });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the process-wide manager', () => {
  it('is one, and resetInstance settles every caller', async () => {
    await QueueManager.resetInstance();
    const clock = new VirtualClock();
    const manager = QueueManager.getInstance({ clock });
    expect(QueueManager.getInstance()).toBe(manager);
    expect(new QueueManager({ clock })).not.toBe(manager);
    manager.registerQueue({ modelId: MODEL, ...ONE_AT_ONCE }, () => new Promise(() => {}));
    const handles = [manager.submit({ modelId: MODEL }), manager.submit({ modelId: MODEL })];
    await clock.settle();
    await QueueManager.resetInstance();
    for (const { response } of handles) expect(await response).toMatchObject({ status: 'failed', reason: 'shutdown' });
    expect(QueueManager.getInstance({ clock })).not.toBe(manager);
    await QueueManager.resetInstance();
    await QueueManager.resetInstance();
  });
});
