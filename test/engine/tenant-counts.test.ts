import { describe, expect, it } from 'vitest';
import type { EngineMetrics } from '../../src/index.ts';
import { bench, MODEL, retryable } from './harness.ts';

describe('getTenantCounts', () => {
  it('tells what each tenant has waiting and running, those in backoff waiting, and nobody who has nothing', async () => {
    const { manager, submit, calls, clock } = bench({
      rateLimiters: [{ type: 'concurrent', limit: 2 }],
      retry: { maxAttempts: 2, baseDelayMs: 1_000 },
    });
    expect(manager.getTenantCounts()).toEqual([]);
    for (const tenant of ['anna', 'ben', 'anna', undefined]) submit({ tenant });
    await clock.settle();
    expect(manager.getTenantCounts()).toEqual([
      { modelId: MODEL, tenant: 'anna', waiting: 1, processing: 1 },
      { modelId: MODEL, tenant: 'ben', waiting: 0, processing: 1 },
      { modelId: MODEL, tenant: '', waiting: 1, processing: 0 },
    ]);

    calls.last.reject(retryable());
    await clock.settle();
    expect(manager.getTenantCounts()).toContainEqual({ modelId: MODEL, tenant: 'ben', waiting: 1, processing: 0 });

    await manager.shutdownAll({ force: true });
    expect(manager.getTenantCounts()).toEqual([]);
  });
});

describe('getMetrics', () => {
  it('is the sample that metrics$ would give now', async () => {
    const { manager, submit, clock } = bench({ rateLimiters: [{ type: 'rpm', limit: 5 }] });
    submit({});
    await clock.settle();
    const samples: EngineMetrics[] = [];
    manager.metrics$.subscribe((sample) => samples.push(sample)).unsubscribe();
    expect(manager.getMetrics()).toEqual(samples[0]);
    await manager.shutdownAll({ force: true });
  });
});
