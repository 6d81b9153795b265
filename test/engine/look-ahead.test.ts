import { describe, expect, it } from 'vitest';
import { QueueManager } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

describe('look-ahead', () => {
  it('wakes when a full limiter frees, though the head waits for another one much longer', async () => {
    const clock = new VirtualClock();
    const manager = new QueueManager({ clock });
    manager.registerQueue(
      {
        modelId: 'm',
        rateLimiters: [
          { type: 'rpm', limit: 1, timePeriod: 1 },
          { type: 'tpm', limit: 100 },
        ],
      },
      async () => 1,
    );
    const submit = (tokens: number) => manager.submit({ modelId: 'm', estimatedInputTokens: tokens, estimatedOutputTokens: 0 });
    submit(50);
    const head = submit(80);
    const small = Array.from({ length: 10 }, () => submit(1));
    await clock.advance(15_000);
    expect(head.actor.getSnapshot().value).toBe('pending');
    for (const handle of small) expect(handle.actor.getSnapshot().value).toBe('completed');
    await clock.advance(47_000);
    expect((await head.response).status).toBe('completed');
  });
});

describe('a call that never went out', () => {
  it('costs nothing, whatever it failed with', async () => {
    const clock = new VirtualClock();
    const manager = new QueueManager({ clock });
    manager.registerQueue({ modelId: 'm', rateLimiters: [{ type: 'rpm', limit: 5 }] }, async (_request, { deferSend }) => {
      deferSend();
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 10));
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    });
    const handles = Array.from({ length: 50 }, () => manager.submit({ modelId: 'm' }));
    await clock.advance(1_000);
    for (const handle of handles) expect((await handle.response).status).toBe('failed');
    expect(manager.getQueueInfo('m').rateLimiterUsage).toBe(0);
  });
});

describe('a request that another one cancels in the same pass', () => {
  it('charges its tenant nothing', async () => {
    const clock = new VirtualClock();
    const manager = new QueueManager<string, string>({ clock });
    const order: string[] = [];
    manager.registerQueue({ modelId: 'm', rateLimit: 2, rateLimiterMode: 'concurrent_requests' }, async ({ params }) => {
      order.push(params);
      if (params === 'first') big.cancel();
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 10));
      return params;
    });
    const submit = (params: string, tenant: string, tokens: number) =>
      manager.submit({ modelId: 'm', params, tenant, estimatedInputTokens: tokens, estimatedOutputTokens: 0 });
    submit('first', 'a', 100);
    const big = submit('big', 'b', 1_000_000);
    submit('a2', 'a', 100);
    submit('b2', 'b', 100);
    submit('a3', 'a', 100);
    submit('a4', 'a', 100);
    await clock.advance(1_000);
    expect(order.indexOf('b2')).toBeLessThan(order.indexOf('a3'));
  });
});

describe('many requests that share one call', () => {
  it('can all leave, the leader first', async () => {
    const clock = new VirtualClock();
    const manager = new QueueManager({ clock });
    let calls = 0;
    manager.registerQueue({ modelId: 'm', rateLimit: 1, rateLimiterMode: 'concurrent_requests' }, () => ++calls);
    manager.pauseQueue('m');
    const handles = Array.from({ length: 20_000 }, () => manager.submit({ modelId: 'm', dedupeKey: 'same' }));
    for (const handle of handles.slice(0, -1)) handle.cancel();
    manager.resumeQueue('m');
    await clock.settle();
    expect(await handles.at(-1)?.response).toMatchObject({ status: 'completed', result: 1 });
    expect(calls).toBe(1);
  });
});

describe('a heavy head with small requests behind it that never end', () => {
  it.each(['of the same tenant', 'of another tenant'])('%s starts about when it would without them', async (whose) => {
    const clock = new VirtualClock();
    const manager = new QueueManager({ clock, historySize: 1 });
    manager.registerQueue({ modelId: 'm', rateLimiters: [{ type: 'tpm', limit: 1_000 }] }, async () => 1);
    const submit = (tokens: number, tenant: string) =>
      manager.submit({ modelId: 'm', tenant, estimatedInputTokens: tokens, estimatedOutputTokens: 0 });
    // The window is used evenly, so that 600 come free within 36 s of standing still.
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 17; i++) submit(1, 'small');
      await clock.advance(1_000);
    }
    const heavy = submit(600, whose === 'of the same tenant' ? 'small' : 'heavy');
    const startedAt = clock.now();
    while (heavy.actor.getSnapshot().value === 'pending' && clock.now() - startedAt < 300_000) {
      for (let i = 0; i < 20; i++) submit(1, 'small');
      await clock.advance(1_000);
    }
    expect(clock.now() - startedAt).toBeLessThan(45_000);
    await manager.shutdownAll({ force: true });
  });
});

describe('a limit that is raised while two tenants wait', () => {
  it('sets the pace at once', async () => {
    const clock = new VirtualClock();
    const manager = new QueueManager({ clock });
    manager.registerQueue({ modelId: 'm', rateLimiters: [{ type: 'rpm', limit: 1 }] }, () => 1);
    const handles = ['a', 'b', 'a', 'b', 'a', 'b'].map((tenant) => manager.submit({ modelId: 'm', tenant }));
    await clock.advance(100);
    manager.updateLimits('m', [{ type: 'rpm', limit: 1_000 }]);
    await clock.advance(2_000);
    for (const handle of handles) expect(handle.actor.getSnapshot().value).toBe('completed');
  });
});
