import type { Clock } from '../../domain/clock.ts';
import { InvalidRequest } from '../../domain/errors.ts';
import type { ProcessorContext } from '../../engine/processor.ts';
import type { QueueManager } from '../../engine/queue-manager.ts';
import { findPreset } from '../../providers/preset-registry.ts';
import type { ProviderPreset } from '../../providers/provider.ts';
import type { GuestWork } from '../deployment-processor.ts';
import type { ModelCatalogue } from '../dispatch/model-catalogue.ts';
import { modelRoute } from '../dispatch/model-route.ts';
import { countingByType } from '../dispatch/provider-counting.ts';
import { unknownModel } from '../dispatch/unknown-model.ts';
import { estimateWork, type UsageLearning, type WorkEstimate } from '../dispatch/work-estimates.ts';
import type { SdkCallParams, SdkModelName } from './sdk-types.ts';

/** Attempts in all where nothing else is configured. */
const MAX_ATTEMPTS = 4;
/** What is taken of a provider that no preset is known for. */
const UNKNOWN_PROVIDER = 'openai-compatible';

/** How the calls of one middleware are queued. */
export interface GuestOptions {
  /** Whole number from −10 to 10, higher first; default 0. */
  readonly priority?: number | undefined;
  /** Who the calls are for. */
  readonly tenant?: string | undefined;
  /** Longest time for one call in ms, waiting included. Default none. */
  readonly deadlineMs?: number | undefined;
}

export interface GuestCallsParts {
  readonly catalogue: ModelCatalogue;
  readonly queues: QueueManager;
  readonly learning: UsageLearning;
  readonly clock: Clock;
  /** Whether models that are not configured are taken in at their first call. */
  readonly discovers: boolean;
}

/** What a guest's attempt is told and may use. */
export interface GuestAttempt {
  readonly context: ProcessorContext;
  readonly preset: ProviderPreset;
  readonly estimate: WorkEstimate;
}

/** One call that somebody else's client makes. */
export interface GuestCall<R> {
  readonly model: SdkModelName;
  readonly params: SdkCallParams;
  readonly options: GuestOptions;
  /** Does one attempt; lasts until nothing of it goes on. `deliver` hands the result out as soon as nothing is tried again. */
  readonly attempt: (attempt: GuestAttempt, deliver: (result: R) => void) => Promise<void>;
}

/** Queues calls that are sent by somebody else's client: the limits are ours, the connection is not. */
export class GuestCalls {
  readonly #parts: GuestCallsParts;

  constructor(parts: GuestCallsParts) {
    this.#parts = parts;
  }

  /** Queues a call and resolves with what its attempt delivered; rejects with what ended it. */
  run<R>({ model, params, options, attempt }: GuestCall<R>): Promise<R> {
    const { queues, clock, learning } = this.#parts;
    const modelId = this.#modelOf(model);
    const preset = presetOf(model);
    const body = { messages: params.prompt, tools: params.tools, max_tokens: params.maxOutputTokens };
    const estimate = estimateWork(modelId, new Set([preset.cost]), { format: 'openai-chat', body }, learning);
    return new Promise((resolve, reject) => {
      let delivered = false;
      const work: GuestWork = {
        kind: 'guest',
        run: (context) => {
          // First of all: what fails before it is sent says nothing of the deployment.
          const written = context.deferSend();
          // An attempt that was given up may have ended all the same.
          if (delivered) throw new InvalidRequest('The attempt took too long, and some of its answer is with its reader.', 'attempt');
          const deliver = (result: R): void => {
            delivered = true;
            context.deliveryStarted();
            resolve(result);
          };
          // Its client writes it somewhere after this: not before the work that is due now, which may take a while.
          clock.setTimeout(written, 0);
          return attempt({ context, preset, estimate }, deliver).then((result) => {
            // What was answered was sent, however quickly.
            written();
            return result;
          });
        },
      };
      const { inputTokens, outputTokens } = estimate.tokens;
      const handle = queues.submit({
        modelId,
        params: work,
        signal: params.abortSignal,
        priority: options.priority,
        tenant: options.tenant,
        deadline: options.deadlineMs === undefined ? undefined : clock.wallMs() + options.deadlineMs,
        estimatedInputTokens: inputTokens,
        estimatedOutputTokens: outputTokens,
      });
      void handle.response.then((response) => {
        if (response.status === 'failed') reject(response.cause);
      });
    });
  }

  /** The configured model of that name, most exact first; where none is configured, one of its own. */
  #modelOf({ provider, modelId }: SdkModelName): string {
    const { catalogue, discovers } = this.#parts;
    const exact = `${provider}:${modelId}`;
    const names = [exact, `${vendorOf(provider)}:${modelId}`, modelId];
    const known = names.find((name) => catalogue.routes.has(name));
    if (known !== undefined) return known;
    if (!discovers) throw unknownModel(exact, catalogue.routes.keys());
    const preset = presetOf({ provider, modelId });
    catalogue.open(modelRoute(exact, []), {
      modelId: exact,
      deployments: [{ id: exact, learnLimits: countingByType(preset), seekRate: preset.limitsRates }],
      retry: { maxAttempts: MAX_ATTEMPTS },
    });
    return exact;
  }
}

/** `openai.chat` is OpenAI's. */
function vendorOf(provider: string): string {
  return provider.split('.')[0] ?? provider;
}

function presetOf({ provider }: SdkModelName): ProviderPreset {
  try {
    return findPreset(vendorOf(provider));
  } catch {
    return findPreset(UNKNOWN_PROVIDER);
  }
}
