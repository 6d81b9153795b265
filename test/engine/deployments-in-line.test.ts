import { describe, expect, it } from 'vitest';
import { type Balancer, type ModelConfig, RateLimitRefused } from '../../src/index.ts';
import { type Bench, bench, MODEL } from './harness.ts';

type Deployment = NonNullable<ModelConfig['deployments']>[number];

const broken = () => Object.assign(new Error('bad gateway'), { status: 502 });
const refusedKey = () => Object.assign(new Error('wrong key'), { status: 401 });
const notThere = () => Object.assign(new Error('no such model'), { retryable: false, failOver: true, scope: 'request' });
/** Alphabetical, first or last first. */
const inOrder: Balancer = { order: (candidates) => [...candidates].sort((a, b) => a.id.localeCompare(b.id)) };
const backwards: Balancer = { order: (candidates) => [...candidates].sort((a, b) => b.id.localeCompare(a.id)) };

function on(deployments: readonly Deployment[], config: Partial<ModelConfig> = {}): Bench {
  return bench({ deployments: [...deployments], balancer: inOrder, ...config });
}

const placesOf = ({ calls }: Bench) => calls.all.map(({ context }) => context.deploymentId);
const tpm = (limit: number) => [{ type: 'tpm', limit }] as const;
const rpm = (limit: number, domain?: string) => [{ type: 'rpm', limit, domain }] as const;

describe('a request that only one deployment can serve', () => {
  const sized: readonly Deployment[] = [
    { id: 'large', rateLimiters: tpm(1000) },
    { id: 'small', rateLimiters: tpm(10) },
  ];

  it('fails with what that one said, once it would fail it again, and holds up nobody', async () => {
    const b = on(sized, { retry: { maxAttempts: 3, baseDelayMs: 10 } });
    const handle = b.submit({ estimatedInputTokens: 100 });
    await b.clock.settle();
    b.calls.last.reject(notThere());
    expect(await handle.response).toMatchObject({ status: 'failed', reason: 'error', error: 'no such model' });
    b.submit();
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(2);
  });

  it('fails while that one is disabled, as if it were the only one', async () => {
    const b = on(sized);
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(refusedKey());
    await b.clock.settle();
    expect(await b.submit({ estimatedInputTokens: 100 }).response).toMatchObject({ code: 'no_deployment_available' });
  });

  it('waits while that one cools, and lets others start elsewhere', async () => {
    const b = on(sized);
    for (let i = 0; i < 5; i++) b.submit({ estimatedInputTokens: 100 });
    await b.clock.settle();
    for (const { reject } of [...b.calls.all]) reject(broken());
    await b.clock.settle();
    const before = b.calls.all.length;
    b.submit({ estimatedInputTokens: 100 });
    b.submit();
    await b.clock.settle();
    expect(placesOf(b).slice(before)).toEqual(['small']);
    await b.clock.advance(60_001);
    expect(b.calls.last.context.deploymentId).toBe('large');
  });
});

describe('a head that has failed on a deployment', () => {
  it('for good: others still start there while the other is full', async () => {
    const b = on([{ id: 'a', rateLimiters: rpm(1) }, { id: 'b' }], { balancer: backwards });
    for (let i = 0; i < 2; i++) {
      b.submit();
      await b.clock.settle();
      b.calls.last.reject(notThere());
      await b.clock.settle();
    }
    b.submit();
    await b.clock.settle();
    expect(placesOf(b)).toEqual(['b', 'a', 'b', 'b']);
  });

  it('tries it again after a backoff where the other is full for longer than any backoff', async () => {
    const deployments: readonly Deployment[] = [{ id: 'a' }, { id: 'b', rateLimiters: [{ type: 'rpd', limit: 1 }] }];
    const b = on(deployments, { balancer: backwards, retry: { maxAttempts: 2, baseDelayMs: 10 } });
    b.submit();
    await b.clock.settle();
    b.calls.last.resolve('done');
    const handle = b.submit();
    await b.clock.settle();
    b.calls.last.reject(broken());
    await b.clock.advance(11);
    expect(placesOf(b)).toEqual(['b', 'a', 'a']);
    // No retry is left: then only the other one is.
    b.calls.last.reject(broken());
    await b.clock.advance(86_000_000);
    expect(b.calls.all).toHaveLength(3);
    await b.clock.advance(500_000);
    expect(b.calls.last.context.deploymentId).toBe('b');
    b.calls.last.resolve('done');
    expect(await handle.response).toMatchObject({ status: 'completed', attempts: 3 });
  });
});

describe('models that share a deployment', () => {
  function sharing(fields: Partial<Deployment>): Bench {
    const b = bench({ rateLimit: undefined, rateLimiters: undefined, deployments: [{ id: 'd', ...fields }] });
    b.manager.registerQueue({ modelId: 'other', deployments: [{ id: 'd' }] }, b.calls.processor);
    return b;
  }

  it('wake each other when a bound on calls at once lifts, limits or none', async () => {
    const b = sharing({});
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(Object.assign(new RateLimitRefused({ retryAfterMs: 1_000 }), { slowDown: true, capacity: true }));
    await b.clock.advance(2_000);
    b.submit({ modelId: 'other' });
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(2);
    b.calls.last.resolve('done');
    await b.clock.settle();
    expect(b.calls.last.request.modelId).toBe('other');
  });

  it('wake each other when what probes for limits is cancelled', async () => {
    const b = sharing({ learnLimits: true });
    const probes = [b.submit(), b.submit(), b.submit()];
    await b.clock.settle();
    b.submit({ modelId: 'other' });
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(3);
    for (const probe of probes) probe.cancel();
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(4);
  });

  it('hand on its actor as it stands', async () => {
    const b = sharing({});
    for (let i = 0; i < 5; i++) {
      b.submit();
      await b.clock.settle();
      b.calls.last.reject(broken());
    }
    await b.clock.settle();
    await b.manager.unregisterQueue(MODEL);
    const actor = b.manager.actor.getSnapshot().children['model:other'].getSnapshot().children['deployment:d'].getSnapshot();
    expect([actor.value, actor.children.circuit.getSnapshot().value]).toEqual(['cooling', 'open']);
  });
});

describe('a combination of deployments that share a limit', () => {
  function sharing(limit: number, more: Partial<ModelConfig> = {}): Bench {
    const b = bench({ modelId: 'llm', deployments: [{ id: 'gpt', rateLimiters: rpm(limit, 'org') }] });
    b.manager.registerQueue({ modelId: 'embedding', deployments: [{ id: 'ada', rateLimiters: rpm(limit, 'org') }] }, b.calls.processor);
    b.manager.registerQueue({ modelId: 'rag', deployments: [{ id: 'x', parts: { e: 'ada', l: 'gpt' } }], ...more }, b.calls.processor);
    return b;
  }

  it('never exceeds it, though each part alone would fit', async () => {
    const b = sharing(5);
    for (let i = 0; i < 4; i++) b.submit({ modelId: 'rag' });
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(2);
    expect(b.manager.getQueueInfo('rag').rateLimiters).toMatchObject([{ usage: 4, limit: 5 }]);
    const tooLarge = b.submit({ modelId: 'rag', parts: { e: { calls: 3 }, l: { calls: 3 } } });
    expect(await tooLarge.response).toMatchObject({ reason: 'rejected', code: 'request_too_large' });
  });

  it('counts its parts alone where the model names the limit too', async () => {
    const b = sharing(6, { rateLimiters: rpm(6, 'org') });
    for (let i = 0; i < 4; i++) b.submit({ modelId: 'rag' });
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(3);
  });

  it('counts every part of a deployment that serves two', async () => {
    const b = bench({ modelId: 'llm', deployments: [{ id: 'gpt', rateLimiters: rpm(5) }] });
    b.manager.registerQueue({ modelId: 'rag', deployments: [{ id: 'x', parts: { ask: 'gpt', answer: 'gpt' } }] }, b.calls.processor);
    b.submit({ modelId: 'rag', parts: { ask: { calls: 1 }, answer: { calls: 3 } } });
    await b.clock.settle();
    expect(b.manager.getQueueInfo('rag').rateLimiters).toMatchObject([{ usage: 4 }]);
  });

  it('does not settle a part with what the whole used', async () => {
    const b = bench({ modelId: 'llm', deployments: [{ id: 'gpt', rateLimiters: tpm(10_000) }] });
    b.manager.registerQueue({ modelId: 'embedding', deployments: [{ id: 'ada', rateLimiters: tpm(100) }] }, b.calls.processor);
    b.manager.registerQueue({ modelId: 'rag', deployments: [{ id: 'x', parts: { e: 'ada', l: 'gpt' } }] }, b.calls.processor);
    const parts = { e: { inputTokens: 10, outputTokens: 0 }, l: { inputTokens: 500, outputTokens: 500 } };
    b.submit({ modelId: 'rag', parts });
    await b.clock.settle();
    b.calls.last.resolve({ usage: { prompt_tokens: 600, completion_tokens: 300 } });
    await b.clock.settle();
    expect(b.manager.getQueueInfo('embedding').rateLimiters).toMatchObject([{ usage: 10 }]);
  });
});

describe('the actor of a deployment', () => {
  const stateOf = ({ manager }: Bench): unknown[] => {
    const actor = manager.actor.getSnapshot().children[`model:${MODEL}`].getSnapshot().children['deployment:a'].getSnapshot();
    return [manager.getQueueInfo(MODEL).deployments[0]?.state, actor.value];
  };

  it('shows what it is also where it is disabled and cooling at once', async () => {
    const b = bench({ deployments: [{ id: 'a' }] });
    for (let i = 0; i < 6; i++) b.submit();
    await b.clock.settle();
    b.calls.at(0).reject(refusedKey());
    for (let i = 1; i < 6; i++) b.calls.at(i).reject(broken());
    await b.clock.settle();
    expect(stateOf(b)).toEqual(['disabled', 'disabled']);
    b.manager.enableDeployment('a');
    expect(stateOf(b)).toEqual(['cooling', 'cooling']);
    b.submit();
    await b.clock.advance(60_001);
    b.calls.last.resolve('done');
    await b.clock.settle();
    expect(stateOf(b)).toEqual(['available', 'available']);
    expect(b.events.filter(({ type }) => type === 'deployment-available')).toHaveLength(1);
  });
});

describe('what strangers say', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('no moment that is none: until %d', async (untilMs) => {
    const b = on([{ id: 'a' }, { id: 'b' }]);
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(Object.assign(refusedKey(), { untilMs }));
    await b.clock.advance(3_600_001);
    b.submit();
    await b.clock.settle();
    expect(placesOf(b)).toEqual(['a', 'b', 'a']);
  });

  it.each(['Infinity', '1e999'])('no wait for ever: retry-after %s', async (wait) => {
    const b = bench({ rateLimit: undefined, rateLimiters: undefined, deployments: [{ id: 'a', learnLimits: true }] });
    for (let i = 0; i < 200; i++) b.submit();
    for (let i = 0; i < 5; i++) {
      await b.clock.advance(1_000);
      b.calls.last.resolve('done');
    }
    await b.clock.settle();
    const before = b.calls.all.length;
    b.calls.last.reject(Object.assign(new Error('slow'), { status: 429, headers: { 'retry-after': wait } }));
    await b.clock.advance(60_000);
    expect(b.calls.all.length).toBeGreaterThan(before);
  });

  it('balancers that make up deployments, or return no list', async () => {
    for (const order of [(all: unknown[]) => [{ id: 'nobody' }, undefined, ...all], async (all: unknown[]) => all, () => null]) {
      const b = on([{ id: 'a' }, { id: 'b' }], { balancer: { order } as never });
      b.submit();
      await b.clock.settle();
      expect(placesOf(b)).toEqual(['a']);
    }
  });
});

it('everyone who shares a call learns where it was answered', async () => {
  const b = bench({ deployments: [{ id: 'a' }] });
  const handles = [b.submit({ dedupeKey: 'k' }), b.submit({ dedupeKey: 'k' })];
  await b.clock.settle();
  b.calls.last.resolve('done');
  for (const { response } of handles) expect(await response).toMatchObject({ deploymentId: 'a' });
});

it('weights hold from the moment at which a deployment comes back', async () => {
  const b = on([{ id: 'a' }, { id: 'b' }], { balancer: 'weighted' });
  b.submit();
  b.submit();
  await b.clock.settle();
  b.calls.at(1).reject(refusedKey());
  for (let i = 0; i < 100; i++) b.submit();
  await b.clock.settle();
  b.manager.enableDeployment('b');
  const before = b.calls.all.length;
  for (let i = 0; i < 20; i++) b.submit();
  await b.clock.settle();
  expect(
    placesOf(b)
      .slice(before)
      .filter((id) => id === 'b').length,
  ).toBe(10);
});

it('a limit that is spaced evenly stays so when it is raised', async () => {
  const spaced = (limit: number) => [{ type: 'rpm', limit, algorithm: 'evenly-spaced' }] as const;
  const b = bench({ rateLimiters: spaced(10) });
  b.submit();
  await b.clock.advance(60_000);
  b.manager.updateLimits(MODEL, spaced(100));
  for (let i = 0; i < 20; i++) b.submit();
  await b.clock.settle();
  expect(b.calls.all).toHaveLength(2);
});

describe('models that wait for one limit', () => {
  it('hear of the room that the last call of a model gives back which is closed', async () => {
    const limit = { rateLimiters: [{ type: 'concurrent', limit: 1, domain: 'org' }] } satisfies Partial<ModelConfig>;
    const b = bench(limit);
    b.manager.registerQueue({ modelId: 'other', ...limit }, b.calls.processor);
    b.submit();
    await b.clock.settle();
    b.submit({ modelId: 'other' });
    const closed = b.manager.unregisterQueue(MODEL);
    await b.clock.settle();
    b.calls.last.resolve('done');
    await closed;
    await b.clock.settle();
    expect(b.calls.last.request.modelId).toBe('other');
  });

  it('never block each other when an older claim moves to another deployment', async () => {
    const slot: Deployment = { id: 'b', rateLimiters: [{ type: 'concurrent', limit: 1 }] };
    const b = on([{ id: 'a', rateLimiters: rpm(1) }, slot]);
    b.manager.registerQueue({ modelId: 'other', deployments: [slot] }, b.calls.processor);
    b.submit();
    b.submit();
    await b.clock.settle();
    expect(placesOf(b)).toEqual(['a', 'b']);
    // It claims room on `a`, where it knows when some will be; the other one on `b`, where it doesn't.
    b.submit();
    await b.clock.settle();
    b.submit({ modelId: 'other' });
    await b.clock.settle();
    b.calls.at(1).resolve('done');
    await b.clock.settle();
    expect(b.calls.all.map(({ request }) => request.modelId)).toEqual([MODEL, MODEL, MODEL]);
    b.calls.last.resolve('done');
    await b.clock.settle();
    expect(b.calls.last.request.modelId).toBe('other');
  });
});
