import type { RequestExecutor } from '../../src/client/llm-queue/base-request-controller.ts';
import type { ChosenLlm } from '../../src/client/llm-queue/chosen-llm.ts';
import { type ExecuteRequestInput, LLMQueue } from '../../src/client/llm-queue/llm-queue.ts';
import type { LLMQueueOptions } from '../../src/client/llm-queue/llm-queue-options.ts';
import type { ModelPreferencesInput } from '../../src/client/llm-queue/model-preferences.ts';
import type { TelemetryRecord, TelemetrySink } from '../../src/domain/telemetry.ts';
import { VirtualClock } from '../../src/testing/index.ts';

/** A model at the one Azure resource of {@link config}. */
export const model = (id: string, fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  unique_model_id: id,
  model_name_in_azure: id,
  deployment_name_in_azure: `${id}-here`,
  model_type: 'completion',
  req_per_min: 60,
  tokens_per_min: 100_000,
  error_backoff_in_seconds: 60,
  ...fields,
});

export const embedding = (id: string, fields: Record<string, unknown> = {}) => model(id, { model_type: 'embeddings', ...fields });

/** A configuration as the seed writes it. */
export function config(models: readonly Record<string, unknown>[], rest: Record<string, unknown> = {}): Record<string, unknown> {
  const resource = {
    api_key: 'your-api-key',
    api_version: '2023-03-15-preview',
    api_type: 'azure',
    azure_endpoint: 'https://your-resource.openai.azure.com/',
    azure_oai_models: models,
  };
  return { azure_open_ai: [resource], ...rest };
}

export const LLM: ModelPreferencesInput = {};
export const EMBEDDING: ModelPreferencesInput = { requireLlmModel: false, requireEmbeddingModel: true };
export const BOTH: ModelPreferencesInput = { requireEmbeddingModel: true };
export const NONE: ModelPreferencesInput = { requireLlmModel: false };

/** One call of an executor. */
export interface Execution {
  readonly req: unknown;
  readonly chosen: readonly ChosenLlm[];
  readonly models: string;
  readonly at: number;
  readonly record: TelemetryRecord;
  readonly signal: AbortSignal;
  readonly resolve: (result?: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Keeps what it is told, in memory. */
export class Rows implements TelemetrySink {
  readonly all: TelemetryRecord[] = [];
  readonly log: string[] = [];

  connect(): void {
    this.log.push('connect');
  }

  disconnect(): void {
    this.log.push('disconnect');
  }

  insertTelemetryData(record: TelemetryRecord): void {
    this.all.push(record);
    this.log.push(record.errorMessage);
  }
}

export interface Bench {
  readonly clock: VirtualClock;
  readonly queue: LLMQueue;
  readonly rows: Rows;
  /** Calls of the executor of type `chat`, which wait for the test; `quick` and `fails` end at once. */
  readonly calls: Execution[];
  /** Sends a request; its outcome, or the error, is in the answer once it is there. */
  readonly send: (modelPref?: ModelPreferencesInput, more?: Partial<ExecuteRequestInput>) => Sent;
}

export interface Sent {
  readonly promise: Promise<{ response: unknown; statusCode: number }>;
  answer: { response: unknown; statusCode: number } | undefined;
  error: unknown;
}

export function bench(llmConfig: Record<string, unknown>, options: Partial<LLMQueueOptions> = {}): Bench {
  const clock = new VirtualClock();
  const rows = new Rows();
  const calls: Execution[] = [];
  const chat: RequestExecutor = {
    processRequest: (req, chosen, record, { signal }) =>
      new Promise((resolve, reject) => {
        const models = chosen.map(({ deploymentId }) => deploymentId).join(';');
        calls.push({ req, chosen, models, at: clock.now(), record, signal, resolve, reject });
      }),
  };
  const quick: RequestExecutor = { processRequest: (req) => ({ echo: req }) };
  const queue = new LLMQueue({ llmConfig, requestExecutors: { chat, quick }, telemetryStoreAdapter: rows, clock, ...options });
  const send: Bench['send'] = (modelPref, more) => {
    const promise = queue.executeRequest({ reqType: 'chat', requestData: { n: 1 }, userId: 'ann', modelPref, ...more });
    const sent: Sent = { promise, answer: undefined, error: undefined };
    promise.then(
      (answer) => {
        sent.answer = answer;
      },
      (error: unknown) => {
        sent.error = error;
      },
    );
    return sent;
  };
  return { clock, queue, rows, calls, send };
}
