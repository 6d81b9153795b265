import type { HeadgateConfig, ModelEntry } from '../config/headgate-config-types.ts';
import type { Clock } from '../domain/clock.ts';
import { EngineStopped } from '../domain/errors.ts';
import type { QueueInfo } from '../engine/queue-info.ts';
import type { QueueManager, ShutdownOptions } from '../engine/queue-manager.ts';
import { macrotask } from '../lib/system-clock.ts';
import type { GuestCalls, GuestOptions } from './ai-sdk/guest-calls.ts';
import { languageModelMiddleware, type SdkMiddleware } from './ai-sdk/language-model-middleware.ts';
import { isObject, refuseSetting, requireMs, requireName, requireObject, requireShutdown } from './check-input.ts';
import type { CallDispatcher } from './dispatch/call-dispatcher.ts';
import type { DispatchCall, Dispatched, DispatchOptions } from './dispatch/dispatch-types.ts';
import type { ModelCatalogue } from './dispatch/model-catalogue.ts';
import type { Upstream } from './dispatch/upstream.ts';
import type { CallRouting } from './fetch/call-routing.ts';
import type { CallerUpstreams } from './fetch/caller-upstreams.ts';
import { createFetch, type Fetch, type FetchOptions } from './fetch/create-fetch.ts';

/** A deployment as {@link Headgate.status} shows it; never its key. */
export interface DeploymentStatus {
  readonly id: string;
  readonly modelId: string;
  readonly provider: string;
  /** The provider's own name of the model. */
  readonly model: string;
  readonly baseUrl: string;
}

export interface HeadgateStatus {
  readonly models: readonly QueueInfo[];
  readonly deployments: readonly DeploymentStatus[];
}

/** @internal what a headgate is put together from */
export interface HeadgateParts {
  readonly config: HeadgateConfig;
  readonly clock: Clock;
  readonly queues: QueueManager;
  readonly catalogue: ModelCatalogue;
  readonly dispatcher: CallDispatcher;
  readonly callers: CallerUpstreams;
  readonly routing: CallRouting;
  readonly guests: GuestCalls;
}

const CLOSED = 'The headgate is closed and takes no calls. Make a new one.';

/** What the faces are told: nothing wrong may show at the first call only. */
function checkCallFaceOptions(options: FetchOptions | GuestOptions | undefined): void {
  if (options === undefined) return;
  if (!isObject(options)) refuseSetting('options', options, 'an object');
  requireMs('options.deadlineMs', options.deadlineMs);
}

/** Model queues with the deployments that serve them, behind whichever face a program already has. Made by `createHeadgate`. */
export class Headgate {
  /** The engine: queues by model id, their limits, events and metrics. */
  readonly queues: QueueManager;
  /** What was configured, resolved. */
  readonly config: HeadgateConfig;
  readonly #parts: HeadgateParts;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(parts: HeadgateParts) {
    this.queues = parts.queues;
    this.config = parts.config;
    this.#parts = parts;
  }

  /**
   * A standard `fetch` for any SDK that takes one: model calls (chat completions, responses, embeddings, messages) go
   * through their model's queue, everything else to the global fetch untouched. Answers pass byte for byte. It rejects as
   * fetch does when its signal aborts; every other failure is an answer that the SDK makes its own error of, with
   * `x-should-retry: false` where trying again can't help or was done already.
   */
  fetch(options?: FetchOptions): Fetch {
    checkCallFaceOptions(options);
    if (options?.fetch !== undefined && typeof options.fetch !== 'function') refuseSetting('options.fetch', options.fetch, 'a fetch');
    const { clock, routing, dispatcher } = this.#parts;
    return createFetch(
      {
        clock,
        route: (target, call) => routing.route(target, call),
        dispatch: (modelId, call, how) => dispatcher.dispatch(modelId, call, how),
        refusal: () => (this.#closing === undefined ? undefined : new EngineStopped(CLOSED)),
      },
      options,
    );
  }

  /**
   * Middleware for `wrapLanguageModel` of the AI SDK (`ai` 6 and 7): limits are those of the model called
   * `<provider>:<modelId>` (`openai.chat:gpt-4o`, `openai:gpt-4o`) or `<modelId>`; the call itself is the wrapped model's.
   */
  middleware(options?: GuestOptions): SdkMiddleware {
    checkCallFaceOptions(options);
    return languageModelMiddleware(this.#parts.guests, this.#parts.clock, options);
  }

  /** Queues one call in a provider's own wire format; rejects with the `ProviderFailure` that ended it, or the queue's own error. */
  async dispatch(modelId: string, call: DispatchCall, options?: DispatchOptions): Promise<Dispatched> {
    requireName('modelId', modelId, "a model's id");
    requireObject('call', call, 'an object with format and body');
    requireName('call.format', call.format, 'a wire format, as openai-chat');
    requireObject('call.body', call.body, 'a JSON object');
    if (options !== undefined) requireObject('options', options);
    if (this.#closing !== undefined) throw new EngineStopped(CLOSED);
    return this.#parts.dispatcher.dispatch(modelId, call, options);
  }

  /** The connections of a model's deployments; empty for a model that is not known. */
  upstreamsOf(modelId: string): readonly Upstream[] {
    return this.#parts.catalogue.routes.get(modelId)?.upstreams ?? [];
  }

  /** Adds a model while others are in use. Throws `InvalidConfiguration`. */
  addModel(modelId: string, entry: ModelEntry): void {
    requireName('modelId', modelId, "a model's id");
    if (!isObject(entry) || !Array.isArray(entry.deployments) || !Array.isArray(entry.rateLimiters) || !isObject(entry.retry))
      refuseSetting('entry', entry, 'a model as parseHeadgateConfig gives it');
    this.#parts.catalogue.add(modelId, entry);
  }

  /** Closes one model: takes nothing new, finishes or fails what it has, then closes its connections. */
  removeModel(modelId: string, options?: ShutdownOptions): Promise<void> {
    return this.#parts.catalogue.remove(modelId, options);
  }

  /** Every queue and deployment as it stands. */
  status(): HeadgateStatus {
    const deployments = [...this.#parts.catalogue.routes.values()].flatMap(({ modelId, upstreams }) =>
      upstreams.map(({ id, provider, model, baseUrl }) => ({ id, modelId, provider, model, baseUrl })),
    );
    return { models: Object.values(this.queues.getAllQueuesInfo()), deployments };
  }

  /** Takes nothing new, finishes what it has (or fails it, see the options), and closes every connection. Idempotent. */
  async close(options?: ShutdownOptions): Promise<void> {
    requireShutdown(options);
    // What was called before this has still to read its body before it can stand in line.
    const stopped = macrotask().then(() => this.queues.shutdownAll(options));
    this.#closing ??= this.#closeConnections(stopped);
    return this.#closing;
  }

  async #closeConnections(stopped: Promise<void>): Promise<void> {
    await stopped;
    await Promise.all([this.#parts.catalogue.close(), this.#parts.callers.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
