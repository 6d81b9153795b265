import { produce } from 'immer';
import {
  type ModelConfig,
  type ParsedModelConfig,
  parseModelConfig,
  parseRateLimiterConfig,
  type RateLimiterConfig,
} from '../config/model-config.ts';
import { InvalidConfiguration, ModelNotRegistered } from '../domain/errors.ts';
import type { EngineActors } from './engine-actors.ts';
import type { EngineServices } from './engine-services.ts';
import { LimiterRegistry } from './limiter-registry.ts';
import { ModelQueue } from './model-queue.ts';
import type { Processor } from './processor.ts';

/** The models of one engine: their queues, their limiters, and how both change while work is in flight. */
export class ModelRegistry {
  readonly #queues = new Map<string, ModelQueue>();
  readonly #limiters: LimiterRegistry;
  readonly #actors: EngineActors;
  readonly #services: EngineServices;

  constructor(actors: EngineActors, services: EngineServices) {
    this.#actors = actors;
    this.#services = services;
    this.#limiters = new LimiterRegistry(services, (modelId, config, unitId) => actors.limiter(modelId, config.domain, unitId));
  }

  get ids(): string[] {
    return [...this.#queues.keys()];
  }

  queues(): ModelQueue[] {
    return [...this.#queues.values()];
  }

  /** Throws `ModelNotRegistered`. */
  queue(modelId: string): ModelQueue {
    const queue = this.#queues.get(modelId);
    if (queue === undefined) throw new ModelNotRegistered(modelId, this.ids);
    return queue;
  }

  register(config: ModelConfig, processor: Processor<never, unknown>): void {
    const parsed = parseModelConfig(config);
    if (this.#queues.has(parsed.modelId)) {
      throw new InvalidConfiguration(`Model '${parsed.modelId}' is already registered. Unregister it first.`, 'modelId');
    }
    this.#add(parsed, processor);
  }

  /** All or, when one is wrong, none of those that are not registered yet. */
  registerAll(configs: readonly ModelConfig[], processor: Processor<never, unknown>): { registered: string[]; skipped: string[] } {
    const registered: string[] = [];
    const skipped: string[] = [];
    for (const parsed of configs.map(parseModelConfig)) {
      if (this.#queues.has(parsed.modelId)) {
        skipped.push(parsed.modelId);
        continue;
      }
      this.#add(parsed, processor);
      registered.push(parsed.modelId);
    }
    return { registered, skipped };
  }

  /** Forgets a model whose queue has been drained. A domain's limiters stay: what they counted still counts. */
  remove(queue: ModelQueue): void {
    if (!this.#queues.delete(queue.modelId)) return;
    for (const unit of queue.dispatcher.units) if (unit.limiter.domain === undefined) unit.stop();
    this.#actors.removeModel(queue.modelId);
  }

  updateLimits(modelId: string, rateLimiters: readonly RateLimiterConfig[]): void {
    const queue = this.queue(modelId);
    const plan = rateLimiters
      .map(parseRateLimiterConfig)
      .map((change) => ({ change, index: queue.config.rateLimiters.findIndex((config) => sameLimiter(config, change)) }));
    this.#limiters.check(plan.filter(({ index }) => index < 0).map(({ change }) => change));
    for (const { change, index } of plan) {
      if (index < 0) this.#addLimiter(queue, change);
      else this.#changeLimit(queue, index, change.limit);
    }
  }

  stop(): void {
    for (const queue of this.#queues.values()) for (const unit of queue.dispatcher.units) unit.stop();
    this.#limiters.stop();
    this.#queues.clear();
  }

  #add(config: ParsedModelConfig, processor: Processor<never, unknown>): void {
    const { modelId } = config;
    if (typeof processor !== 'function') {
      throw new InvalidConfiguration(`The processor of model '${modelId}' is ${String(processor)}: expected a function.`, 'processor');
    }
    this.#limiters.check(config.rateLimiters);
    const limiters = config.rateLimiters.map((limit) => ({ config: limit, ...this.#limiters.obtain(modelId, limit) }));
    const scheduler = this.#actors.addModel(modelId, limiters);
    const units = limiters.map(({ unit }) => unit);
    // What a processor takes is the caller's statement about the requests it submits for this model.
    this.#queues.set(modelId, new ModelQueue(config, processor as Processor, units, scheduler, this.#services));
  }

  #addLimiter(queue: ModelQueue, config: RateLimiterConfig): void {
    const obtained = this.#limiters.obtain(queue.modelId, config);
    this.#actors.addLimiter(queue.modelId, { config, ...obtained });
    queue.dispatcher.addUnit(obtained.unit);
    queue.config = produce(queue.config, (draft) => {
      draft.rateLimiters = [...draft.rateLimiters, config];
    });
  }

  #changeLimit(queue: ModelQueue, index: number, limit: number): void {
    const unit = queue.dispatcher.units[index];
    if (unit === undefined) return;
    unit.setLimit(limit);
    this.#limiters.changed(unit, limit);
    queue.config = produce(queue.config, (draft) => {
      const config = draft.rateLimiters[index];
      if (config !== undefined) config.limit = limit;
    });
  }
}

/** Whether two configurations speak of the same limiter; throws where they differ in more than the limit. */
function sameLimiter(current: RateLimiterConfig, change: RateLimiterConfig): boolean {
  if (current.type !== change.type || current.domain !== change.domain) return false;
  for (const [key, value] of Object.entries(change)) {
    if (key === 'limit' || value === undefined || value === current[key as keyof RateLimiterConfig]) continue;
    throw new InvalidConfiguration(
      `updateLimits: '${key}' of the ${change.type} limit is ${String(value)}, but only 'limit' can change while a queue runs. ` +
        'Unregister the model and register it again to change more.',
      key,
    );
  }
  return true;
}
