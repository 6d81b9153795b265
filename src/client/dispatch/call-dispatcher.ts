import type { Clock } from '../../domain/clock.ts';
import { InvalidRequest } from '../../domain/errors.ts';
import type { QueueManager } from '../../engine/queue-manager.ts';
import type { RequestHandle } from '../../engine/request-handle.ts';
import { translationFor } from '../../providers/translation/translation-for.ts';
import type { Delivery, WireWork } from '../deployment-processor.ts';
import type { DispatchCall, Dispatched, DispatchOptions } from './dispatch-types.ts';
import { failureToThrow, movesToFallback, providerFailureIn } from './failure-chain.ts';
import { type ModelRoute, rulesFor, speaks, upstreamsFor } from './model-route.ts';
import { unknownModel } from './unknown-model.ts';
import { estimateWork, type UsageLearning } from './work-estimates.ts';

export interface CallDispatcherParts {
  readonly queues: QueueManager;
  /** By model id; looked up at each call. */
  readonly routes: ReadonlyMap<string, ModelRoute>;
  readonly learning: UsageLearning;
  readonly clock: Clock;
}

/** Codes for what a deployment has no words for. */
const UNSAYABLE: ReadonlySet<string | undefined> = new Set(['untranslatable', 'thread_unsupported_request']);

/** Sends calls through their model's queue, and on to its fallbacks where it fails. */
export class CallDispatcher {
  readonly #parts: CallDispatcherParts;

  constructor(parts: CallDispatcherParts) {
    this.#parts = parts;
  }

  /**
   * Queues a call and resolves with its answer: whole, or a stream from its first content event on. Rejects with the
   * `ProviderFailure` that ended it, or the queue's own error (`ModelNotRegistered`, `SchedulerQueueFullError`,
   * `QueueTimeoutError`, `DeadlineExceeded`, `RateLimitExceeded`, `RequestCancelled`, `NoDeploymentAvailable`, `EngineStopped`).
   */
  async dispatch(modelId: string, call: DispatchCall, options: DispatchOptions = {}): Promise<Dispatched> {
    const [first, ...others] = this.#routesFor(modelId, call);
    try {
      return await this.#through(first, call, options, others.length > 0);
    } catch (error) {
      let last = error;
      for (const [index, route] of others.entries()) {
        if (!(last instanceof Error) || !movesToFallback(last)) break;
        try {
          return await this.#through(route, call, options, index + 1 < others.length);
        } catch (next) {
          // What a fallback has no words for is no reason why the model that was asked for failed.
          if (!UNSAYABLE.has(providerFailureIn(next)?.code)) last = next;
        }
      }
      throw last;
    }
  }

  /** The model and those of its fallbacks that speak the call's format. */
  #routesFor(modelId: string, call: DispatchCall): readonly [ModelRoute, ...ModelRoute[]] {
    const { routes } = this.#parts;
    const route = routes.get(modelId);
    if (route === undefined) throw unknownModel(modelId, routes.keys());
    const fallbacks = route.fallbacks.flatMap((id) => routes.get(id) ?? []).filter((other) => speaks(other, call));
    if (speaks(route, call)) return [route, ...fallbacks];
    const [next, ...rest] = fallbacks;
    if (next !== undefined) return [next, ...rest];
    const offered = [...new Set(upstreamsFor(route, call).flatMap(({ endpoint }) => endpoint.preset.formats))];
    const keyless = translationFor(call.format, offered) === undefined ? '' : ' An apiKey of its own would let the call be translated.';
    throw new InvalidRequest(
      `No deployment of model '${modelId}' speaks ${call.format}; its deployments speak ${offered.join(', ') || 'nothing: it has none'}.${keyless}`,
      'format',
    );
  }

  /** @param failWhileCooling another model is there to be asked */
  #through(route: ModelRoute, call: DispatchCall, options: DispatchOptions, failWhileCooling: boolean): Promise<Dispatched> {
    const { queues, learning, clock } = this.#parts;
    const { modelId } = route;
    const estimate = estimateWork(modelId, rulesFor(route, call), call, learning);
    const submittedAt = clock.now();
    // Made out here: a function in the promise that knew the call would keep its prompt for as long as its stream lasts.
    const undelivered = { kind: 'wire' as const, call, used: estimate.used };
    return new Promise((resolve, reject) => {
      let handle: RequestHandle | undefined;
      const deliver = ({ answer, deploymentId, attempt, startedAt }: Delivery): void => {
        const cancel = (reason?: unknown): void => void handle?.cancel(reason);
        const requestId = handle?.id ?? '';
        resolve({ answer, deploymentId, modelId, attempts: attempt, requestId, queueMs: startedAt - submittedAt, cancel });
      };
      const work: WireWork = Object.assign(undelivered, { deliver });
      const position = options.onQueued === undefined ? 0 : queues.queueSize(modelId);
      handle = queues.submit({
        modelId,
        id: options.id,
        params: work,
        signal: options.signal,
        priority: options.priority,
        tenant: options.tenant,
        deadline: options.deadline,
        metadata: options.metadata,
        estimatedInputTokens: estimate.tokens.inputTokens,
        estimatedOutputTokens: estimate.tokens.outputTokens,
        failWhileCooling,
      });
      options.onQueued?.({ handle, modelId, position });
      void handle.response.then((response) => {
        // After a delivery this rejects a promise that is settled already, which does nothing.
        if (response.status === 'failed') reject(failureToThrow(response.cause));
      });
    });
  }
}
