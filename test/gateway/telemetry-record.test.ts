import { describe, expect, it } from 'vitest';
import { GATEWAY_TELEMETRY_FIELDS } from '../../src/domain/gateway-telemetry.ts';
import { telemetryRecordOf } from '../../src/gateway/telemetry/telemetry-record-of.ts';
import { finishedCall, RECEIVED_AT, rejectedCall } from './finished-call.ts';

const PRICES = { 'gpt-4o': { input: 2, output: 8, cachedInput: 1 } };

describe('the record of a call', () => {
  it('has the 14 fields that every record has, and what the gateway knows besides', () => {
    const record = telemetryRecordOf(finishedCall(), PRICES);

    expect(Object.keys(record).sort()).toEqual([...GATEWAY_TELEMETRY_FIELDS].sort());
    expect(record).toEqual({
      userId: 'acme',
      reqId: 'req-1',
      reqPayload: '[redacted]',
      reqType: 'openai-chat',
      deploymentName: 'openai/gpt-4o',
      requestReceivedAt: RECEIVED_AT,
      requestQueuedAt: RECEIVED_AT + 10,
      requestDequeuedAt: RECEIVED_AT + 260,
      responseQueuedAt: RECEIVED_AT + 900,
      responseDequeuedAt: RECEIVED_AT + 1_000,
      promptTokens: 100,
      completionTokens: 50,
      embeddingTokens: -1,
      errorMessage: 'NO ERROR',
      kind: 'interactive',
      tenant: 'acme',
      keyId: 'key-1',
      model: 'gpt-4o',
      servedBy: 'gpt-4o',
      deploymentId: 'openai/gpt-4o',
      streamed: false,
      outcome: 'completed',
      status: 200,
      errorCode: null,
      attempts: 1,
      queueMs: 250,
      answeredAfterMs: 900,
      endedAt: RECEIVED_AT + 1_000,
      inputTokens: 100,
      outputTokens: 50,
      cachedInputTokens: null,
      cost: 0.0006,
    });
  });

  it('says of one that came to nothing what became of it, and leaves the rest unknown', () => {
    expect(telemetryRecordOf(rejectedCall(), PRICES)).toMatchObject({
      deploymentName: 'DEFAULT DEPLOYMENT NAME',
      requestQueuedAt: -1,
      requestDequeuedAt: -1,
      responseQueuedAt: -1,
      responseDequeuedAt: -1,
      promptTokens: -1,
      errorMessage: 'Too many requests.',
      errorCode: 'user_rate_limit',
      outcome: 'rejected',
      status: 429,
      inputTokens: null,
      cost: null,
    });
  });

  it('counts what was read from a cache as input, at its price', () => {
    const usage = { inputTokens: 100, allInputTokens: 1_100, cachedInputTokens: 1_000, outputTokens: 0 };

    expect(telemetryRecordOf(finishedCall({ usage }), PRICES)).toMatchObject({
      promptTokens: 1_100,
      inputTokens: 1_100,
      cachedInputTokens: 1_000,
      cost: 0.0012,
    });
  });

  it('has the tokens of an embedding as such', () => {
    const call = finishedCall({ format: 'openai-embeddings', usage: { inputTokens: 8, outputTokens: 0 } });

    expect(telemetryRecordOf(call, {})).toMatchObject({ promptTokens: -1, completionTokens: -1, embeddingTokens: 8, inputTokens: 8 });
  });

  it('is priced by the model that answered, and not at all where that has no price', () => {
    const prices = { ...PRICES, small: { input: 1, output: 1 } };

    expect(telemetryRecordOf(finishedCall({ servedBy: 'small' }), prices).cost).toBe(0.00015);
    expect(telemetryRecordOf(finishedCall({ servedBy: 'other' }), prices).cost).toBeNull();
    expect(telemetryRecordOf(finishedCall({ servedBy: 'constructor' }), prices).cost).toBeNull();
  });

  it('names the user that the call names, and holds its payload where that was asked for', () => {
    expect(telemetryRecordOf(finishedCall({ user: 'ann', payload: '{"model":"gpt-4o"}' }), {})).toMatchObject({
      userId: 'ann',
      reqPayload: '{"model":"gpt-4o"}',
    });
  });

  it('keeps no more of what a caller made up than a name needs', () => {
    const long = 'x'.repeat(1_000_000);
    const record = telemetryRecordOf(rejectedCall({ model: long, user: long, error: { code: 'unknown', message: long } }), {});

    expect(JSON.stringify(record).length).toBeLessThan(5_000);
  });
});
