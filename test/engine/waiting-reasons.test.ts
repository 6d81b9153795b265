import { describe, expect, it } from 'vitest';
import { ProcessingError } from '../../src/domain/errors.ts';
import { DeploymentUnit } from '../../src/engine/deployment-unit.ts';
import { ProviderFailure } from '../../src/providers/provider-failure.ts';
import { type Bench, bench, MODEL } from './harness.ts';

const down = (message = 'bad gateway') => new ProviderFailure({ message, code: 'http_502', retryable: true, scope: 'deployment' });

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

const OPEN = "deployment 'a': circuit open until 2025-01-01T00:01:00Z (in 60 s), after 2 failures: bad gateway and more";

describe('a request whose only deployment’s circuit is open', () => {
  it('says which deployment it waits for, until when, and after which error', async () => {
    const { manager, submit, clock } = await cooling();
    const handle = submit();
    await clock.settle();
    expect(manager.explain(handle.id)).toMatchObject({ position: 1, waitingFor: 'turn', reason: OPEN });
    expect(manager.getStatus(MODEL, handle.id)).toMatchObject({ status: 'pending', waitsFor: OPEN });
    const info = manager.getQueueInfo(MODEL);
    expect(info.waitsFor).toBe(OPEN);
    expect(info.deployments[0]).toMatchObject({ id: 'a', circuit: 'open', failures: 2, lastError: 'bad gateway and more' });
  });

  it('says that a probe is under way, counts its failure, and forgets both once a call succeeds', async () => {
    const { manager, submit, clock, calls } = await cooling();
    submit();
    const behind = submit();
    await clock.advance(60_000);
    expect(calls.all).toHaveLength(3);
    expect(manager.explain(behind.id)?.reason).toBe(
      "deployment 'a': circuit half-open, one call probes it, after 2 failures: bad gateway and more",
    );
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

  it('names what each deployment waits for, whichever comes first; a limit that they share once', async () => {
    const { manager, submit, clock, calls } = bench({
      deployments: [
        { id: 'a', rateLimiters: [{ type: 'rpm', limit: 1 }] },
        { id: 'b', rateLimiters: [{ type: 'concurrent', limit: 1 }] },
        { id: 'c', rateLimiters: [{ type: 'rpm', limit: 1, timePeriod: 5 }] },
      ],
      rateLimiters: undefined,
      balancer: 'round-robin',
    });
    for (let i = 0; i < 3; i++) submit();
    await clock.settle();
    for (const { context, resolve } of calls.all) if (context.deploymentId !== 'b') resolve();
    const handle = submit();
    await clock.settle();
    expect(manager.explain(handle.id)?.waitingFor).toMatchObject({ limiter: 'c/rpm/5s' });
    expect(manager.explain(handle.id)?.reason).toMatch(
      /^limit 'c\/rpm\/5s': 1 of 1 in use, room at [^;]*; limit 'a\/rpm': [^;]*; limit 'b\/concurrent': 1 of 1 in use, room once a call ends$/,
    );

    const shared = bench({ deployments: [{ id: 'a' }, { id: 'b' }], rateLimiters: [{ type: 'rpm', limit: 1 }] });
    shared.submit();
    const waiting = shared.submit();
    await shared.clock.settle();
    expect(shared.manager.explain(waiting.id)?.reason).not.toContain(';');
  });

  it('says that it is disabled, and by what', async () => {
    const { manager, submit, clock, calls } = bench({ deployments: [{ id: 'a' }, { id: 'b', circuit: { failuresInARow: 1 } }] });
    submit();
    await clock.settle();
    const key = new ProviderFailure({ message: 'wrong key', code: 'invalid_key', failOver: true, scope: 'account', retryable: false });
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

describe('of an error that is none of ours', () => {
  const SECRET = 'Authorization: Bearer sk-SECRET prompt: "my diagnosis"';
  const hostile = new Error('hidden', { cause: { code: 'E_SAFE' } });
  Object.defineProperty(hostile, 'name', { get: () => `\u001b[2J${SECRET}` });

  it.each<[string, unknown, string]>([
    ['status', Object.assign(new Error(SECRET), { status: 502 }), 'Error, status 502'],
    [
      'its cause’s code',
      new TypeError('fetch failed', { cause: Object.assign(new Error(SECRET), { code: 'ECONNRESET' }) }),
      'TypeError, code ECONNRESET',
    ],
    ['what no error is', { message: SECRET, statusCode: 503 }, 'Error, status 503'],
    [
      'an error of ours that repeats it',
      Object.assign(new ProcessingError(SECRET), { status: 500 }),
      'ProcessingError, status 500, code processing_error',
    ],
    ['names that are texts', Object.assign(hostile, { status: 500, code: SECRET }), 'Error, status 500, code E_SAFE'],
  ])('only name, status and code are told: %s', async (_what, thrown, words) => {
    const lines: unknown[] = [];
    const log = (...said: unknown[]): void => void lines.push(said);
    const b = bench({ deployments: [{ id: 'a', circuit: { failuresInARow: 1 } }] }, undefined, {
      logger: { debug: log, info: log, warn: log, error: log },
    });
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(Object.assign(thrown as object, { retryable: true, scope: 'deployment' }));
    await b.clock.settle();
    const handle = b.submit();
    await b.clock.settle();
    const info = b.manager.getQueueInfo(MODEL);
    expect(info.deployments[0]?.lastError).toBe(words);
    const told = JSON.stringify([info, b.manager.explain(handle.id), b.manager.getStatus(MODEL, handle.id), lines, b.events]);
    expect(told).toContain(words);
    expect(told).not.toContain('SECRET');
  });

  it('nothing more reaches other callers, once it has disabled every deployment', async () => {
    const b = bench({ deployments: [{ id: 'a' }], rateLimiters: [{ type: 'concurrent', limit: 1 }] });
    b.submit();
    const other = b.submit();
    await b.clock.settle();
    b.calls.last.reject(Object.assign(new Error(SECRET), { status: 401 }));
    expect((await other.response).error).toContain("'a' (Error, status 401)");
    expect((await other.response).error).not.toContain('SECRET');
  });

  it('ours are told in one line without control characters', async () => {
    const b = bench({ deployments: [{ id: 'a' }] });
    b.submit();
    await b.clock.settle();
    b.calls.last.reject(down("Deployment 'a': \u001b[2J\u001b]0;owned\u0007boom\rX\nY"));
    await b.clock.settle();
    expect(b.manager.getQueueInfo(MODEL).deployments[0]?.lastError).toBe('[2J ]0;owned boom X Y');
  });
});
