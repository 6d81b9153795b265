import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/domain/logger.ts';
import type { FinishedCall } from '../../src/gateway/calls/finished-call.ts';
import { OpenTelemetry } from '../../src/gateway/open-telemetry/open-telemetry.ts';
import { otlpEndpoints } from '../../src/gateway/open-telemetry/otlp-endpoints.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { finishedCall, RECEIVED_AT, rejectedCall } from './finished-call.ts';
import { type Attributes, OtlpReceiver } from './otlp-receiver.ts';

const plain = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
const nanos = (epochMs: number): string => `${epochMs}000000`;

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await OtlpReceiver.open();
});
afterEach(() => receiver.close());

async function exported(
  calls: readonly FinishedCall[],
  { endpoint = receiver.url, sampleRatio = 1 } = {},
  deadlineMs = 5_000,
): Promise<void> {
  const telemetry = await OpenTelemetry.start({
    endpoints: otlpEndpoints(endpoint, {}),
    serviceName: 'my-gateway',
    sampleRatio,
    providerOf: (deploymentId) => (deploymentId.startsWith('azure') ? 'azure' : undefined),
    clock: systemClock,
    logger: silentLogger,
  });
  for (const call of calls) telemetry.finished(call);
  await telemetry.close(deadlineMs);
}

describe('traces for an OpenTelemetry collector', () => {
  it('have a span for each call, and in it the wait and the attempt', async () => {
    await exported([
      finishedCall({ deploymentId: 'azure/gpt', usage: { inputTokens: 10, allInputTokens: 110, cachedInputTokens: 100, outputTokens: 5 } }),
    ]);
    const [queue, attempt, call] = ['queue', 'attempt', 'chat gpt-4o'].map((name) => receiver.spans.find((span) => span.name === name));

    expect(receiver.spans).toHaveLength(3);
    expect(call).toMatchObject({ kind: 3, startTimeUnixNano: nanos(RECEIVED_AT), endTimeUnixNano: nanos(RECEIVED_AT + 1_000) });
    expect(call?.parentSpanId).toBeFalsy();
    expect(call?.events).toMatchObject([{ name: 'answered', timeUnixNano: nanos(RECEIVED_AT + 900) }]);
    expect(queue).toMatchObject({
      traceId: call?.traceId,
      parentSpanId: call?.spanId,
      startTimeUnixNano: nanos(RECEIVED_AT + 10),
      endTimeUnixNano: nanos(RECEIVED_AT + 260),
    });
    expect(attempt).toMatchObject({ parentSpanId: call?.spanId, startTimeUnixNano: nanos(RECEIVED_AT + 260) });
    expect(plain(call?.attributes ?? [])).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'azure.ai.openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.model': 'gpt-4o',
      'gen_ai.usage.input_tokens': 110,
      'gen_ai.usage.output_tokens': 5,
      'gen_ai.usage.cache_read.input_tokens': 100,
      'openai.api.type': 'chat_completions',
      'http.response.status_code': 200,
      'headgate.request.id': 'req-1',
      'headgate.tenant': 'acme',
      'headgate.attempts': 1,
    });
    expect(receiver.bodies[0]?.text).toContain('my-gateway');
  });

  it('are part of the caller’s trace, as far as what it says is one', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const parents = [`00-${trace}-00f067aa0ba902b7-01`, `00-${trace}-0000000000000000-01`, 'nonsense', ''];
    await exported(parents.map((traceparent, n) => finishedCall({ traceparent, model: `m${n}` })));
    const calls = parents.map((_, n) => receiver.spans.find(({ name }) => name === `chat m${n}`));

    expect(calls[0]).toMatchObject({ traceId: trace, parentSpanId: '00f067aa0ba902b7' });
    for (const other of calls.slice(1)) {
      expect(other?.traceId).not.toBe(trace);
      expect(other?.parentSpanId).toBeFalsy();
    }
  });

  it('are left out where the caller’s trace is, or the sample says so', async () => {
    const unsampled = finishedCall({ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00' });
    const sampled = finishedCall({ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' });
    await exported([finishedCall(), unsampled, sampled], { sampleRatio: 0 });

    expect(receiver.spans.map(({ parentSpanId }) => parentSpanId)).toContain('00f067aa0ba902b7');
    expect(receiver.spans).toHaveLength(3);
  });

  it('tell why a call failed, by its code, and never what was said', async () => {
    const payload = '{"messages":[{"content":"the secret prompt"}]}';
    const error = { code: 'provider_error', message: 'quoting the secret prompt' };
    await exported([finishedCall({ outcome: 'failed', error, payload, user: 'ann', streamed: true }), rejectedCall()]);

    const [failed] = receiver.spans.filter(({ name }) => name === 'chat gpt-4o');
    expect(failed?.status).toMatchObject({ code: 2, message: 'provider_error' });
    expect(plain(failed?.attributes ?? [])).toMatchObject({ 'error.type': 'provider_error', 'gen_ai.response.time_to_first_chunk': 0.9 });
    expect(JSON.stringify(receiver.bodies)).not.toContain('secret');
  });
});

describe('metrics for an OpenTelemetry collector', () => {
  it('have the names of the conventions for GenAI', async () => {
    await exported([finishedCall(), finishedCall({ streamed: true }), finishedCall({ format: 'anthropic-messages' }), rejectedCall()]);

    const durations = receiver.points('gen_ai.client.operation.duration');
    expect(durations.reduce((sum, { count }) => sum + Number(count), 0)).toBe(3);
    expect(durations.map(({ attributes }) => plain(attributes)['gen_ai.provider.name']).sort()).toEqual(['anthropic', 'openai']);
    expect(receiver.points('gen_ai.client.operation.time_to_first_chunk')).toMatchObject([{ sum: 0.64 }]);
    const tokens = receiver.points('gen_ai.client.token.usage').map(({ attributes, sum }) => [plain(attributes)['gen_ai.token.type'], sum]);
    expect(tokens.sort()).toEqual([
      ['input', 100],
      ['input', 200],
      ['output', 100],
      ['output', 50],
    ]);
  });
});

describe('a collector that fails', () => {
  it('breaks no call, and closing ends at its deadline', async () => {
    receiver.status = 500;
    await exported([finishedCall()], { endpoint: receiver.url }, 200);
    const gone = receiver.url;
    receiver.close();
    await exported([finishedCall()], { endpoint: gone }, 200);
  });
});

describe('where OpenTelemetry’s data goes', () => {
  it.each([
    ['http://collector:4318/', {}, 'http://collector:4318/v1/traces', 'http://collector:4318/v1/metrics'],
    [undefined, {}, undefined, undefined],
    [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:1' }, 'http://c:1/v1/traces', 'http://c:1/v1/metrics'],
    [undefined, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' }, 'http://t/x', undefined],
    ['http://a', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' }, 'http://a/v1/traces', 'http://a/v1/metrics'],
    ['http://a', { OTEL_SDK_DISABLED: 'true' }, undefined, undefined],
  ])('is, with %s and %j, %s and %s', (configured, env, traces, metrics) => {
    expect(otlpEndpoints(configured, env)).toEqual({ traces, metrics });
  });

  it('is a URL, or the gateway says which variable is none', () => {
    expect(() => otlpEndpoints(undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' })).toThrow('OTEL_EXPORTER_OTLP_ENDPOINT');
  });
});
