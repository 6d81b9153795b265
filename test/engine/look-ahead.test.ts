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
