import type { RateLimiterConfig } from '../../config/rate-limiter-config.ts';
import type { QueueManager, ShutdownOptions } from '../../engine/queue-manager.ts';
import type { RateLimitMiddleware } from '../../middleware/rate-limit-middleware.ts';
import type { RetrySettings } from '../../middleware/retry-middleware.ts';
import { findPreset } from '../../providers/preset-registry.ts';
import type { Endpoint, ProviderPreset } from '../../providers/provider.ts';
import { modelConfigOf } from '../dispatch/model-config-of.ts';
import type { Upstream } from '../dispatch/upstream.ts';
import { type ClientPlan, entryFor } from './client-plan.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { QueuedCall } from './queued-call.ts';

/** What a client's middlewares say about its queues. */
export interface QueueRules {
  /** Undefined: nothing is tried again. */
  readonly retry: RetrySettings | undefined;
  readonly limits: readonly RateLimitMiddleware[];
}

export const NO_RETRY = { maxAttempts: 1, baseDelayMs: 0, maxDelayMs: 0, factor: 1 };

interface ClientQueue {
  readonly modelId: string;
  readonly rules: QueueRules;
}

/**
 * A client's queues: one for calls that name no model, one for each model that is named. A queue is replaced when the
 * client's rules change: requests that wait keep the rules they came under, and all keys' limits go on counting, because
 * they belong to the deployments and to the middlewares.
 */
export class ClientQueues {
  readonly #queues: QueueManager;
  readonly #plan: ClientPlan;
  readonly #pool: ConnectionPool;
  readonly #current = new Map<string | undefined, ClientQueue>();
  /** Engine ids of all queues, those that only finish what they have included. */
  readonly #ids = new Set<string>();
  readonly #domains = new Map<RateLimitMiddleware, string>();
  #made = 0;

  constructor(queues: QueueManager, plan: ClientPlan, pool: ConnectionPool) {
    this.#queues = queues;
    this.#plan = plan;
    this.#pool = pool;
  }

  get ids(): readonly string[] {
    const registered = new Set(this.#queues.getRegisteredModels());
    return [...this.#ids].filter((id) => registered.has(id));
  }

  /** The engine's id of the queue for a model under these rules. Throws `LLMConfigurationError` for a model that the client hasn't. */
  idFor(model: string | undefined, rules: QueueRules): string {
    const known = this.#current.get(model);
    if (known !== undefined && sameRules(known.rules, rules)) return known.modelId;
    const modelId = this.#register(model, rules);
    this.#current.set(model, { modelId, rules });
    if (known !== undefined) void this.#finish(known.modelId);
    return modelId;
  }

  /** Lets queues in which calls wait look again whether one can start. */
  wake(): void {
    for (const id of this.ids) this.#queues.wakeQueue(id);
  }

  async close(options?: ShutdownOptions): Promise<void> {
    await Promise.all(this.ids.map((id) => this.#finish(id, options)));
  }

  async #finish(modelId: string, options?: ShutdownOptions): Promise<void> {
    await this.#queues.unregisterQueue(modelId, options);
    this.#ids.delete(modelId);
  }

  #register(model: string | undefined, rules: QueueRules): string {
    const { name, pool, settings } = this.#plan;
    const entry = entryFor(this.#plan, model);
    this.#made += 1;
    const base = model === undefined ? name : `${name}/${model}`;
    const modelId = this.#made === 1 || !this.#ids.has(base) ? base : `${base} (${this.#made})`;
    const shared = rules.limits.flatMap((middleware) => this.#limitsOf(middleware));
    const preset = findPreset(this.#plan.provider);
    const config = modelConfigOf(
      modelId,
      { ...entry, rateLimiters: [...entry.rateLimiters, ...shared] },
      this.#plan.deploymentIds.map((id) => presetOnly(id, preset)),
    );
    this.#queues.registerQueue(
      {
        ...config,
        balancer: this.#pool.balancer,
        retry: pool.retryOnError ? (rules.retry ?? NO_RETRY) : NO_RETRY,
        // The pool's own acquireTimeout leaves out the rests between attempts.
        requestTimeoutSeconds: entry.requestTimeoutSeconds,
        ...(settings.timeout !== undefined && { attemptTimeoutSeconds: settings.timeout }),
      },
      // Every request of these queues is one of ours.
      ({ params }, context) => (params as QueuedCall).attempt(context, this.#pool, model),
    );
    this.#ids.add(modelId);
    return modelId;
  }

  /** A middleware's limits are one set, whichever queues they hold for. */
  #limitsOf(middleware: RateLimitMiddleware): readonly RateLimiterConfig[] {
    const domain = this.#domains.get(middleware) ?? `${this.#plan.name} middleware ${this.#domains.size + 1}`;
    this.#domains.set(middleware, domain);
    return middleware.limits.map((limit) => ({ ...limit, domain: limit.domain ?? domain }));
  }
}

function sameRules(a: QueueRules, b: QueueRules): boolean {
  const same = a.limits.length === b.limits.length && a.limits.every((each, index) => each === b.limits[index]);
  return same && (a.retry === b.retry || JSON.stringify(a.retry) === JSON.stringify(b.retry));
}

/** All that a queue's configuration asks of a deployment is its preset: nothing is opened for that. */
function presetOnly(id: string, preset: ProviderPreset): Upstream {
  const refuse = (): Promise<never> => Promise.reject(new Error(`Deployment '${id}' is only described.`));
  const endpoint: Endpoint = { preset, send: refuse, get: refuse, post: refuse, close: async () => {} };
  return { id, provider: preset.name, model: '', baseUrl: '', endpoint, hasKey: false, endpointFor: () => endpoint, close: async () => {} };
}
