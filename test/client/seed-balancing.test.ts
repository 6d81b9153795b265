import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../src/index.ts';
import { type Bench, bench, MODEL } from '../engine/harness.ts';
import { keys, world } from './llm-world.ts';

// What the seed systems promise of balancing and what Headgate adds: see E31 and E42 in docs/seeds.md.

function placesOf({ calls }: Bench): (string | undefined)[] {
  return calls.all.map(({ context }) => context.deploymentId);
}

async function places(config: Partial<ModelConfig>, requests: number): Promise<(string | undefined)[]> {
  const b = bench(config);
  for (let i = 0; i < requests; i++) b.submit();
  await b.clock.settle();
  return placesOf(b);
}

const counted = (ids: readonly (string | undefined)[], id: string): number => ids.filter((each) => each === id).length;

describe('a balancer', () => {
  it('by headroom takes the deployment with the larger free part of its limit', async () => {
    const limited = (id: string, limit: number) => ({ id, rateLimiters: [{ type: 'rpm', limit }] as const });
    const taken = await places({ deployments: [limited('small', 10), limited('large', 30)] }, 20);

    expect([counted(taken, 'small'), counted(taken, 'large')]).toEqual([5, 15]);
  });

  it('by weight keeps to the proportion from the first requests on', async () => {
    const taken = await places({ deployments: [{ id: 'a', weight: 3 }, { id: 'b' }], balancer: 'weighted' }, 40);

    expect([counted(taken, 'a'), counted(taken, 'b')]).toEqual([30, 10]);
    for (let start = 0; start < 40; start += 4) expect(counted(taken.slice(start, start + 4), 'b')).toBe(1);
  });

  it('in turn takes one after the other', async () => {
    const taken = await places({ deployments: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], balancer: 'round-robin' }, 6);

    expect(taken).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('by load takes the one with the fewest calls in flight for its weight', async () => {
    const b = bench({ deployments: [{ id: 'a', weight: 2 }, { id: 'b' }], balancer: 'least-loaded' });
    for (let i = 0; i < 6; i++) b.submit();
    await b.clock.settle();
    expect([counted(placesOf(b), 'a'), counted(placesOf(b), 'b')]).toEqual([4, 2]);

    for (const { context, resolve } of b.calls.all) if (context.deploymentId === 'b') resolve();
    await b.clock.settle();
    for (let i = 0; i < 2; i++) b.submit();
    await b.clock.settle();
    expect(placesOf(b).slice(6)).toEqual(['b', 'b']);
  });

  it('by latency sends most to the quickest, and asks each of them once', async () => {
    const b = bench({ deployments: [{ id: 'slow' }, { id: 'quick' }], balancer: 'latency' });
    for (let i = 0; i < 20; i++) {
      b.submit();
      await b.clock.settle();
      await b.clock.advance(b.calls.last.context.deploymentId === 'slow' ? 900 : 100);
      b.calls.last.context.responseStarted();
      b.calls.last.resolve();
      await b.clock.settle();
    }

    expect([counted(placesOf(b), 'slow'), counted(placesOf(b), 'quick')]).toEqual([1, 19]);
  });

  it('of the user’s orders, leaves out, and hears of starts and failures', async () => {
    const heard: string[] = [];
    const b = bench({
      deployments: [{ id: 'a' }, { id: 'b' }, { id: 'never' }],
      balancer: {
        order: (candidates) => candidates.filter(({ id }) => id !== 'never').toReversed(),
        started: (id, calls) => void heard.push(`${id} started with ${calls}`),
        failed: (id) => void heard.push(`${id} failed`),
      },
    });
    b.submit({ calls: 2 });
    await b.clock.settle();
    b.calls.last.reject(Object.assign(new Error('bad gateway'), { status: 502 }));
    await b.clock.settle();

    expect(placesOf(b)).toEqual(['b', 'a']);
    expect(heard).toEqual(['b started with 2', 'b failed', 'a started with 2']);
    expect(b.manager.getQueueInfo(MODEL).queueSize).toBe(0);
  });
});

describe('the keys of a client', () => {
  it('are used for what each has left: all that both limits allow at once, none of them more than its own', async () => {
    const each = { rateLimits: [{ requestsPerMinute: 4 }, { requestsPerMinute: 12 }] };
    const { manager, calls, clock } = await world(keys(2, each, { acquireTimeout: 600 }));
    const client = manager.getClient();
    const answers = Array.from({ length: 20 }, (_, i) => client.complete(`q${i}`));
    await clock.advance(1_000);

    expect(
      counted(
        calls.map(({ key }) => key),
        'secret-key-1',
      ),
    ).toBe(4);
    expect(
      counted(
        calls.map(({ key }) => key),
        'secret-key-2',
      ),
    ).toBe(12);
    await clock.advance(61_000);
    expect(await Promise.all(answers)).toHaveLength(20);
  });
});
