import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/domain/logger.ts';
import { GatewayMetrics } from '../../src/gateway/metrics/gateway-metrics.ts';
import { bench } from '../engine/harness.ts';
import { series } from '../prometheus/series.ts';
import { finishedCall, RECEIVED_AT, rejectedCall } from './finished-call.ts';

function metricsOf() {
  const { manager } = bench({ modelId: 'gpt-4o' });
  manager.registerQueue({ modelId: 'small', rateLimit: 10 }, async () => 'ok');
  return new GatewayMetrics(manager, { 'gpt-4o': { input: 2, output: 8 } }, silentLogger);
}

const stream = { requestId: 'req-1', model: 'gpt-4o', afterMs: 1_500, streamed: true };

describe('the metrics of a gateway', () => {
  it('count calls by model, tenant and what became of them, those too that were never queued', async () => {
    const metrics = metricsOf();
    metrics.finished(finishedCall());
    metrics.finished(finishedCall({ attempts: 3, outcome: 'failed', queueMs: undefined }));
    metrics.finished(rejectedCall());
    const seen = await series(metrics);

    expect(seen('headgate_requests_total')).toEqual({
      'model=gpt-4o,tenant=acme,outcome=completed': 1,
      'model=gpt-4o,tenant=acme,outcome=failed': 1,
      'model=gpt-4o,tenant=acme,outcome=rejected': 1,
    });
    expect(seen('headgate_attempts_total')).toEqual({ 'model=gpt-4o,tenant=acme': 4 });
    expect(seen('headgate_queue_seconds_sum')).toEqual({
      'model=gpt-4o,tenant=acme,outcome=completed': 0.25,
      'model=gpt-4o,tenant=acme,outcome=failed': 0.99,
    });
  });

  it('count tokens and cost for the model that answered', async () => {
    const metrics = metricsOf();
    metrics.finished(finishedCall());
    metrics.finished(finishedCall({ usage: { inputTokens: 10, allInputTokens: 110, cachedInputTokens: 100, outputTokens: 5 } }));
    metrics.finished(finishedCall({ servedBy: 'small' }));
    const seen = await series(metrics);

    expect(seen('headgate_tokens_total')).toEqual({
      'model=gpt-4o,tenant=acme,kind=input': 210,
      'model=gpt-4o,tenant=acme,kind=cached_input': 100,
      'model=gpt-4o,tenant=acme,kind=output': 55,
      'model=small,tenant=acme,kind=input': 100,
      'model=small,tenant=acme,kind=cached_input': 0,
      'model=small,tenant=acme,kind=output': 50,
    });
    expect(seen('headgate_cost_total')['model=gpt-4o,tenant=acme']).toBeCloseTo(0.00086);
    expect(seen('headgate_cost_total')['model=small,tenant=acme']).toBe(0);
  });

  it('show streams from their first content to their end', async () => {
    const metrics = metricsOf();
    metrics.answered(stream);
    metrics.answered({ ...stream, requestId: 'req-2' });
    metrics.answered({ ...stream, requestId: 'whole', streamed: false });
    expect((await series(metrics))('headgate_active_streams')).toEqual({ 'model=gpt-4o': 2 });
    metrics.finished(finishedCall({ streamed: true, endedAt: RECEIVED_AT + 5_000 }));
    const seen = await series(metrics);

    expect(seen('headgate_active_streams')).toEqual({ 'model=gpt-4o': 1 });
    expect(seen('headgate_first_token_seconds_sum')).toEqual({ 'model=gpt-4o': 3 });
    expect(seen('headgate_first_token_seconds_count')).toEqual({ 'model=gpt-4o': 2 });
  });

  it('make no label of a model that callers made up', async () => {
    const metrics = metricsOf();
    for (let n = 0; n < 1_000; n++) metrics.finished(rejectedCall({ model: `made-up-${n}` }));
    metrics.finished(finishedCall());

    expect((await series(metrics))('headgate_requests_total')).toEqual({
      'model=other,tenant=acme,outcome=rejected': 1_000,
      'model=gpt-4o,tenant=acme,outcome=completed': 1,
    });
  });
});
