import { describe, expect, it } from 'vitest';
import { type EngineEvent, estimateTokens, QueueManager, QueueRequest, type StatusChange } from '../../src/index.ts';
import { backoffMs } from '../../src/scheduling/backoff.ts';
import { VirtualClock } from '../../src/testing/index.ts';

describe('what is handed out', () => {
  it('is frozen: nobody can change what others are told', async () => {
    const clock = new VirtualClock();
    const manager = new QueueManager({ clock });
    manager.registerQueue({ modelId: 'm', rateLimit: 10 }, () => 1);
    const events: EngineEvent[] = [];
    const changes: StatusChange[] = [];
    manager.events$.subscribe((event) => events.push(event));
    const handle = manager.submit({ modelId: 'm' });
    handle.status$.subscribe((change) => changes.push(change));
    const response = await handle.response;
    expect(events.length).toBeGreaterThan(2);
    expect(changes.length).toBe(3);
    for (const value of [response, manager.getStatus('m', handle.id), ...events, ...changes]) expect(Object.isFrozen(value)).toBe(true);
  });

  it('lists a model of any name in the metrics', () => {
    const manager = new QueueManager({ clock: new VirtualClock() });
    manager.registerQueue({ modelId: '__proto__', rateLimit: 10 }, () => 1);
    const seen: string[] = [];
    manager.metrics$.subscribe(({ models }) => seen.push(...Object.keys(models))).unsubscribe();
    expect(seen).toEqual(['__proto__']);
  });
});

describe('numbers at their ends', () => {
  it('a wait is always a number, however often it failed and whatever the randomness says', () => {
    const policy = { maxAttempts: 5_000, baseDelayMs: 0, maxDelayMs: 1_000, factor: 2 };
    expect(backoffMs(policy, 2_000, () => 0.5)).toBe(0);
    expect(backoffMs({ ...policy, baseDelayMs: 1 }, 2_000, () => 0.5)).toBe(500);
    expect(backoffMs({ ...policy, baseDelayMs: 1 }, 2_000, () => Number.NaN)).toBe(1_000);
  });

  it('text deep inside params counts, and a guess is never nothing', async () => {
    let params: object = { text: 'x'.repeat(4_000) };
    for (let level = 0; level < 20; level++) params = { inner: params };
    expect(estimateTokens(new QueueRequest({ modelId: 'm', params })).inputTokens).toBe(1_000);

    const clock = new VirtualClock();
    const manager = new QueueManager({ clock, estimator: () => ({ inputTokens: 0, outputTokens: 0 }) });
    manager.registerQueue({ modelId: 'm', rateLimiters: [{ type: 'tpm', limit: 10 }] }, () => 1);
    manager.submit({ modelId: 'm', estimatedInputTokens: 0 });
    manager.submit({ modelId: 'm' });
    await clock.settle();
    expect(manager.getQueueInfo('m').rateLimiterUsage).toBe(2);
  });

  it('a limit may count until the end of the call', () => {
    const manager = new QueueManager({ clock: new VirtualClock() });
    const limit = { type: 'tpm', limit: 10, countedWithinMs: Number.POSITIVE_INFINITY } as const;
    manager.registerQueue({ modelId: 'm', rateLimiters: [limit] }, () => 1);
    expect(manager.getRegisteredModels()).toEqual(['m']);
  });
});
