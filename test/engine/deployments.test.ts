import { describe, expect, it } from 'vitest';
import { waitFor } from 'xstate';
import { type DeploymentInfo, type ModelConfig, NoDeploymentAvailable, RateLimitRefused } from '../../src/index.ts';
import { ProviderFailure } from '../../src/providers/provider-failure.ts';
import { type Bench, bench, MODEL, retryable, thrownBy, watch } from './harness.ts';

type Deployment = NonNullable<ModelConfig['deployments']>[number];

const rpm = (limit: number) => [{ type: 'rpm', limit }] as const;

/** Two deployments, `a` and `b`, tried in this order where both have room. */
function two(config: Partial<ModelConfig> = {}, fields: Partial<Deployment> = {}): Bench {
  return bench({
    deployments: [
      { id: 'a', ...fields },
      { id: 'b', ...fields },
    ],
    balancer: 'least-loaded',
    ...config,
  });
}

function placesOf({ calls }: Bench): (string | undefined)[] {
  return calls.all.map(({ context }) => context.deploymentId);
}

function info({ manager }: Bench, id: string): DeploymentInfo {
  const found = manager.getQueueInfo(MODEL).deployments.find((deployment) => deployment.id === id);
  if (found === undefined) throw new Error(`No deployment ${id}.`);
  return found;
}

const broken = () => Object.assign(new Error('bad gateway'), { status: 502 });
const refusedKey = () =>
  new ProviderFailure({ message: 'wrong key', code: 'invalid_key', retryable: false, failOver: true, scope: 'account' });

describe('a model with two deployments', () => {
  it('uses the limits of both, and says where a request was answered', async () => {
    const b = two({}, { rateLimiters: rpm(2) });
    const handles = Array.from({ length: 6 }, () => b.submit());
    await b.clock.settle();
    expect(placesOf(b).sort()).toEqual(['a', 'a', 'b', 'b']);
    for (const { resolve } of b.calls.all) resolve('done');
    expect(await handles[0]?.response).toMatchObject({ status: 'completed', deploymentId: 'a', attempts: 1 });
    expect(b.manager.getQueueInfo(MODEL).queueSize).toBe(2);
  });

  it('keeps the model’s own limit over both', async () => {
    const b = two({ rateLimiters: rpm(3) }, { rateLimiters: rpm(2) });
    for (let i = 0; i < 6; i++) b.submit();
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(3);
  });

  it('goes to the other at once when one fails, and uses no retry for it', async () => {
    const b = two();
    const handle = b.submit();
    const watched = watch(handle);
    await b.clock.settle();
    b.calls.last.reject(broken());
    await b.clock.settle();
    expect(placesOf(b)).toEqual(['a', 'b']);
    b.calls.last.resolve('done');
    expect(await handle.response).toMatchObject({ status: 'completed', attempts: 2, deploymentId: 'b' });
    expect(watched.statuses).toEqual(['pending', 'processing', 'pending', 'processing', 'completed']);
    expect(b.clock.now()).toBe(0);
  });

  it('fails with the last error when each has failed and no retry is left', async () => {
    const b = two();
    const handle = b.submit();
    for (const message of ['first', 'second']) {
      await b.clock.settle();
      b.calls.last.reject(retryable(message));
    }
    expect(await handle.response).toMatchObject({ status: 'failed', reason: 'error', error: 'second', attempts: 2, deploymentId: 'b' });
  });

  it('waits between rounds, not between deployments', async () => {
    const b = two({ retry: { maxAttempts: 2, baseDelayMs: 1000 } });
    const handle = b.submit();
    for (let i = 0; i < 2; i++) {
      await b.clock.settle();
      b.calls.last.reject(retryable());
    }
    await b.clock.advance(499);
    expect(b.calls.all).toHaveLength(2);
    await b.clock.advance(2);
    expect(b.calls.all).toHaveLength(3);
    b.calls.last.resolve('done');
    expect(await handle.response).toMatchObject({ status: 'completed', attempts: 3 });
  });

  it('does not go elsewhere with what is the request’s own fault', async () => {
    const b = two({ retry: { maxAttempts: 3 } });
    const handle = b.submit();
    await b.clock.settle();
    b.calls.last.reject(Object.assign(new Error('bad request'), { status: 400 }));
    expect(await handle.response).toMatchObject({ status: 'failed', attempts: 1 });
    expect(info(b, 'a').circuit).toBe('closed');
  });

  it('never returns to a deployment that would fail a request again', async () => {
    const b = two({ retry: { maxAttempts: 5 } });
    const handle = b.submit();
    await b.clock.settle();
    b.calls.last.reject(Object.assign(new Error('no such model'), { retryable: false, failOver: true, scope: 'request' }));
    for (let i = 0; i < 3; i++) {
      await b.clock.advance(60_000);
      b.calls.last.reject(retryable());
    }
    await b.clock.advance(60_000);
    b.calls.last.resolve('done');
    await handle.response;
    expect(placesOf(b)).toEqual(['a', 'b', 'b', 'b', 'b']);
  });

  it('a refusal pauses the one that refused; the other takes the request at once, no attempt used', async () => {
    const b = two({}, { rateLimiters: rpm(10) });
    const handle = b.submit();
    await b.clock.settle();
    b.calls.last.reject(new RateLimitRefused({ retryAfterMs: 5_000 }));
    await b.clock.settle();
    for (let i = 0; i < 3; i++) b.submit();
    await b.clock.settle();
    expect(placesOf(b)).toEqual(['a', 'b', 'b', 'b', 'b']);
    b.calls.at(1).resolve('done');
    expect(await handle.response).toMatchObject({ attempts: 1, deploymentId: 'b' });
    await b.clock.advance(5_001);
    b.submit();
    await b.clock.settle();
    expect(b.calls.last.context.deploymentId).toBe('a');
  });

  it('a refusal by one without limits keeps calls from it alone', async () => {
    const b = bench({ rateLimiters: undefined, rateLimit: undefined, deployments: [{ id: 'a' }, { id: 'b' }], balancer: 'least-loaded' });
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(Object.assign(new Error('slow'), { status: 429, headers: { 'retry-after': '7' } }));
    await b.clock.settle();
    b.submit();
    await b.clock.settle();
    expect(placesOf(b)).toEqual(['a', 'b', 'b']);
  });

  it('puts what is too large for one on the other, and rejects what is too large for both', async () => {
    const b = bench({
      deployments: [
        { id: 'small', rateLimiters: [{ type: 'tpm', limit: 10 }] },
        { id: 'large', rateLimiters: [{ type: 'tpm', limit: 100 }] },
      ],
    });
    b.submit({ estimatedInputTokens: 50 });
    const rejected = b.submit({ estimatedInputTokens: 101 });
    await b.clock.settle();
    expect(placesOf(b)).toEqual(['large']);
    expect(await rejected.response).toMatchObject({ status: 'failed', reason: 'rejected', code: 'request_too_large' });
  });
});

describe('what a provider says beside its error', () => {
  const refusal = (more: object) => Object.assign(new RateLimitRefused({ retryAfterMs: 5_000 }), more);

  it('no capacity of its own: the deployment waits, its limits don’t pause', async () => {
    const b = two({}, { rateLimiters: rpm(10) });
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(refusal({ capacity: true }));
    await b.clock.settle();
    b.submit();
    await b.clock.settle();
    expect(placesOf(b)).toEqual(['a', 'b', 'b']);
    expect(info(b, 'a').rateLimiters).toMatchObject([{ state: 'open' }]);
  });

  it('slow down: fewer calls at once, and more again as they get through', async () => {
    const b = bench({ deployments: [{ id: 'a' }] });
    for (let i = 0; i < 40; i++) b.submit();
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(40);
    await b.clock.advance(100);
    b.calls.at(0).reject(refusal({ slowDown: true, capacity: true }));
    for (let i = 1; i < 40; i++) b.calls.at(i).resolve('done');
    for (let i = 0; i < 200; i++) b.submit();
    await b.clock.advance(5_001);
    expect(b.calls.all).toHaveLength(40 + 28);
    for (let i = 40; i < 68; i++) b.calls.at(i).resolve('done');
    await b.clock.settle();
    for (let i = 68; i < 96; i++) b.calls.at(i).resolve('done');
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(96 + 29);
  });

  it('slow down, where limits are learned without headers: waits as long as it says, and fewer at once afterwards', async () => {
    const b = bench({ deployments: [{ id: 'a', learnLimits: true }] });
    for (let i = 0; i < 10; i++) {
      b.submit();
      await b.clock.advance(1_000);
      b.calls.last.resolve('done');
      await b.clock.settle();
    }
    const before = b.calls.all.length;
    for (let i = 0; i < 30; i++) b.submit();
    await b.clock.advance(100);
    const started = b.calls.all.length;
    expect(started).toBeGreaterThan(before);
    b.calls.at(before).reject(refusal({ slowDown: true }));
    await b.clock.advance(4_900);
    expect(b.calls.all).toHaveLength(started);
    await b.clock.advance(200);
    for (let i = before + 1; i < started; i++) b.calls.at(i).resolve('done');
    await b.clock.advance(1_000);
    expect(b.calls.all.length).toBeGreaterThan(started);
  });

  it('a wait with an error: longer than our own, and only where there is nowhere else to go', async () => {
    const later = () => Object.assign(new Error('overloaded'), { status: 503, retryAfterMs: 90_000 });
    const alone = bench({ deployments: [{ id: 'a' }], retry: { maxAttempts: 2, baseDelayMs: 10 } });
    alone.submit();
    await alone.clock.settle();
    alone.calls.last.reject(later());
    await alone.clock.advance(89_999);
    expect(alone.calls.all).toHaveLength(1);
    await alone.clock.advance(2);
    expect(alone.calls.all).toHaveLength(2);
    const b = two();
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(later());
    await b.clock.settle();
    expect(placesOf(b)).toEqual(['a', 'b']);
  });

  it('a day on which the account is accepted again', async () => {
    const b = two();
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(Object.assign(refusedKey(), { untilMs: b.clock.wallMs() + 30 * 86_400_000 }));
    await b.clock.advance(30 * 86_400_000 - 1);
    expect(info(b, 'a').state).toBe('disabled');
    await b.clock.advance(1);
    expect(info(b, 'a').state).toBe('available');
  });
});

describe('a circuit', () => {
  const one = { deployments: [{ id: 'a', errorBackoffInSeconds: 30 }] };

  it('opens after five failures in a row, lets one call probe after the rest, and closes when it gets through', async () => {
    const b = bench(one);
    for (let i = 0; i < 5; i++) {
      b.submit();
      await b.clock.settle();
      b.calls.last.reject(broken());
    }
    const handles = [b.submit(), b.submit()];
    await b.clock.advance(29_999);
    expect(b.calls.all).toHaveLength(5);
    expect(info(b, 'a')).toMatchObject({ state: 'cooling', circuit: 'open' });
    await b.clock.advance(2);
    expect(b.calls.all).toHaveLength(6);
    expect(info(b, 'a').circuit).toBe('half-open');
    b.calls.last.resolve('done');
    await b.clock.settle();
    expect(info(b, 'a')).toMatchObject({ state: 'available', circuit: 'closed' });
    b.calls.last.resolve('done');
    await Promise.all(handles.map(({ response }) => response));
    expect(b.events.filter(({ type }) => type.startsWith('deployment')).map(({ type }) => type)).toEqual([
      'deployment-cooling',
      'deployment-available',
    ]);
  });

  it('is told to the logger once when it opens, and so is a deployment that is disabled', async () => {
    const lines: object[] = [];
    const write = (level: string) => (fields: object) => lines.push({ level, ...fields });
    const logger = { debug: () => {}, info: () => {}, warn: write('warn'), error: write('error') };
    const b = bench({ deployments: [{ id: 'a' }, { id: 'b' }], balancer: 'least-loaded' }, undefined, { logger });
    for (let i = 0; i < 7; i++) {
      b.submit();
      await b.clock.settle();
      b.calls.last.reject(b.calls.last.context.deploymentId === 'a' ? broken() : refusedKey());
      await b.clock.settle();
    }
    expect(lines).toHaveLength(2);
    expect(lines).toContainEqual({
      level: 'error',
      deploymentId: 'b',
      until: expect.any(Number),
      error: 'wrong key',
    });
    expect(lines).toContainEqual({
      level: 'warn',
      deploymentId: 'a',
      until: expect.any(Number),
      error: 'Error, status 502',
    });
  });

  it('opens again when the probe fails, and a cancelled probe decides nothing', async () => {
    const b = bench(one);
    for (let i = 0; i < 5; i++) {
      b.submit();
      await b.clock.settle();
      b.calls.last.reject(broken());
    }
    const cancelled = b.submit();
    await b.clock.advance(30_001);
    cancelled.cancel();
    b.submit();
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(7);
    b.calls.last.reject(broken());
    b.submit();
    await b.clock.advance(29_000);
    expect(b.calls.all).toHaveLength(7);
  });

  it('opens when half of the last twenty calls failed, and not before there are twenty', async () => {
    const b = bench(one);
    for (let i = 0; i < 20; i++) {
      b.submit();
      await b.clock.settle();
      expect(info(b, 'a').circuit).toBe('closed');
      if (i % 2 === 0) b.calls.last.resolve('done');
      else b.calls.last.reject(broken());
    }
    await b.clock.settle();
    expect(info(b, 'a').circuit).toBe('open');
  });

  it('an attempt that takes too long counts, what the caller did wrong does not', async () => {
    const b = bench({ ...one, attemptTimeoutSeconds: 1 });
    for (let i = 0; i < 5; i++) {
      b.submit();
      await b.clock.settle();
      b.calls.last.reject(Object.assign(new Error('bad request'), { status: 400 }));
    }
    await b.clock.settle();
    expect(info(b, 'a').circuit).toBe('closed');
    for (let i = 0; i < 5; i++) {
      b.submit();
      await b.clock.advance(1_001);
    }
    expect(info(b, 'a').circuit).toBe('open');
  });
});

describe('a deployment whose key is refused', () => {
  it('is disabled for an hour; the other goes on', async () => {
    const b = two();
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(refusedKey());
    await b.clock.settle();
    b.submit();
    await b.clock.settle();
    expect(placesOf(b)).toEqual(['a', 'b', 'b']);
    expect(info(b, 'a').state).toBe('disabled');
    await b.clock.advance(3_600_000);
    expect(info(b, 'a').state).toBe('available');
  });

  it('fails what waits once all are disabled, telling why, until one is enabled', async () => {
    const b = two({ rateLimiters: [{ type: 'concurrent', limit: 1 }] });
    const first = b.submit();
    const waiting = b.submit();
    await b.clock.settle();
    b.calls.last.reject(refusedKey());
    await b.clock.settle();
    b.calls.last.reject(refusedKey());
    expect(await first.response).toMatchObject({ status: 'failed', error: 'wrong key' });
    const response = await waiting.response;
    expect(response).toMatchObject({ status: 'failed', reason: 'error', code: 'no_deployment_available' });
    if (response.status === 'failed') {
      expect(response.cause).toBeInstanceOf(NoDeploymentAvailable);
      expect(response.error).toContain("'a' (wrong key), 'b' (wrong key)");
    }
    b.manager.enableDeployment('b');
    b.submit();
    await b.clock.settle();
    expect(b.calls.last.context.deploymentId).toBe('b');
    expect(thrownBy(() => b.manager.enableDeployment('c'))).toMatchObject({ code: 'invalid_configuration' });
  });
});

describe('deployments that are shared', () => {
  it('one deployment of two models has one limit, one circuit and one actor', async () => {
    const b = bench({ deployments: [{ id: 'a', rateLimiters: rpm(2) }] });
    b.manager.registerQueue({ modelId: 'other', deployments: [{ id: 'a' }] }, b.calls.processor);
    b.submit();
    b.submit({ modelId: 'other' });
    b.submit({ modelId: 'other' });
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(2);
    expect(b.manager.getQueueInfo('other').deployments).toEqual(b.manager.getQueueInfo(MODEL).deployments);
    const wrong = thrownBy(() =>
      b.manager.registerQueue({ modelId: 'third', deployments: [{ id: 'a', rateLimiters: rpm(3) }] }, b.calls.processor),
    );
    expect(wrong).toMatchObject({ code: 'invalid_configuration', path: 'deployments[0].rateLimiters' });
  });

  it('survives the model that brought it', async () => {
    const b = bench({ deployments: [{ id: 'a', rateLimiters: rpm(2) }] });
    b.manager.registerQueue({ modelId: 'other', deployments: [{ id: 'a' }] }, b.calls.processor);
    b.submit();
    await b.clock.settle();
    b.calls.last.resolve('done');
    await b.clock.settle();
    await b.manager.unregisterQueue(MODEL);
    b.submit({ modelId: 'other' });
    b.submit({ modelId: 'other' });
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(2);
    const children = b.manager.actor.getSnapshot().children['model:other'].getSnapshot().children;
    expect(Object.keys(children)).toContain('deployment:a');
  });

  it('a domain over deployments is one limit', async () => {
    const limit = [{ type: 'rpm', limit: 3, domain: 'org' }] as const;
    const b = two({}, { rateLimiters: limit });
    for (let i = 0; i < 6; i++) b.submit();
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(3);
  });
});

describe('a combination of deployments', () => {
  /** A chat and an embedding model, and requests that need one of each at once. */
  function both(): Bench {
    const b = bench({ modelId: 'llm', deployments: [{ id: 'gpt', rateLimiters: rpm(4) }] });
    b.manager.registerQueue({ modelId: 'embedding', deployments: [{ id: 'ada', rateLimiters: rpm(6) }] }, b.calls.processor);
    b.manager.registerQueue(
      { modelId: 'rag', deployments: [{ id: 'ada+gpt', parts: { embedding: 'ada', llm: 'gpt' } }] },
      b.calls.processor,
    );
    return b;
  }

  it('reserves both in one step, each with its own weight, and nothing of one while the other is full', async () => {
    const b = both();
    const parts = { embedding: { calls: 3 }, llm: { calls: 1.5 } };
    for (let i = 0; i < 3; i++) b.submit({ modelId: 'rag', parts });
    await b.clock.settle();
    expect(b.calls.all.map(({ context }) => context.deploymentIds)).toEqual([
      ['ada', 'gpt'],
      ['ada', 'gpt'],
    ]);
    const used = (modelId: string) => b.manager.getQueueInfo(modelId).deployments[0]?.rateLimiters[0]?.usage;
    expect([used('embedding'), used('llm')]).toEqual([6, 3]);
    b.submit({ modelId: 'llm' });
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(3);
    expect(b.manager.getQueueInfo('rag').queueSize).toBe(1);
  });

  it('blames only the deployment that an error names', async () => {
    const b = both();
    b.manager.updateLimits('llm', []);
    for (let i = 0; i < 5; i++) {
      b.submit({ modelId: 'rag', parts: { embedding: { calls: 0 }, llm: { calls: 0 } } });
      await b.clock.settle();
      b.calls.last.reject(Object.assign(new Error('down'), { scope: 'deployment', deploymentId: 'ada' }));
    }
    await b.clock.settle();
    const states = b.manager.getQueueInfo('rag').deployments.map(({ id, state }) => [id, state]);
    expect(states).toEqual([
      ['ada', 'cooling'],
      ['gpt', 'available'],
    ]);
  });

  it('names deployments that are there', () => {
    const b = both();
    const wrong = thrownBy(() =>
      b.manager.registerQueue({ modelId: 'x', deployments: [{ id: 'y', parts: { llm: 'nobody' } }] }, b.calls.processor),
    );
    expect(wrong).toMatchObject({ code: 'invalid_configuration', path: 'deployments[0].parts.llm' });
  });
});

describe('the actors', () => {
  it('show a deployment below its scheduler, its limits and its circuit below it', async () => {
    const b = bench({ deployments: [{ id: 'a', rateLimiters: rpm(10) }] });
    const scheduler = b.manager.actor.getSnapshot().children[`model:${MODEL}`];
    const deployment = scheduler.getSnapshot().children['deployment:a'];
    expect(Object.keys(deployment.getSnapshot().children).sort()).toEqual(['a/rpm', 'circuit']);
    for (let i = 0; i < 5; i++) {
      b.submit();
      await b.clock.settle();
      b.calls.last.reject(broken());
    }
    await b.clock.settle();
    expect(deployment.getSnapshot().value).toBe('cooling');
    expect(deployment.getSnapshot().children.circuit.getSnapshot().value).toBe('open');
    b.submit();
    await b.clock.advance(60_001);
    b.calls.last.resolve('done');
    await waitFor(deployment, (snapshot) => snapshot.matches('available'));
    expect(deployment.getSnapshot().children.circuit.getSnapshot().value).toBe('closed');
  });
});
