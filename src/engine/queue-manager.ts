import { produce } from 'immer';
import { type Observable, ReplaySubject } from 'rxjs';
import { type AnyActorRef, createActor } from 'xstate';
import { childId, engineMachine } from '../../machines/engine-machine.ts';
import { modelSchedulerMachine } from '../../machines/model-scheduler-machine.ts';
import {
  type ModelConfig,
  type ParsedModelConfig,
  parseModelConfig,
  parseRateLimiterConfig,
  type RateLimiterConfig,
} from '../config/model-config.ts';
import type { Clock } from '../domain/clock.ts';
import { EngineStopped, InvalidConfiguration, ModelNotRegistered } from '../domain/errors.ts';
import type { RateLimiterType } from '../domain/limit-types.ts';
import { type Logger, silentLogger } from '../domain/logger.ts';
import { uuid } from '../lib/ids.ts';
import { StringTable } from '../lib/string-table.ts';
import { systemClock } from '../lib/system-clock.ts';
import { AbortLinks } from './abort-links.ts';
import { Alarms } from './alarms.ts';
import type { EngineEvent } from './engine-event.ts';
import type { EngineServices } from './engine-services.ts';
import { estimateTokens, type TokenEstimator } from './estimate-tokens.ts';
import { type Explanation, explain } from './explain.ts';
import { Inspection, type InspectionObserver } from './inspection.ts';
import { LimiterRegistry } from './limiter-registry.ts';
import { ModelQueue, type SchedulerActor } from './model-queue.ts';
import { HotStream, Outbox } from './outbox.ts';
import type { Processor, UsageReport } from './processor.ts';
import { type EngineMetrics, engineMetrics, type QueueInfo, queueInfo } from './queue-info.ts';
import { QueueRequest, type RequestDefaults, type RequestInput } from './queue-request.ts';
import type { QueueResponse } from './queue-response.ts';
import { RequestHandle } from './request-handle.ts';
import type { RequestRecord } from './request-record.ts';
import { sampledStream } from './sampled-stream.ts';
import { unsettledResponse } from './settlement.ts';
import { supervisorLogic } from './supervisor.ts';

const SAMPLE_EVERY_MS = 250;

export interface QueueManagerOptions {
  /** Source of time; default the process's. */
  readonly clock?: Clock;
  /** Default: silent. Any object with pino's methods. */
  readonly logger?: Logger;
  /** Watches the actors; an XState inspection observer. Default none: watching halves the throughput. */
  readonly inspect?: InspectionObserver;
  /** How many new requests per second an inspector is shown; default 10. */
  readonly inspectRequestsPerSecond?: number;
  /** Settled requests remembered per model; default 1000. */
  readonly historySize?: number;
  /** How long they are remembered, in ms; default as long as there is room. */
  readonly historyTtlMs?: number;
  /** Source of jitter, from 0 to below 1; request ids come from it too when it is given. */
  readonly random?: () => number;
  /** Guesses token counts for requests that don't state them. */
  readonly estimator?: TokenEstimator;
  /** Milliseconds of waiting that one step of priority is worth; default 5000. */
  readonly priorityStepMs?: number;
}

export interface ShutdownOptions {
  /** After so many ms whatever has not settled fails with reason `shutdown`. Default: waits for everything. */
  readonly deadlineMs?: number;
  /** Fails everything at once. */
  readonly force?: boolean;
}

/** Usage that was sent before this process existed and still counts. */
export interface RestoredUsage {
  readonly type: RateLimiterType;
  readonly amount: number;
  /** Epoch milliseconds at which the provider had counted it. */
  readonly at: number;
}

/**
 * Queues LLM calls per model, keeps every configured limit, and shows what each request is doing.
 * `P` and `R` are the params and results of its processors.
 */
export class QueueManager<P = unknown, R = unknown> {
  static #instance: QueueManager | undefined;

  /** What happened, as it happens. Hot; no replay; completes when the engine has stopped; never errors. */
  readonly events$: Observable<EngineEvent>;
  /** A sample of all counts every 250 ms. Shared; replays the last; completes when stopped; never errors; idle while unobserved. */
  readonly metrics$: Observable<EngineMetrics>;
  readonly #services: EngineServices;
  readonly #registry: LimiterRegistry;
  readonly #queues = new Map<string, ModelQueue>();
  readonly #defaults: RequestDefaults;
  readonly #actor;
  readonly #stopped$ = new ReplaySubject<void>(1);
  #stopping: Promise<void> | undefined;

  constructor(options: QueueManagerOptions = {}) {
    const clock = options.clock ?? systemClock;
    const logger = options.logger ?? silentLogger;
    const outbox = new Outbox();
    const events = new HotStream<EngineEvent>(outbox);
    const inspection = options.inspect && new Inspection(options.inspect, options.inspectRequestsPerSecond ?? 10, clock, logger);
    let seq = 0;
    this.#services = {
      clock,
      logger,
      random: options.random ?? Math.random,
      alarms: new Alarms(clock),
      outbox,
      events,
      estimator: options.estimator ?? estimateTokens,
      abortLinks: new AbortLinks((record, reason) => record.owner.cancel(record, reason)),
      live: new StringTable(),
      priorityStepMs: options.priorityStepMs ?? 5_000,
      historySize: options.historySize ?? 1_000,
      historyTtlMs: options.historyTtlMs,
      nextSeq: () => ++seq,
      wantsActor: (requestId) => inspection?.take(requestId) ?? false,
    };
    const { random } = options;
    this.#defaults = { id: () => uuid(random), wallMs: () => clock.wallMs() };
    this.#registry = new LimiterRegistry(this.#services, (config, unitId) => this.#limiterActor(config, unitId));
    this.events$ = events.stream$;
    this.metrics$ = sampledStream(clock, SAMPLE_EVERY_MS, () => engineMetrics(this.#queues.values(), clock.wallMs()), this.#stopped$);
    const logic = engineMachine.provide({
      actors: { modelScheduler: modelSchedulerMachine.provide({ actors: { supervisor: supervisorLogic as never } }) },
    });
    this.#actor = createActor(logic, { clock, ...(inspection && { inspect: inspection.inspect }) });
    this.#actor.start();
    this.#actor.send({ type: 'STARTED' });
    if (inspection) this.#sampleActors();
  }

  /** The process-wide manager; made with `options` on first call. */
  static getInstance(options?: QueueManagerOptions): QueueManager {
    QueueManager.#instance ??= new QueueManager(options);
    return QueueManager.#instance;
  }

  /** Forgets the process-wide manager; whoever still waits for it is answered with reason `shutdown`. */
  static async resetInstance(): Promise<void> {
    const instance = QueueManager.#instance;
    QueueManager.#instance = undefined;
    await instance?.shutdownAll({ force: true });
  }

  /** The root actor of everything this manager does. */
  get actor(): AnyActorRef {
    return this.#actor;
  }

  /**
   * Makes the queue of a model; `processor` does its calls. Models may be added at any time. Throws
   * `InvalidConfiguration` for a wrong configuration or a model that is registered already.
   */
  registerQueue<P2 = P, R2 = R>(config: ModelConfig, processor: Processor<P2, R2>): void {
    this.#refuseWhenStopped();
    const parsed = parseModelConfig(config);
    this.#register(parsed, processor);
  }

  /** Registers several models with one processor; skips those registered already. Nothing is registered if one is wrong. */
  registerAllQueues<P2 = P, R2 = R>(
    configs: readonly ModelConfig[],
    processor: Processor<P2, R2>,
  ): { registered: string[]; skipped: string[] } {
    this.#refuseWhenStopped();
    const registered: string[] = [];
    const skipped: string[] = [];
    for (const parsed of configs.map(parseModelConfig)) {
      if (this.#queues.has(parsed.modelId)) {
        skipped.push(parsed.modelId);
        continue;
      }
      this.#register(parsed, processor);
      registered.push(parsed.modelId);
    }
    return { registered, skipped };
  }

  /** Closes one model's queue: takes nothing new, finishes or fails what it has, then forgets the model. */
  async unregisterQueue(modelId: string, options: ShutdownOptions = {}): Promise<void> {
    const queue = this.#queue(modelId);
    await this.#drain([queue], options);
    this.#queues.delete(modelId);
    for (const unit of queue.dispatcher.units) if (unit.users.size === 0 && unit.limiter.domain === undefined) unit.stop();
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send({ type: 'QUEUE_REMOVED', modelId });
  }

  /**
   * Hands a request in and returns at once. Throws `ModelNotRegistered`, `InvalidRequest`, `SchedulerQueueFullError`,
   * `DuplicateRequest` or `EngineStopped`; whatever happens later is told by the handle.
   */
  submit<P2 = P, R2 = R>(input: RequestInput<P2> | QueueRequest<P2>): RequestHandle<R2> {
    return new RequestHandle<R2>(this.#submit(input));
  }

  /** Like {@link submit}, resolving with the terminal response, or at once as `pending` with `waitForCompletion: false`. */
  async submitRequest<P2 = P, R2 = R>(input: RequestInput<P2> | QueueRequest<P2>): Promise<QueueResponse<R2>> {
    const record = this.#submit(input);
    if (!record.request.waitForCompletion) return unsettledResponse(record);
    return record.settled as Promise<QueueResponse<R2>>;
  }

  /** What is known of a request: live, or among the last settled ones; null when it is unknown. Throws `ModelNotRegistered`. */
  getStatus(modelId: string, requestId: string): QueueResponse<R> | null {
    const queue = this.#queue(modelId);
    const record = this.#services.live.get(requestId);
    if (record !== undefined && record.owner === queue) return unsettledResponse(record);
    const remembered = queue.history.get(requestId, this.#services.clock.now());
    return (remembered?.response as QueueResponse<R> | undefined) ?? null;
  }

  /** Corrects a request's tokens to what was used, at any time; idempotent. False when the request is unknown. */
  updateTokenUsage(modelId: string, requestId: string, usage: UsageReport): boolean {
    return this.#queue(modelId).updateTokenUsage(requestId, usage);
  }

  /** Why a request has not started; null when it is not live. Costs O(pending). */
  explain(requestId: string): Explanation | null {
    const record = this.#services.live.get(requestId);
    // Every record's owner is the queue that made it.
    return record === undefined ? null : explain(record.owner as ModelQueue, record);
  }

  getRegisteredModels(): string[] {
    return [...this.#queues.keys()];
  }

  getQueueInfo(modelId: string): QueueInfo {
    return queueInfo(this.#queue(modelId));
  }

  getAllQueuesInfo(): Record<string, QueueInfo> {
    return Object.fromEntries([...this.#queues].map(([modelId, queue]) => [modelId, queueInfo(queue)]));
  }

  /** Samples of one queue every 250 ms. Shared; replays the last; completes when stopped; never errors; idle while unobserved. */
  queue$(modelId: string): Observable<QueueInfo> {
    const queue = this.#queue(modelId);
    return sampledStream(this.#services.clock, SAMPLE_EVERY_MS, () => queueInfo(queue), this.#stopped$);
  }

  /** Starts nothing of this model any more; what runs goes on and new requests wait. */
  pauseQueue(modelId: string): void {
    this.#queue(modelId).pause();
  }

  resumeQueue(modelId: string): void {
    this.#queue(modelId).resume();
  }

  /**
   * Changes limits while work is in flight: a type the model has gets the new `limit` (other fields must not
   * differ), another type is added. Usage stays; a smaller limit may be exceeded by what is counted until it goes.
   */
  updateLimits(modelId: string, rateLimiters: readonly RateLimiterConfig[]): void {
    const queue = this.#queue(modelId);
    const changes = rateLimiters.map(parseRateLimiterConfig);
    const plan = changes.map((change) => ({ change, current: queue.config.rateLimiters.find((config) => sameLimiter(config, change)) }));
    this.#registry.check(plan.filter(({ current }) => current === undefined).map(({ change }) => change));
    for (const { change, current } of plan) {
      if (current === undefined) this.#addLimiter(queue, change);
      else this.#changeLimit(queue, current, change.limit);
    }
  }

  /** Counts what was sent before this process existed; call it before the first submit. */
  restoreUsage(modelId: string, usages: readonly RestoredUsage[]): void {
    const { clock } = this.#services;
    const { units } = this.#queue(modelId).dispatcher;
    for (const { type, amount, at } of [...usages].sort((a, b) => a.at - b.at)) {
      const ageMs = Math.max(0, clock.wallMs() - at);
      for (const { limiter } of units) if (limiter.type === type) limiter.restore(amount, clock.now() - ageMs);
    }
  }

  /** Takes nothing new, finishes what it has, and resolves when every caller is answered. Idempotent. */
  async shutdownAll(options: ShutdownOptions = {}): Promise<void> {
    const queues = [...this.#queues.values()];
    this.#stopping ??= (async () => {
      this.#actor.send({ type: 'DRAIN' });
      await Promise.all(queues.map((queue) => queue.drain()));
      this.#stop();
    })();
    await this.#drain(queues, options);
    await this.#stopping;
  }

  async #drain(queues: readonly ModelQueue[], { deadlineMs, force }: ShutdownOptions): Promise<void> {
    const { alarms, clock } = this.#services;
    const drained = Promise.all(queues.map((queue) => queue.drain()));
    const failAll = (): void => {
      for (const queue of queues) queue.failAll(new EngineStopped('The engine was shut down before the request was done.'));
    };
    if (force) failAll();
    const alarm = deadlineMs === undefined || force ? undefined : alarms.set(clock.now() + deadlineMs, failAll);
    await drained;
    alarms.clear(alarm);
  }

  #stop(): void {
    for (const queue of this.#queues.values()) for (const unit of queue.dispatcher.units) unit.stop();
    this.#registry.stop();
    this.#queues.clear();
    this.#actor.send({ type: 'STOP' });
    this.#stopped$.next();
    this.#stopped$.complete();
    this.#services.events.complete();
  }

  #register(config: ParsedModelConfig, processor: Processor<never, unknown>): void {
    const { modelId } = config;
    if (this.#queues.has(modelId))
      throw new InvalidConfiguration(`Model '${modelId}' is already registered. Unregister it first.`, 'modelId');
    if (typeof processor !== 'function')
      throw new InvalidConfiguration(`The processor of model '${modelId}' is ${String(processor)}: expected a function.`, 'processor');
    this.#registry.check(config.rateLimiters);
    const obtained = config.rateLimiters.map((limit) => ({ limit, ...this.#registry.obtain(modelId, limit) }));
    const specs = obtained.map(({ limit, unit }) => ({ id: unit.id, type: limit.type, domain: limit.domain, limit: limit.limit }));
    this.#actor.send({
      type: 'QUEUE_REGISTERED',
      queue: { modelId, ownLimiters: specs.filter(({ domain }) => domain === undefined), limiterIds: specs.map(({ id }) => id) },
    });
    for (const { limit, unit, isNew } of obtained)
      if (isNew && limit.domain !== undefined) this.#showInDomain(limit, limit.domain, unit.id);
    const scheduler = this.#child(childId.queue(modelId)) as SchedulerActor;
    const units = obtained.map(({ unit }) => unit);
    this.#queues.set(modelId, new ModelQueue(config, processor as Processor, units, scheduler, this.#services));
  }

  #addLimiter(queue: ModelQueue, config: RateLimiterConfig): void {
    const { unit, isNew } = this.#registry.obtain(queue.modelId, config);
    if (config.domain !== undefined && isNew) this.#showInDomain(config, config.domain, unit.id);
    if (config.domain === undefined) {
      const scheduler = this.#child(childId.queue(queue.modelId)) as SchedulerActor;
      scheduler.send({ type: 'LIMITER_ADDED', limiter: { id: unit.id, type: config.type, domain: undefined, limit: config.limit } });
    }
    queue.dispatcher.addUnit(unit);
    queue.config = produce(queue.config, (draft) => {
      draft.rateLimiters = [...draft.rateLimiters, config];
    });
  }

  #changeLimit(queue: ModelQueue, current: RateLimiterConfig, limit: number): void {
    const index = queue.config.rateLimiters.indexOf(current);
    const unit = queue.dispatcher.units[index];
    if (unit === undefined) return;
    unit.setLimit(limit);
    this.#registry.changed(unit, limit);
    queue.config = produce(queue.config, (draft) => {
      const config = draft.rateLimiters[index];
      if (config !== undefined) config.limit = limit;
    });
  }

  #showInDomain(config: RateLimiterConfig, domain: string, unitId: string): void {
    if (this.#child(childId.domain(domain)) === undefined) this.#actor.send({ type: 'DOMAIN_ADDED', domain });
    this.#child(childId.domain(domain))?.send({
      type: 'LIMITER_ADDED',
      limiter: { id: unitId, type: config.type, domain, limit: config.limit },
    });
  }

  #limiterActor(config: RateLimiterConfig, unitId: string): AnyActorRef | undefined {
    if (config.domain !== undefined) return childOf(this.#child(childId.domain(config.domain)), unitId);
    for (const modelId of this.#queues.keys()) {
      const found = childOf(this.#child(childId.queue(modelId)), unitId);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #child(id: string): AnyActorRef | undefined {
    return childOf(this.#actor, id);
  }

  #submit(input: RequestInput<unknown>): RequestRecord {
    this.#refuseWhenStopped();
    const request = input instanceof QueueRequest ? input : new QueueRequest(input, this.#defaults);
    return this.#queue(request.modelId).submit(request);
  }

  #queue(modelId: string): ModelQueue {
    const queue = this.#queues.get(modelId);
    if (queue === undefined) throw new ModelNotRegistered(modelId, this.getRegisteredModels());
    return queue;
  }

  #refuseWhenStopped(): void {
    if (this.#stopping !== undefined) throw new EngineStopped();
  }

  /** Shows an inspector how full things are; the actors themselves hear of changes of mode only. */
  #sampleActors(): void {
    const { clock } = this.#services;
    clock.setTimeout(
      () => {
        if (this.#actor.getSnapshot().status !== 'active') return;
        for (const queue of this.#queues.values()) {
          queue.sample();
          for (const unit of queue.dispatcher.units) unit.sample();
        }
        this.#sampleActors();
      },
      SAMPLE_EVERY_MS,
      { background: true },
    );
  }
}

function childOf(parent: AnyActorRef | undefined, id: string): AnyActorRef | undefined {
  return parent?.getSnapshot().children?.[id];
}

/** Whether two configurations speak of the same limiter; throws where they differ in more than the limit. */
function sameLimiter(current: RateLimiterConfig, change: RateLimiterConfig): boolean {
  if (current.type !== change.type || current.domain !== change.domain) return false;
  const { limit: _current, ...was } = current;
  const { limit: _change, ...wanted } = change;
  for (const [key, value] of Object.entries(wanted)) {
    if (value === undefined || value === was[key as keyof typeof was]) continue;
    throw new InvalidConfiguration(
      `updateLimits: '${key}' of the ${change.type} limit is ${String(value)}, but only 'limit' can change while a queue runs. Unregister the model to change more.`,
      key,
    );
  }
  return true;
}
