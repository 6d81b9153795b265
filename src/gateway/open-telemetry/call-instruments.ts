import type { Histogram, Meter } from '@opentelemetry/api';
import type { FinishedCall } from '../calls/finished-call.ts';
import { kindAttributes } from './gen-ai-attributes.ts';

/** As OpenTelemetry's conventions for GenAI advise, and on to the longest calls there are. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68, 655.36];
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

/** OpenTelemetry's metrics of calls of models, by the names of its conventions for GenAI. */
export class CallInstruments {
  readonly #duration: Histogram;
  readonly #firstChunk: Histogram;
  readonly #tokens: Histogram;

  constructor(meter: Meter) {
    const seconds = { unit: 's', advice: { explicitBucketBoundaries: SECONDS } };
    this.#duration = meter.createHistogram('gen_ai.client.operation.duration', { description: 'GenAI operation duration.', ...seconds });
    this.#firstChunk = meter.createHistogram('gen_ai.client.operation.time_to_first_chunk', {
      description: 'Time to the first chunk of a streamed answer.',
      ...seconds,
    });
    this.#tokens = meter.createHistogram('gen_ai.client.token.usage', {
      description: 'Input and output tokens used.',
      unit: '{token}',
      advice: { explicitBucketBoundaries: TOKENS },
    });
  }

  record(call: FinishedCall, provider: string | undefined): void {
    // Nothing was asked of a model.
    if (call.outcome === 'rejected') return;
    const { usage, receivedAt, startedAt, answeredAt, endedAt } = call;
    const began = startedAt ?? receivedAt;
    const attributes = kindAttributes(call, provider);
    this.#duration.record((endedAt - began) / 1000, attributes);
    if (call.streamed && answeredAt !== undefined) this.#firstChunk.record((answeredAt - began) / 1000, attributes);
    if (usage === undefined) return;
    this.#tokens.record(usage.allInputTokens ?? usage.inputTokens, { ...attributes, 'gen_ai.token.type': 'input' });
    this.#tokens.record(usage.outputTokens, { ...attributes, 'gen_ai.token.type': 'output' });
  }
}
