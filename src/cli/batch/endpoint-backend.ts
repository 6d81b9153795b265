import { OpenAiHttp } from '../../providers/openai-http.ts';
import type { BackendParts, BackendUse, BatchBackend } from './batch-backend.ts';
import { modelConfig, windowLimits } from './batch-limits.ts';
import type { EndpointOptions } from './batch-options.ts';
import type { BatchRequest } from './batch-request.ts';
import { callProcessor } from './call-processor.ts';
import { HopelessEndpoint } from './hopeless-endpoint.ts';
import { LimitUseMeter } from './limit-use.ts';
import { type EndpointRequest, prepareRequest } from './prepared-request.ts';
import type { WindowLimit } from './sent-ledger.ts';

/** One OpenAI-compatible endpoint with one key; every model has the limits of the flags for itself. */
export class EndpointBackend implements BatchBackend {
  readonly #options: EndpointOptions;
  readonly #http: OpenAiHttp;
  #meter: LimitUseMeter | undefined;

  constructor(options: EndpointOptions) {
    const { baseUrl, apiKey, concurrency } = options;
    this.#options = options;
    this.#http = new OpenAiHttp({ baseUrl, apiKey, connections: concurrency });
  }

  windowLimits(models: readonly string[]): readonly WindowLimit[] {
    return models.flatMap((model) => windowLimits(model, this.#options));
  }

  async open(parts: BackendParts): Promise<void> {
    const { manager, models, clock, ledger } = parts;
    const { baseUrl, apiKey, apiKeyEnv, limits } = this.#options;
    const meter = new LimitUseMeter(this.windowLimits(models));
    const processor = callProcessor({
      ...parts,
      http: this.#http,
      meter,
      endpoint: new HopelessEndpoint({ baseUrl, apiKeyEnv, hasKey: apiKey !== undefined }),
      settlesUsage: limits.some(({ type }) => type === 'itpm' || type === 'otpm'),
    });
    for (const model of models) {
      manager.registerQueue<EndpointRequest, undefined>(modelConfig(model, this.#options), processor);
      manager.restoreUsage(model, ledger.earlierUsage(model, clock.wallMs()));
    }
    this.#meter = meter;
  }

  prepare(request: BatchRequest): EndpointRequest {
    return prepareRequest(
      request,
      this.#options.limits.map(({ type }) => type),
    );
  }

  /** The processor has ended the run where going on would be useless. */
  afterFailure(): undefined {
    return undefined;
  }

  use(): BackendUse {
    return { limits: this.#meter?.all() ?? [] };
  }

  close(): Promise<void> {
    return this.#http.destroy();
  }
}
