import { merge, type Observable, ReplaySubject } from 'rxjs';
import type { AnyActorRef } from 'xstate';
import type { ModelConfig } from '../config/model-config.ts';
import type { RateLimiterConfig } from '../config/rate-limiter-config.ts';
import { EngineStopped } from '../domain/errors.ts';
import { harmless, silentLogger } from '../domain/logger.ts';
import { uuidSource } from '../lib/ids.ts';
import { systemClock } from '../lib/system-clock.ts';
import { EngineActors } from './engine-actors.ts';
import type { EngineEvent } from './engine-event.ts';
import { type QueueManagerOptions, servicesOf } from './engine-options.ts';
import type { EngineServices } from './engine-services.ts';
import { type Explanation, explain, liveResponse } from './explain.ts';
import { Inspection } from './inspection.ts';
import { checkedUsage, type LimitTotal, type LimitUsage, type RestoredUsage, restoreByType } from './limit-usage.ts';
import type { ModelQueue } from './model-queue.ts';
import { ModelRegistry } from './model-registry.ts';
import type { Processor, UsageReport } from './processor.ts';
import { type EngineMetrics, engineMetrics, type QueueInfo, queueInfo } from './queue-info.ts';
import { QueueRequest, type RequestDefaults, type RequestInput } from './queue-request.ts';
import type { QueueResponse } from './queue-response.ts';
import { RequestHandle } from './request-handle.ts';
import type { RequestRecord } from './request-record.ts';
import { sampleActors } from './sample-actors.ts';
import { SAMPLE_EVERY_MS, sampledStream } from './sampled-stream.ts';
import { unsettledResponse } from './settlement.ts';
import { type TenantCounts, tenantCounts } from './tenant-counts.ts';

export interface ShutdownOptions {
  /** After so many ms whatever has not settled fails with reason `shutdown`. Default: waits for everything. */
  readonly deadlineMs?: number;
  /** Fails everything at once. */
  readonly force?: boolean;
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
  readonly #actors: EngineActors;
  readonly #models: ModelRegistry;
  readonly #defaults: RequestDefaults;
  /** False where ids come from a caller's randomness. */
  readonly #idsAreUnique: boolean;
  readonly #queueStreams = new Map<ModelQueue, { readonly info$: Observable<QueueInfo>; readonly closed$: ReplaySubject<void> }>();
  readonly #stopped$ = new ReplaySubject<void>(1);
  #stopping: Promise<void> | undefined;

  constructor(options: QueueManagerOptions = {}) {
    const clock = options.clock ?? systemClock;
    const logger = harmless(options.logger ?? silentLogger);
    const inspection = options.inspect && new Inspection(options.inspect, options.inspectRequestsPerSecond ?? 10, clock, logger);
    this.#services = servicesOf(options, clock, logger, inspection);
    this.#idsAreUnique = options.random === undefined;
    this.#defaults = { id: uuidSource(options.random), wallMs: () => clock.wallMs() };
    this.#actors = new EngineActors(clock, inspection);
    this.#models = new ModelRegistry(this.#actors, this.#services);
    this.events$ = this.#services.events.stream$;
    this.metrics$ = sampledStream(clock, SAMPLE_EVERY_MS, () => this.getMetrics(), this.#stopped$);
    if (inspection) sampleActors(clock, this.#actors, this.#models);
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
    return this.#actors.root;
  }

  /**
   * Makes the queue of a model; `processor` does its calls. Models may be added at any time. Throws
   * `InvalidConfiguration` for a wrong configuration or a model that is registered already.
   */
  registerQueue<P2 extends P = P, R2 extends R = R>(config: ModelConfig, processor: Processor<P2, R2>): void {
    this.#refuseWhenStopped();
    this.#models.register(config, processor);
  }

  /** Registers several models with one processor; skips those registered already. Nothing is registered if one is wrong. */
  registerAllQueues<P2 extends P = P, R2 extends R = R>(
    configs: readonly ModelConfig[],
    processor: Processor<P2, R2>,
  ): { registered: string[]; skipped: string[] } {
    this.#refuseWhenStopped();
    return this.#models.registerAll(configs, processor);
  }

  /** Closes one model's queue: takes nothing new, finishes or fails what it has, then forgets the model. */
  async unregisterQueue(modelId: string, options: ShutdownOptions = {}): Promise<void> {
    const queue = this.#models.queue(modelId);
    await this.#drain([queue], options, `Model '${modelId}' was unregistered before the request was done.`);
    this.#models.remove(queue);
    this.#queueStreams.get(queue)?.closed$.next();
    this.#queueStreams.delete(queue);
  }

  /**
   * Hands a request in and returns at once. Throws `ModelNotRegistered`, `InvalidRequest`, `SchedulerQueueFullError`,
   * `DuplicateRequest` or `EngineStopped`; whatever happens later is told by the handle.
   */
  submit<P2 extends P = P, R2 extends R = R>(input: RequestInput<P2> | QueueRequest<P2>): RequestHandle<R2> {
    return new RequestHandle<R2>(this.#submit(input));
  }

  /** Like {@link submit}, resolving with the terminal response, or at once as `pending` with `waitForCompletion: false`. */
  async submitRequest<P2 extends P = P, R2 extends R = R>(input: RequestInput<P2> | QueueRequest<P2>): Promise<QueueResponse<R2>> {
    const record = this.#submit(input);
    if (!record.request.waitForCompletion) return unsettledResponse(record);
    return record.settled as Promise<QueueResponse<R2>>;
  }

  /** What is known of a request: live, or among the last settled ones; null when it is unknown. Throws `ModelNotRegistered`. */
  getStatus(modelId: string, requestId: string): QueueResponse<R> | null {
    const queue = this.#models.queue(modelId);
    const record = this.#services.live.get(requestId);
    if (record !== undefined && record.owner === queue) return liveResponse(queue, record);
    const remembered = queue.history.get(requestId, this.#services.clock.now());
    return (remembered?.response as QueueResponse<R> | undefined) ?? null;
  }

  /** Corrects a request's tokens to what was used, at any time; idempotent. False when the request is unknown. */
  updateTokenUsage(modelId: string, requestId: string, usage: UsageReport): boolean {
    return this.#models.queue(modelId).updateTokenUsage(requestId, usage);
  }

  /** Why a request has not started; null when it is not live. Costs O(pending). */
  explain(requestId: string): Explanation | null {
    const record = this.#services.live.get(requestId);
    // Every record's owner is the queue that made it.
    return record === undefined ? null : explain(record.owner as ModelQueue, record);
  }

  /** Pending requests of a model, those in backoff included. Throws `ModelNotRegistered`. */
  queueSize(modelId: string): number {
    return this.#models.queue(modelId).waiting;
  }

  getRegisteredModels(): string[] {
    return this.#models.ids;
  }

  getQueueInfo(modelId: string): QueueInfo {
    return queueInfo(this.#models.queue(modelId));
  }

  getAllQueuesInfo(): Record<string, QueueInfo> {
    return Object.fromEntries(this.#models.queues().map((queue) => [queue.modelId, queueInfo(queue)]));
  }

  /** A sample of all counts now, as {@link metrics$} has it. */
  getMetrics(): EngineMetrics {
    return engineMetrics(this.#models.queues(), this.#services.clock.wallMs());
  }

  /** What each tenant has waiting and running, by model; those with nothing in hand are not told. Costs O(live requests). */
  getTenantCounts(): TenantCounts[] {
    return tenantCounts(this.#services.live.values());
  }

  /** Samples of one queue every 250 ms. Shared; replays the last; completes when the queue or the engine is closed; never errors; idle while unobserved. */
  queue$(modelId: string): Observable<QueueInfo> {
    const queue = this.#models.queue(modelId);
    const known = this.#queueStreams.get(queue);
    if (known !== undefined) return known.info$;
    const closed$ = new ReplaySubject<void>(1);
    const info$ = sampledStream(this.#services.clock, SAMPLE_EVERY_MS, () => queueInfo(queue), merge(closed$, this.#stopped$));
    this.#queueStreams.set(queue, { info$, closed$ });
    return info$;
  }

  /** Starts nothing of this model any more; what runs goes on and new requests wait. */
  pauseQueue(modelId: string): void {
    this.#models.queue(modelId).pause();
  }

  resumeQueue(modelId: string): void {
    this.#models.queue(modelId).resume();
  }

  /**
   * Changes limits while work is in flight: a type the model has gets the new `limit` (other fields must not
   * differ), another type is added. Usage stays; a smaller limit may be exceeded by what is counted until it goes.
   */
  updateLimits(modelId: string, rateLimiters: readonly RateLimiterConfig[]): void {
    this.#models.updateLimits(modelId, rateLimiters);
  }

  /** Looks again who of a model may start: for balancers that leave deployments out, once they would offer them. */
  wakeQueue(modelId: string): void {
    this.#models.queue(modelId).dispatcher.requestPass();
  }

  /** Lets a deployment take calls again whose key or account was refused, once that is mended. Throws `InvalidConfiguration` for an unknown id. */
  enableDeployment(deploymentId: string): void {
    this.#models.deployment(deploymentId).enable();
  }

  /**
   * Counts what was sent before this process existed; call it before the first submit. Either what {@link limitUsage} told, for every
   * limit, or amounts of one model by type. Throws `InvalidConfiguration` for what is no usage.
   */
  restoreUsage(usage: readonly LimitUsage[]): void;
  restoreUsage(modelId: string, usages: readonly RestoredUsage[]): void;
  restoreUsage(first: string | readonly LimitUsage[], usages: readonly RestoredUsage[] = []): void {
    if (typeof first === 'string') restoreByType(this.#models.queue(first).dispatcher.units, usages, this.#services.clock);
    else this.#models.restore(checkedUsage(first));
  }

  /**
   * What counts now in every configured limit over a window: plain data, to be written down and given to {@link restoreUsage} of the
   * process that follows. Right after {@link shutdownAll} too; learned limits are learned anew.
   */
  limitUsage(): readonly LimitUsage[] {
    return this.#models.usage();
  }

  /** @internal Whether {@link limitUsage} tells something new, by limit; costs nothing much. */
  limitTotals(): ReadonlyMap<string, LimitTotal> {
    return this.#models.totals();
  }

  /** Takes nothing new, finishes what it has, and resolves when every caller is answered. Idempotent. */
  async shutdownAll(options: ShutdownOptions = {}): Promise<void> {
    const queues = this.#models.queues();
    const { outbox } = this.#services;
    // Whoever hears that a queue is drained may shut down as well: by then it is known that somebody does.
    outbox.hold();
    try {
      this.#stopping ??= this.#finish(queues);
    } finally {
      outbox.release();
    }
    await this.#drain(queues, options, 'The engine was shut down before the request was done.');
    await this.#stopping;
  }

  async #finish(queues: readonly ModelQueue[]): Promise<void> {
    this.#actors.drain();
    await Promise.all(queues.map((queue) => queue.drain()));
    this.#stop();
  }

  async #drain(queues: readonly ModelQueue[], { deadlineMs, force }: ShutdownOptions, why: string): Promise<void> {
    const { alarms, clock } = this.#services;
    const drained = Promise.all(queues.map((queue) => queue.drain()));
    const failAll = (): void => {
      for (const queue of queues) queue.failAll(new EngineStopped(why));
    };
    if (force) failAll();
    const alarm = deadlineMs === undefined || force ? undefined : alarms.set(clock.now() + deadlineMs, failAll);
    await drained;
    alarms.clear(alarm);
  }

  #stop(): void {
    // The last samples are of the queues as they ended, so they are taken before the queues are forgotten.
    this.#stopped$.next();
    this.#stopped$.complete();
    this.#models.stop();
    this.#actors.stop();
    this.#services.events.complete();
  }

  #submit(input: RequestInput<unknown>): RequestRecord {
    this.#refuseWhenStopped();
    const isValue = input instanceof QueueRequest;
    const request = isValue ? input : new QueueRequest(input, this.#defaults);
    // An id of the platform's making cannot be live already.
    const mayBeLive = isValue || input.id !== undefined || !this.#idsAreUnique;
    return this.#models.queue(request.modelId).submit(request, mayBeLive);
  }

  #refuseWhenStopped(): void {
    if (this.#stopping !== undefined) throw new EngineStopped();
  }
}
