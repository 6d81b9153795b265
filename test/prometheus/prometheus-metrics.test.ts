import { Counter, Gauge, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { RateLimitRefused } from '../../src/index.ts';
import { PrometheusMetrics } from '../../src/prometheus/index.ts';
import { bench, MODEL } from '../engine/harness.ts';
import { series } from './series.ts';

describe('the metrics of an engine', () => {
  it('tell how many wait and for whom, and what became of the others', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimiters: [{ type: 'concurrent', limit: 2 }], retry: { maxAttempts: 2 } });
    const metrics = new PrometheusMetrics(manager);
    for (const tenant of ['ann', 'ann', 'bob', 'bob', 'eve']) submit({ tenant });
    await clock.advance(1_500);
    calls.at(0).resolve();
    await clock.advance(1_000);
    calls.at(1).reject(new Error('no'));
    await clock.settle();
    const seen = await series(metrics);

    expect(seen('headgate_queue_depth')).toEqual({
      'model=model-a,tenant=': 0,
      'model=model-a,tenant=ann': 0,
      'model=model-a,tenant=bob': 1,
      'model=model-a,tenant=eve': 0,
    });
    expect(seen('headgate_requests_total')).toEqual({
      'model=model-a,tenant=ann,outcome=completed': 1,
      'model=model-a,tenant=bob,outcome=failed': 1,
    });
    expect(seen('headgate_attempts_total')).toEqual({ 'model=model-a,tenant=ann': 1, 'model=model-a,tenant=bob': 1 });
    expect(seen('headgate_queue_seconds_count')).toMatchObject({ 'model=model-a,tenant=ann,outcome=completed': 1 });
    await manager.shutdownAll({ force: true });
  });

  it('observe the time in queue once a request is over, whatever became of it', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimiters: [{ type: 'concurrent', limit: 1 }], requestTimeoutSeconds: 30 });
    const metrics = new PrometheusMetrics(manager);
    submit({});
    submit({});
    const third = submit({});
    submit({});
    await clock.advance(3_000);
    calls.at(0).resolve();
    third.cancel();
    await clock.advance(27_000);
    const seen = await series(metrics);

    expect(seen('headgate_queue_seconds_sum')).toEqual({
      'model=model-a,tenant=,outcome=completed': 0,
      'model=model-a,tenant=,outcome=cancelled': 3,
      'model=model-a,tenant=,outcome=timeout': 30,
    });
    await manager.shutdownAll({ force: true });
  });

  it('count refusals and tokens, and show how much of each limit is used', async () => {
    const { manager, submit, calls, clock } = bench({
      rateLimiters: [
        { type: 'rpm', limit: 10 },
        { type: 'tpm', limit: 1_000 },
      ],
    });
    const metrics = new PrometheusMetrics(manager);
    submit({});
    await clock.settle();
    calls.last.reject(new RateLimitRefused({ retryAfterMs: 500, limitType: 'rpm' }));
    await clock.advance(500);
    calls.last.context.reportUsage({ inputTokens: 30, outputTokens: 70 });
    calls.last.resolve();
    await clock.settle();
    const seen = await series(metrics);

    expect(seen('headgate_refusals_total')).toEqual({ 'model=model-a': 1 });
    expect(seen('headgate_tokens_total')).toEqual({ 'model=model-a,kind=input': 30, 'model=model-a,kind=output': 70 });
    expect(seen('headgate_limit_share')).toMatchObject({ [`limit=tpm,model=${MODEL},deployment=,domain=`]: 0.1 });
    await manager.shutdownAll({ force: true });
  });

  it('show the limits of deployments and domains each once, and the state of circuits', async () => {
    const { manager, submit, calls, clock } = bench({
      rateLimiters: [{ type: 'rpm', limit: 100 }],
      deployments: ['east', 'west'].map((id) => ({
        id,
        rateLimiters: [
          { type: 'rpm', limit: 10 },
          { type: 'tpm', limit: 100, domain: 'org' },
        ],
        circuit: { failuresInARow: 1 },
      })),
    });
    const metrics = new PrometheusMetrics(manager);
    submit({});
    await clock.settle();
    calls.last.reject(Object.assign(new Error('overloaded'), { status: 503 }));
    await clock.settle();
    const seen = await series(metrics);
    const shares = Object.keys(seen('headgate_limit_share'));

    expect(shares.sort()).toEqual([
      'limit=rpm,model=,deployment=east,domain=',
      'limit=rpm,model=,deployment=west,domain=',
      'limit=rpm,model=model-a,deployment=,domain=',
      'limit=tpm,model=,deployment=,domain=org',
    ]);
    expect(Object.values(seen('headgate_circuit_state')).sort()).toEqual([0, 2]);
    await manager.shutdownAll({ force: true });
  });

  it('stay few, however many tenants come', async () => {
    const { manager, submit, clock } = bench({}, async () => 'ok');
    const metrics = new PrometheusMetrics(manager);
    for (let n = 0; n < 1_000; n++) submit({ tenant: `tenant-${n}` });
    await clock.settle();
    const seen = await series(metrics);
    const counts = seen('headgate_requests_total');

    expect(Object.keys(counts).length).toBeLessThanOrEqual(201);
    expect(counts['model=model-a,tenant=other,outcome=completed']).toBe(800);
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(1_000);
    await manager.shutdownAll({ force: true });
  });

  it('stand beside the user’s own, and one that throws takes no other with it', async () => {
    const said: object[] = [];
    const ignore = (): void => {};
    const { manager } = bench();
    const registry = new Registry();
    new Counter({ name: 'my_own_total', help: 'mine', registers: [registry] }).inc();
    new Gauge({
      name: 'my_broken',
      help: 'broken',
      registers: [registry],
      collect() {
        throw new Error('no figures');
      },
    });
    const logger = { debug: ignore, info: ignore, warn: ignore, error: (fields: object) => void said.push(fields) };
    const metrics = new PrometheusMetrics(manager, { registry, logger });
    const text = await metrics.text();

    expect(text).toContain('my_own_total 1');
    expect(text).toContain('# TYPE headgate_queue_depth gauge');
    expect(text).not.toContain('my_broken');
    expect(said).toEqual([{ metric: 'my_broken', reason: 'no figures' }]);
    expect(() => new PrometheusMetrics(manager, { registry })).toThrow(InvalidConfiguration);
    await manager.shutdownAll();
  });

  it('count nothing further once they are closed', async () => {
    const { manager, submit, clock } = bench({}, async () => 'ok');
    const metrics = new PrometheusMetrics(manager);
    metrics.close();
    submit({});
    await clock.settle();

    expect((await series(metrics))('headgate_requests_total')).toEqual({});
    await manager.shutdownAll();
  });

  it('are in the format that Prometheus reads, names and labels as they should be', async () => {
    const { manager, submit, clock } = bench({ modelId: MODEL }, async () => 'ok');
    const metrics = new PrometheusMetrics(manager);
    submit({ tenant: 'quo"te\\back\nline' });
    await clock.settle();
    const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

    for (const line of lines) expect(line).toMatch(/^headgate_[a-z_]+(\{([a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? [-+0-9.eInf]+$/);
    expect(metrics.contentType).toMatch(/^text\/plain/);
    await manager.shutdownAll();
  });
});
