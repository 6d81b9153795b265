import { describe, expect, it } from 'vitest';
import { DeploymentUnit } from '../../src/engine/deployment-unit.ts';
import { type Bench, bench, MODEL } from './harness.ts';

const down = (message = 'bad gateway') => Object.assign(new Error(message), { status: 502 });

/** One deployment, `a`, whose circuit is open after two failures. */
async function cooling(more: object = {}): Promise<Bench> {
  const b = bench({ deployments: [{ id: 'a', circuit: { failuresInARow: 2 }, ...more }] });
  for (const message of ['first', 'bad gateway\nand more']) {
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(down(message));
    await b.clock.settle();
  }
  return b;
}

const OPEN = "deployment 'a': circuit open until 2025-01-01T00:01:00Z (in 60 s), after 2 failures: bad gateway";

describe('a request whose only deployment’s circuit is open', () => {
  it('says which deployment it waits for, until when, and after which error', async () => {
    const { manager, submit, clock } = await cooling();
    const handle = submit();
    await clock.settle();
    expect(manager.explain(handle.id)).toMatchObject({ position: 1, waitingFor: 'turn', reason: OPEN });
    expect(manager.getStatus(MODEL, handle.id)).toMatchObject({ status: 'pending', waitsFor: OPEN });
    const info = manager.getQueueInfo(MODEL);
    expect(info.waitsFor).toBe(OPEN);
    expect(info.deployments[0]).toMatchObject({ id: 'a', circuit: 'open', failures: 2, lastError: 'bad gateway' });
  });

  it('says that a probe is under way, counts its failure, and forgets both once a call succeeds', async () => {
    const { manager, submit, clock, calls } = await cooling();
    submit();
    const behind = submit();
    await clock.advance(60_000);
    expect(calls.all).toHaveLength(3);
    expect(manager.explain(behind.id)?.reason).toBe("deployment 'a': circuit half-open, one call probes it, after 2 failures: bad gateway");
    calls.last.reject(down('still down'));
    await clock.settle();
    expect(manager.explain(behind.id)?.reason).toContain('after 3 failures: still down');
    await clock.advance(60_000);
    calls.last.resolve();
    await clock.settle();
    expect(manager.getQueueInfo(MODEL)).toMatchObject({
      waitsFor: null,
      deployments: [{ circuit: 'closed', failures: 0, lastError: null }],
    });
  });

  it('names the deployments that take nothing beside the limit that it waits for', async () => {
    const { manager, submit, clock, calls } = bench({
      deployments: [
        { id: 'a', circuit: { failuresInARow: 1 } },
        { id: 'b', rateLimiters: [{ type: 'rpm', limit: 1, timePeriod: 5 }] },
      ],
      balancer: 'round-robin',
    });
    submit();
    await clock.settle();
    calls.last.reject(down());
    await clock.settle();
    calls.last.resolve();
    const handle = submit();
    await clock.settle();
    const reason = manager.explain(handle.id)?.reason;
    expect(reason).toMatch(/^limit 'b\/rpm\/5s': 1 of 1 in use, room at .*; deployment 'a': circuit open until/);
  });

  it('says that it is disabled, and by what', async () => {
    const { manager, submit, clock, calls } = bench({ deployments: [{ id: 'a' }, { id: 'b', circuit: { failuresInARow: 1 } }] });
    submit();
    await clock.settle();
    const key = Object.assign(new Error('wrong key'), { failOver: true, scope: 'account', retryable: false });
    calls.last.reject(key);
    await clock.settle();
    calls.last.reject(down());
    await clock.settle();
    const handle = submit();
    await clock.settle();
    const reason = manager.explain(handle.id)?.reason ?? '';
    expect(reason).toMatch(/deployment '[ab]': disabled until 2025-01-01T01:00:00Z \(in 60 min\): wrong key/);
    expect(reason).toMatch(/deployment '[ab]': circuit open/);
  });
});

it('between two attempts, the queue says so and what failed', async () => {
  const { manager, submit, clock, calls } = bench({
    deployments: [{ id: 'a' }],
    retry: { maxAttempts: 2, baseDelayMs: 4_000 },
  });
  submit();
  await clock.settle();
  calls.last.reject(down());
  await clock.settle();
  expect(manager.getQueueInfo(MODEL).waitsFor).toBe("between two attempts; deployment 'a': after 1 failure: bad gateway");
});

describe('a learned gate', () => {
  it('is what a request waits for, with its rate and where that comes from', async () => {
    const { manager, submit, clock, calls } = bench({ rateLimiters: undefined, deployments: [{ id: 'a', learnLimits: true }] });
    const deployment = () => manager.getQueueInfo(MODEL).deployments[0];
    const first = Array.from({ length: 4 }, () => submit());
    await clock.settle();
    expect(deployment()?.learned).toEqual({ from: 'nothing', rates: [], mostInFlight: 3 });
    expect(manager.explain(first[3]?.id ?? '')).toMatchObject({
      waitingFor: 'slot',
      reason: "deployment 'a': its limits are being learned with 3 calls at once",
    });
    for (const { resolve, context } of calls.all.slice(0, 3)) {
      context.limitsObserved([]);
      resolve();
    }
    await clock.settle();
    const waiting = Array.from({ length: 20 }, () => submit());
    await clock.settle();
    const explained = manager.explain(waiting[0]?.id ?? '');
    expect(explained?.waitingFor).toMatchObject({ limiter: 'a/learned-rpm', type: 'rpm' });
    expect(explained?.reason).toMatch(/^deployment 'a': \d+ calls a second \(growing while nothing is refused\), nothing starts until /);
    expect(deployment()?.learned).toMatchObject({ from: 'answers', rates: [{ type: 'rpm', refused: false }], mostInFlight: null });
    calls.last.reject(Object.assign(new Error('slow'), { status: 429 }));
    await clock.settle();
    expect(manager.explain(waiting[0]?.id ?? '')?.reason).toContain('(learned from refusals)');
    expect(deployment()?.learned?.rates[0]?.refused).toBe(true);
  });

  it('is not there where no rate is to be sought; what headers tell is kept all the same', async () => {
    const { manager, submit, clock, calls } = bench({
      rateLimiters: undefined,
      deployments: [{ id: 'a', learnLimits: true, seekRate: false }],
    });
    for (let i = 0; i < 100; i++) submit();
    await clock.settle();
    expect(calls.all).toHaveLength(100);
    expect(manager.getQueueInfo(MODEL).deployments[0]?.learned).toEqual({ from: 'headers', rates: [], mostInFlight: null });
    calls.last.context.limitsObserved([{ type: 'rpm', limit: 50, remaining: 0, resetMs: 60_000, windowMs: 60_000 }]);
    await clock.settle();
    const handle = submit();
    await clock.settle();
    expect(manager.explain(handle.id)?.waitingFor).toMatchObject({ limiter: 'a/learned-rpm', type: 'rpm' });
  });
});

it('what holds a deployment says the same as when it is available', async () => {
  const cost = { inputTokens: 1, outputTokens: 1 };
  const { manager, clock, calls, submit } = await cooling({ learnLimits: true });
  // The unit is nobody's to look at from outside: whatever is asked for its moment is asked for its holds too.
  const original = DeploymentUnit.prototype.availableAt;
  const seen: [number, number][] = [];
  DeploymentUnit.prototype.availableAt = function (now, asked) {
    const at = original.call(this, now, asked);
    seen.push([at, this.holds(now, asked)[0]?.at ?? now]);
    return at;
  };
  try {
    for (let i = 0; i < 40; i++) submit({ estimatedInputTokens: cost.inputTokens });
    for (let round = 0; round < 60; round++) {
      await clock.advance(round % 7 === 0 ? 60_000 : 150);
      for (const [index, { context, resolve, reject }] of calls.all.entries()) {
        context.limitsObserved([]);
        if ((index + round) % 5 === 0) reject(down());
        else if ((index + round) % 3 === 0) reject(Object.assign(new Error('slow'), { status: 429 }));
        else resolve();
      }
      await clock.settle();
      manager.getQueueInfo(MODEL);
    }
  } finally {
    DeploymentUnit.prototype.availableAt = original;
  }
  expect(seen.length).toBeGreaterThan(100);
  expect(seen.some(([at]) => at === Number.POSITIVE_INFINITY)).toBe(true);
  for (const [at, held] of seen) expect(held).toBe(at);
});
