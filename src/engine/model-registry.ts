import { produce } from 'immer';
import type { ParsedDeploymentConfig } from '../config/deployment-config.ts';
import { type ModelConfig, type ParsedModelConfig, parseModelConfig } from '../config/model-config.ts';
import { parseRateLimiterConfig, type RateLimiterConfig } from '../config/rate-limiter-config.ts';
import { InvalidConfiguration, ModelNotRegistered, textOf } from '../domain/errors.ts';
import { BALANCER_BY_NAME } from './balancer-names.ts';
import { DeploymentRegistry } from './deployment-registry.ts';
import type { DeploymentUnit } from './deployment-unit.ts';
import type { EngineActors } from './engine-actors.ts';
import type { EngineServices } from './engine-services.ts';
import type { LimitTotal, LimitUsage } from './limit-usage.ts';
import { differingField, LimiterRegistry } from './limiter-registry.ts';
import { ModelQueue } from './model-queue.ts';
import type { Processor } from './processor.ts';
import { RouteChoice } from './route-choice.ts';

/** The models of one engine: their queues, their limiters, and how both change while work is in flight. */
export class ModelRegistry {
  readonly #queues = new Map<string, ModelQueue>();
  readonly #limiters: LimiterRegistry;
  readonly #deployments: DeploymentRegistry;
  readonly #actors: EngineActors;
  readonly #services: EngineServices;

  constructor(actors: EngineActors, services: EngineServices) {
    this.#actors = actors;
    this.#services = services;
    this.#limiters = new LimiterRegistry(services, (owner, domain, unitId) => actors.limiter(owner, domain, unitId));
    this.#deployments = new DeploymentRegistry(services, actors, this.#limiters);
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
    expectFunction(processor, parsed.modelId);
    this.#check([parsed]);
    this.#add(parsed, processor);
  }

  /** All or, when one is wrong, none of those that are not registered yet. */
  registerAll(configs: readonly ModelConfig[], processor: Processor<never, unknown>): { registered: string[]; skipped: string[] } {
    const fresh = new Map<string, ParsedModelConfig>();
    const skipped: string[] = [];
    for (const parsed of configs.map(parseModelConfig)) {
      if (this.#queues.has(parsed.modelId) || fresh.has(parsed.modelId)) skipped.push(parsed.modelId);
      else fresh.set(parsed.modelId, parsed);
    }
    for (const { modelId } of fresh.values()) expectFunction(processor, modelId);
    this.#check([...fresh.values()]);
    for (const parsed of fresh.values()) this.#add(parsed, processor);
    return { registered: [...fresh.keys()], skipped };
  }

  /** Forgets a model whose queue has been drained. A domain's limiters stay: what they counted still counts. */
  remove(queue: ModelQueue): void {
    // Two may have waited for it to drain, and the first may have registered the model again.
    if (this.#queues.get(queue.modelId) !== queue) return;
    this.#queues.delete(queue.modelId);
    for (const unit of queue.ownUnits) if (unit.config.domain === undefined) this.#limiters.retire(unit);
    this.#deployments.release(queue.modelId, queue.dispatcher.choice.routes);
    this.#actors.removeModel(queue.modelId);
  }

  updateLimits(modelId: string, rateLimiters: readonly RateLimiterConfig[]): void {
    const queue = this.queue(modelId);
    const plan = rateLimiters
      .map(parseRateLimiterConfig)
      .map((change) => ({ change, index: indexOfLimiter(queue.config.rateLimiters, change) }));
    this.#limiters.check(plan.filter(({ index }) => index < 0).map(({ change }) => change));
    for (const { change, index } of plan) {
      if (index < 0) this.#addLimiter(queue, change);
      else this.#changeLimit(queue, index, change.limit);
    }
  }

  /** Throws `InvalidConfiguration` for an id that no model brought. */
  deployment(id: string): DeploymentUnit {
    return this.#deployments.deployment(id);
  }

  deployments(): Iterable<DeploymentUnit> {
    return this.#deployments.values();
  }

  /** What counts now in every limit over a window. */
  usage(): readonly LimitUsage[] {
    return this.#limiters.usage();
  }

  totals(): ReadonlyMap<string, LimitTotal> {
    return this.#limiters.totals();
  }

  restore(usage: readonly LimitUsage[]): void {
    this.#limiters.restore(usage);
  }

  stop(): void {
    for (const queue of this.#queues.values()) for (const unit of queue.ownUnits) unit.stop();
    this.#deployments.stop();
    this.#limiters.stop();
    this.#queues.clear();
  }

  #add(config: ParsedModelConfig, processor: Processor<never, unknown>): void {
    const { modelId, balancer } = config;
    const limiters = config.rateLimiters.map((limit) => this.#limiters.obtain({ modelId }, limit));
    const scheduler = this.#actors.addModel(modelId, limiters);
    const units = limiters.map(({ unit }) => unit);
    const routes = this.#deployments.routesOf(config, units);
    const choice = new RouteChoice(routes, typeof balancer === 'string' ? BALANCER_BY_NAME[balancer]() : balancer, this.#services.logger);
    // What a processor takes is the caller's statement about the requests it submits for this model.
    this.#queues.set(modelId, new ModelQueue(config, processor as Processor, units, choice, scheduler, this.#services));
  }

  /** Throws before anything is registered where one of the models contradicts what is known, or another of them. */
  #check(configs: readonly ParsedModelConfig[]): void {
    const limits = new Map<string, RateLimiterConfig>();
    const deployments = new Map<string, ParsedDeploymentConfig>();
    for (const config of configs) {
      this.#limiters.check(config.rateLimiters, limits);
      config.deployments.forEach(({ rateLimiters }, index) => {
        this.#limiters.check(rateLimiters ?? [], limits, `deployments[${index}].rateLimiters`);
      });
      this.#deployments.check(config, deployments);
    }
  }

  #addLimiter(queue: ModelQueue, config: RateLimiterConfig): void {
    const owner = { modelId: queue.modelId };
    const obtained = this.#limiters.obtain(owner, config);
    this.#actors.addLimiter(owner, obtained);
    queue.addUnit(obtained.unit);
    queue.config = produce(queue.config, (draft) => {
      draft.rateLimiters = [...draft.rateLimiters, config];
    });
  }

  #changeLimit(queue: ModelQueue, index: number, limit: number): void {
    const unit = queue.ownUnits[index];
    if (unit === undefined) return;
    unit.setLimit(limit);
    this.#limiters.changed(unit, limit);
    queue.config = produce(queue.config, (draft) => {
      const config = draft.rateLimiters[index];
      if (config !== undefined) config.limit = limit;
    });
  }
}

function expectFunction(processor: unknown, modelId: string): void {
  if (typeof processor === 'function') return;
  throw new InvalidConfiguration(`The processor of model '${modelId}' is ${textOf(processor)}: expected a function.`, 'processor');
}

/** The limit that a change speaks of; -1: a new one. Throws where a limit of its kind differs in more than the limit. */
function indexOfLimiter(limiters: readonly RateLimiterConfig[], change: RateLimiterConfig): number {
  const same = limiters.findIndex((current) => sameKind(current, change) && differing(current, change) === undefined);
  if (same >= 0) return same;
  const other = limiters.find((current) => sameKind(current, change));
  const key = other && differing(other, change);
  if (key === undefined) return -1;
  throw new InvalidConfiguration(
    `updateLimits: '${key}' of the ${change.type} limit is ${String(change[key])}, but only 'limit' can change while a queue runs. ` +
      'Unregister the model and register it again to change more.',
    key,
  );
}

function sameKind(current: RateLimiterConfig, change: RateLimiterConfig): boolean {
  return current.type === change.type && current.domain === change.domain;
}

/** What is not said stays as it is; the limit is what may change. */
function differing(current: RateLimiterConfig, change: RateLimiterConfig): keyof RateLimiterConfig | undefined {
  const said = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  return differingField(current, { ...current, ...said, limit: current.limit });
}
