import type { Clock } from '../../domain/clock.ts';
import { EngineStopped, InvalidConfiguration, textOf } from '../../domain/errors.ts';
import { ResourceAvailabilityError, UserIdHeaderMissingError, UserRateLimitExceededError } from '../../domain/llm-queue-errors.ts';
import { type EasyLogger, harmless, silentLogger } from '../../domain/logger.ts';
import { REDACTED_PAYLOAD, type TelemetryRecord, telemetryRecord } from '../../domain/telemetry.ts';
import { QueueManager, type ShutdownOptions } from '../../engine/queue-manager.ts';
import { uuidSource } from '../../lib/ids.ts';
import { systemClock } from '../../lib/system-clock.ts';
import { Secret } from '../../providers/http/secret.ts';
import { InMemoryUserRateLimitStoreAdapter } from '../../stores/in-memory-user-limits.ts';
import { TelemetryWriter } from '../../stores/telemetry-writer.ts';
import { argumentError, isObject, refuseSetting, requireShutdown } from '../check-input.ts';
import { type Answer, answerOf, censoredAnswer, type ExecutionResult, internalError, refusal } from './answer-job.ts';
import type { RequestExecutor } from './base-request-controller.ts';
import type { Dispatch } from './dispatch.ts';
import { EngineQueues } from './engine-queues.ts';
import { Interruption } from './interruption.ts';
import type { Job } from './job.ts';
import { checkQueueOptions, configOf, type LLMQueueOptions, REQUEST_TIMEOUT_SECONDS, USER_LIMITS } from './llm-queue-options.ts';
import { makeDispatch } from './make-dispatch.ts';
import { ModelPreferences, type ModelPreferencesInput } from './model-preferences.ts';
import { needsOf } from './preference-queues.ts';
import { keysOf, queueDeployments } from './queue-deployments.ts';
import { mainQueueFull } from './seed-texts.ts';
import { UserLimitCheck } from './user-limits.ts';

/** A request of a user. */
export interface ExecuteRequestInput {
  /** Which executor does it. */
  readonly reqType: string;
  /** What the executor gets. */
  readonly requestData: unknown;
  readonly userId: string;
  /** Default: any language model. */
  readonly modelPref?: ModelPreferences | ModelPreferencesInput | undefined;
  /** Takes the request back: it never starts, or its executor's signal aborts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Queues the requests of users for models at many deployments: limits per user, executors by type of request, one record
 * of telemetry each. A model that is busy holds up only those who need it; what is needed together is reserved together.
 */
export class LLMQueue {
  readonly #clock: Clock;
  readonly #logger: EasyLogger;
  readonly #manager: QueueManager;
  readonly #queues: EngineQueues;
  readonly #dispatch: Dispatch;
  readonly #executors = new Map<string, RequestExecutor>();
  readonly #users: UserLimitCheck | undefined;
  readonly #telemetry: TelemetryWriter | undefined;
  readonly #telemetryPayload: boolean;
  readonly #secret: Secret;
  readonly #maxQueueSize: number;
  readonly #requestTimeoutSeconds: number;
  readonly #newId = uuidSource();
  readonly #open = new Set<Promise<unknown>>();
  readonly #forced = new Interruption();
  #waiting = 0;
  #initiated: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** Throws `InvalidConfiguration`. */
  constructor(options: LLMQueueOptions) {
    checkQueueOptions(options);
    const config = configOf(options.llmConfig);
    this.#clock = options.clock ?? systemClock;
    this.#logger = harmless(options.logger ?? silentLogger);
    this.#manager = new QueueManager({ clock: this.#clock, logger: this.#logger, historySize: 0 });
    this.#maxQueueSize = config.schedulerLimits?.maxQueueSize ?? Number.POSITIVE_INFINITY;
    this.#requestTimeoutSeconds = config.schedulerLimits?.requestTimeoutSeconds ?? REQUEST_TIMEOUT_SECONDS;
    const deployments = queueDeployments(config);
    this.#secret = new Secret(...keysOf(config));
    const pluggable = [options.scheduler, options.llmLoadBalancer, options.embeddingLoadBalancer].some((part) => part !== undefined);
    this.#queues = new EngineQueues(this.#manager, {
      deployments,
      requestTimeoutSeconds: this.#requestTimeoutSeconds,
      chooses: !pluggable,
      wallMs: () => this.#clock.wallMs(),
    });
    this.#dispatch = makeDispatch(options, {
      pluggable,
      deployments,
      queues: this.#queues,
      clock: this.#clock,
      logger: this.#logger,
      requestTimeoutSeconds: this.#requestTimeoutSeconds,
    });
    const store = options.userRateLimitsStoreAdapter ?? (config.userLimits && new InMemoryUserRateLimitStoreAdapter());
    this.#users = store && new UserLimitCheck(store, config.userLimits ?? USER_LIMITS, this.#clock);
    const { telemetryStoreAdapter: sink } = options;
    this.#telemetry = sink && new TelemetryWriter({ sink, clock: this.#clock, logger: this.#logger });
    this.#telemetryPayload = options.telemetryPayload ?? false;
    this.registerRequestExecutors(options.requestExecutors ?? {});
  }

  /** Requests whose executor has not been called yet. */
  get queueSize(): number {
    return this.#waiting;
  }

  /** Telemetry records that were lost because their store failed or was too slow. */
  get telemetryFailures(): number {
    return this.#telemetry?.lost ?? 0;
  }

  /** Connects the stores. Idempotent; `executeRequest` waits for it. Rejects with what a store throws, and may be called again then. */
  initiate(): Promise<void> {
    this.#initiated ??= this.#connect().catch((error: unknown) => {
      this.#initiated = undefined;
      throw error;
    });
    return this.#initiated;
  }

  /** Adds executors by request type, or replaces those of types that have one; what is queued keeps the executor that it had. */
  registerRequestExecutors(executors: Readonly<Record<string, RequestExecutor>>): void {
    if (!isObject(executors)) refuseSetting('requestExecutors', executors, 'executors by request type');
    const entries = Object.entries(executors);
    for (const [type, executor] of entries) {
      if (typeof executor?.processRequest === 'function') continue;
      const message = `The executor for '${type}' is ${textOf(executor)}: expected an object with processRequest().`;
      throw new InvalidConfiguration(message, `requestExecutors.${type}`);
    }
    for (const [type, executor] of entries) this.#executors.set(type, executor);
  }

  /**
   * Does a request once its models are free, and resolves with what its executor returned, or with a text and a status code
   * that say what went wrong. Throws `UserIdHeaderMissingError`, `UserRateLimitExceededError`, `SchedulerQueueFullError`,
   * `QueueTimeoutError`, `RequestCancelled`, `InvalidRequest` for preferences that are none, and `EngineStopped` after shutdown.
   */
  executeRequest(input: ExecuteRequestInput): Promise<ExecutionResult> {
    if (!isObject(input)) return Promise.reject(argumentError('input', input, 'a request with reqType, requestData and userId'));
    const call = this.#execute(input);
    this.#open.add(call);
    const close = (): void => {
      this.#open.delete(call);
    };
    call.then(close, close);
    return call;
  }

  /**
   * Takes nothing new, finishes what is queued and what runs, writes all telemetry and disconnects the stores. With
   * `deadlineMs` or `force` whoever is not done by then, or at all, gets `EngineStopped`. Idempotent.
   */
  async gracefulShutdown(options: ShutdownOptions = {}): Promise<void> {
    requireShutdown(options);
    const { deadlineMs, force } = options;
    this.#stopping ??= this.#finish();
    const failAll = (): void => this.#failAll();
    if (force) failAll();
    const timer = deadlineMs === undefined || force ? undefined : this.#clock.setTimeout(failAll, deadlineMs);
    await this.#stopping;
    if (timer !== undefined) this.#clock.clearTimeout(timer);
  }

  async #connect(): Promise<void> {
    await this.#telemetry?.connect();
    await this.#users?.store.connect();
  }

  async #execute(input: ExecuteRequestInput): Promise<ExecutionResult> {
    if (this.#stopping !== undefined) throw new EngineStopped('The queue is stopped and takes no requests. Make a new LLMQueue.');
    const record = this.#recordOf(input);
    try {
      const { errorMessage, ...result } = censoredAnswer(await this.#answer(input, record), this.#secret);
      if (errorMessage !== undefined) record.errorMessage = errorMessage;
      return result;
    } catch (error) {
      record.errorMessage = error instanceof UserRateLimitExceededError ? 'RATE LIMIT EXCEEDED' : this.#secret.censored(textOf(error));
      throw error;
    } finally {
      if (record.responseQueuedAt >= 0) record.responseDequeuedAt = this.#clock.wallMs();
      // As it is now: executors may keep theirs and write on.
      this.#telemetry?.write({ ...record });
    }
  }

  async #answer(input: ExecuteRequestInput, record: TelemetryRecord): Promise<Answer> {
    const { userId, reqType, requestData, signal } = input;
    await this.#forced.guard(this.initiate());
    if (typeof userId !== 'string' || userId === '') throw new UserIdHeaderMissingError();
    const plan = this.#plan(input);
    // A place in the queue first, so that a full queue costs a user nothing.
    const leave = 'executor' in plan ? this.#enter() : () => {};
    try {
      const refused = await this.#countUser(userId);
      if (refused !== undefined) return refused;
      if (!('executor' in plan)) return plan;
      record.requestQueuedAt = this.#clock.wallMs();
      const job: Job = { ...plan, reqId: record.reqId, reqType, userId, requestData, record, signal, onStarted: leave };
      return answerOf(await this.#dispatch.run(job), job, this.#requestTimeoutSeconds);
    } finally {
      leave();
    }
  }

  /** Who does the request and with what, or why nobody will. */
  #plan({ reqType, modelPref }: ExecuteRequestInput): Answer | Pick<Job, 'executor' | 'preferences' | 'needs'> {
    const preferences = modelPref instanceof ModelPreferences ? modelPref : new ModelPreferences(modelPref);
    const executor = this.#executors.get(reqType);
    if (executor === undefined) return refusal(404, 'Invalid request type');
    const needs = needsOf(preferences);
    try {
      this.#queues.check(needs);
    } catch (error) {
      if (error instanceof ResourceAvailabilityError) return refusal(400, error.message);
      throw error;
    }
    return { executor, preferences, needs };
  }

  /** Takes a place in the queue; returns how to leave it. Throws `SchedulerQueueFullError`. */
  #enter(): () => void {
    if (this.#waiting >= this.#maxQueueSize) throw mainQueueFull(this.#maxQueueSize);
    this.#waiting++;
    let inside = true;
    return () => {
      if (inside) this.#waiting--;
      inside = false;
    };
  }

  /** A store that fails lets nobody through: whether a user may go on is not known then. */
  async #countUser(userId: string): Promise<Answer | undefined> {
    try {
      if (this.#users !== undefined) await this.#forced.guard(this.#users.count(userId));
      return undefined;
    } catch (error) {
      if (error instanceof UserRateLimitExceededError || error instanceof EngineStopped) throw error;
      this.#logger.error({ reason: this.#secret.censored(textOf(error)) }, 'the store of user limits failed');
      return internalError(error);
    }
  }

  #recordOf({ reqType, requestData, userId }: ExecuteRequestInput): TelemetryRecord {
    return telemetryRecord({
      reqId: this.#newId(),
      reqType: textOf(reqType),
      requestReceivedAt: this.#clock.wallMs(),
      reqPayload: this.#telemetryPayload ? jsonOf(requestData) : REDACTED_PAYLOAD,
      ...(typeof userId === 'string' && userId !== '' && { userId }),
    });
  }

  async #finish(): Promise<void> {
    await Promise.allSettled([...this.#open]);
    await this.#manager.shutdownAll();
    await this.#telemetry?.close();
    try {
      await this.#users?.store.disconnect();
    } catch (error) {
      this.#logger.error({ reason: textOf(error) }, 'the store of user limits failed to disconnect');
    }
  }

  #failAll(): void {
    const error = new EngineStopped('The queue was shut down before the request was done.');
    this.#forced.interrupt(error);
    this.#dispatch.stop(error);
    void this.#manager.shutdownAll({ force: true });
  }
}

/** Data as JSON; what has no JSON form is told, and stops nothing. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch (error) {
    return `[not JSON: ${textOf(error)}]`;
  }
}
