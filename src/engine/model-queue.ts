import type { ActorRefFrom, AnyActorRef } from 'xstate';
import type { modelSchedulerMachine } from '../../machines/model-scheduler-machine.ts';
import type { RequestActorInput } from '../../machines/request-machine.ts';
import type { ParsedModelConfig } from '../config/model-config.ts';
import type { Clock } from '../domain/clock.ts';
import {
  DuplicateRequest,
  EngineStopped,
  InvalidRequest,
  RequestCancelled,
  SchedulerQueueFullError,
  withoutStack,
} from '../domain/errors.ts';
import { isTokenCount, type TokenCounts } from '../domain/limit-types.ts';
import { reservation } from '../limits/limit-set.ts';
import { orderKey } from '../scheduling/fair-queue.ts';
import { CallRunner } from './call-runner.ts';
import { Dispatcher } from './dispatcher.ts';
import type { EngineServices } from './engine-services.ts';
import { askEstimator } from './estimate-tokens.ts';
import { History } from './history.ts';
import type { LimiterUnit } from './limiter-unit.ts';
import type { Processor, UsageReport } from './processor.ts';
import { QueueCounters } from './queue-counters.ts';
import type { QueueRequest } from './queue-request.ts';
import { misfitEnding, strandedEnding } from './rejection.ts';
import { RequestLife } from './request-life.ts';
import { type RecordOwner, RequestRecord } from './request-record.ts';
import type { RouteChoice } from './route-choice.ts';
import { checkParams, type Ending } from './settlement.ts';
import { SharedCalls } from './shared-calls.ts';
import { type RequestActor, spawnRequest } from './supervisor.ts';
import { TimeLimits } from './time-limits.ts';

export type SchedulerActor = ActorRefFrom<typeof modelSchedulerMachine>;

/** One model's requests: takes them in, lets them leave, and closes when it is told to. */
export class ModelQueue implements RecordOwner {
  readonly modelId: string;
  config: ParsedModelConfig;
  readonly clock: Clock;
  readonly counters = new QueueCounters();
  readonly history: History;
  readonly dispatcher: Dispatcher;
  readonly #life: RequestLife;
  readonly #runner: CallRunner;
  readonly #shared: SharedCalls;
  readonly #times: TimeLimits;
  readonly #services: EngineServices;
  readonly #scheduler: SchedulerActor;
  readonly #supervisor: AnyActorRef;
  /** The model's own limits, in the order of its configuration; those of deployments are not among them. */
  ownUnits: readonly LimiterUnit[];
  #drained: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  /** @param scheduler the actor that shows this queue's mode; its child `requests` owns the request actors */
  constructor(
    config: ParsedModelConfig,
    processor: Processor,
    units: readonly LimiterUnit[],
    choice: RouteChoice,
    scheduler: SchedulerActor,
    services: EngineServices,
  ) {
    const { modelId, lookAhead, tenants } = config;
    const { counters } = this;
    this.modelId = modelId;
    this.config = config;
    this.ownUnits = units;
    this.clock = services.clock;
    this.#services = services;
    this.#scheduler = scheduler;
    this.#supervisor = supervisorOf(scheduler);
    const leave = (record: RequestRecord, ending: Ending): boolean => this.leave(record, ending);
    this.#times = new TimeLimits({ modelId, requestTimeoutSeconds: config.requestTimeoutSeconds, leave }, services);
    this.history = new History(services.historySize, services.historyTtlMs);
    this.dispatcher = new Dispatcher(
      {
        modelId,
        lookAhead,
        weightOf: (tenant) => tenants[tenant]?.weight ?? 1,
        choice,
        onPass: ({ admitted, misfits, stranded, now }) => {
          for (const record of misfits) this.#rejectMisfit(record);
          for (const record of stranded) this.leave(record, strandedEnding(this.dispatcher));
          if (admitted.length > 0) this.#runner.start(admitted, now);
        },
      },
      services,
    );
    this.#life = new RequestLife(
      {
        modelId,
        counters,
        history: this.history,
        onWaiting: (record, now) => this.#times.watchWait(record, now),
        onSettled: () => {
          if (counters.live === 0) this.#onIdle?.();
        },
      },
      services,
    );
    this.#shared = new SharedCalls(() => ({ dispatcher: this.dispatcher, life: this.#life, runner: this.#runner }), services);
    this.#runner = new CallRunner(
      { config, processor, dispatcher: this.dispatcher, life: this.#life, counters, onCallOver: (record) => this.#shared.close(record) },
      services,
    );
  }

  /** Requests that are pending, those in backoff included. */
  get waiting(): number {
    return this.counters.live - this.counters.processing;
  }

  get paused(): boolean {
    return this.#scheduler.getSnapshot().matches('paused');
  }

  pause(): void {
    if (this.paused || this.#drained !== undefined) return;
    this.#scheduler.send({ type: 'PAUSE' });
    this.dispatcher.enable(false);
    this.#services.events.emit({ type: 'queue-paused', at: this.wallMs(), modelId: this.modelId });
  }

  resume(): void {
    if (!this.paused) return;
    this.#scheduler.send({ type: 'RESUME' });
    this.dispatcher.enable(true);
    this.#services.events.emit({ type: 'queue-resumed', at: this.wallMs(), modelId: this.modelId });
  }

  /** Takes nothing new, finishes what it has, paused or not, and resolves when nothing is left. */
  drain(): Promise<void> {
    if (this.#drained !== undefined) return this.#drained;
    this.#drained = new Promise((resolve) => {
      this.#onIdle = () => {
        this.#onIdle = undefined;
        this.dispatcher.stop();
        this.#scheduler.send({ type: 'STOP' });
        this.#services.events.emit({ type: 'queue-drained', at: this.wallMs(), modelId: this.modelId });
        resolve();
      };
    });
    this.#scheduler.send({ type: 'DRAIN' });
    this.dispatcher.enable(true);
    if (this.counters.live === 0) this.#onIdle?.();
    return this.#drained;
  }

  /** Shows an inspector how full the queue is. */
  sample(): void {
    if (this.#scheduler.getSnapshot().status !== 'active') return;
    this.#scheduler.send({ type: 'SAMPLED', waiting: this.waiting, processing: this.counters.processing });
  }

  /** @param mayBeLive whether a live request may have the same id */
  submit(request: QueueRequest, mayBeLive: boolean): RequestRecord {
    if (mayBeLive && this.#services.live.has(request.id)) throw new DuplicateRequest(request.id);
    this.#refuseIntake(request);
    const now = this.clock.now();
    const key = orderKey(now, request.priority, this.#services.priorityStepMs);
    const record = new RequestRecord(request, this, this.#tokensOf(request), key, this.#services.nextSeq(), now);
    const { outbox } = this.#services;
    outbox.hold();
    try {
      this.#life.submitted(record);
      // An inspector sees those that end at once too.
      if (this.#services.wantsActor(record.id)) void record.actor;
      if (this.#endsAtOnce(record, now)) return record;
      this.#times.watch(record, now);
      if (!this.#shared.join(record)) this.dispatcher.push(record);
      return record;
    } finally {
      outbox.release();
    }
  }

  cancel(record: RequestRecord, reason: unknown): boolean {
    return this.leave(record, { reason: 'cancelled', error: withoutStack(() => new RequestCancelled(record.id, reason)) });
  }

  /** Ends one caller's request; a call that others share goes on for them. False when it has settled already. */
  leave(record: RequestRecord, ending: Ending): boolean {
    if (!record.beginEnding()) return false;
    const { outbox, alarms } = this.#services;
    const { attempt } = record;
    outbox.hold();
    try {
      if (!this.#shared.leave(record)) {
        if (attempt !== undefined) this.#runner.abandon(attempt, ending.error);
        else if (record.backoffAlarm !== undefined) alarms.clear(record.backoffAlarm);
        else this.dispatcher.remove(record);
      }
      this.#life.failed(record, ending, attempt, this.clock.now());
    } finally {
      outbox.release();
    }
    return true;
  }

  /** Fails everything that has not settled. */
  failAll(error: EngineStopped): void {
    for (const record of this.#services.live.values()) {
      if (record.owner === this) this.leave(record, { reason: 'shutdown', error });
    }
  }

  /** Corrects a request's token usage, live or remembered; false when it is unknown here. Throws `InvalidRequest` for no numbers. */
  updateTokenUsage(id: string, usage: UsageReport): boolean {
    if (!isTokenCount(usage?.inputTokens) || !isTokenCount(usage?.outputTokens))
      throw new InvalidRequest(`updateTokenUsage of request '${id}': expected inputTokens and outputTokens, numbers ≥ 0.`, 'usage');
    const now = this.clock.now();
    const record = this.#services.live.get(id);
    if (record !== undefined && record.owner === this) {
      // Those who share a call share what it used.
      const caller = record.leader;
      caller.used = { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens };
      if (caller.attempt !== undefined) this.#runner.attemptUsed(caller.attempt, usage);
      return true;
    }
    const remembered = this.history.get(id, now);
    if (remembered === undefined) return false;
    const { response } = remembered;
    const used = usage.inputTokens + usage.outputTokens;
    this.dispatcher.queue.correct(remembered.tenant, used - remembered.charged);
    this.counters.inputTokensUsed += usage.inputTokens - (response.inputTokensUsed ?? 0);
    this.counters.outputTokensUsed += usage.outputTokens - (response.outputTokensUsed ?? 0);
    remembered.charged = used;
    remembered.response = { ...response, inputTokensUsed: usage.inputTokens, outputTokensUsed: usage.outputTokens };
    if (remembered.reservation !== undefined) reservation.settle(remembered.reservation, usage, now);
    this.dispatcher.roomCameFree();
    return true;
  }

  spawn(input: RequestActorInput): RequestActor {
    return spawnRequest(this.#supervisor, input);
  }

  wallMs(): number {
    return this.clock.wallMs();
  }

  post(deliver: () => void): void {
    this.#services.outbox.post(deliver);
  }

  #refuseIntake(request: QueueRequest): void {
    if (this.#drained !== undefined) throw new EngineStopped(`The queue of model '${this.modelId}' is being closed and takes no requests.`);
    const { maxQueueSize, paramsSchema } = this.config;
    if (maxQueueSize !== undefined && this.waiting >= maxQueueSize) {
      throw new SchedulerQueueFullError(this.modelId, maxQueueSize, this.dispatcher.nextStartMs());
    }
    if (paramsSchema === undefined) return;
    request.params = checkParams(paramsSchema, request.params, request.id);
  }

  #tokensOf(request: QueueRequest): TokenCounts {
    const { estimatedInputTokens: input, estimatedOutputTokens: output } = request;
    if (input !== undefined && output !== undefined) return { inputTokens: input, outputTokens: output };
    const guess = askEstimator(this.#services.estimator, request);
    const inputTokens = input ?? guess.inputTokens;
    const outputTokens = output ?? guess.outputTokens;
    // What is guessed is never nothing at all: a call that costs nothing passes every token limit.
    return { inputTokens: Math.max(inputTokens, 1 - outputTokens), outputTokens };
  }

  /** A limit of the model's own that it got while it runs. */
  addUnit(unit: LimiterUnit): void {
    this.ownUnits = [...this.ownUnits, unit];
    this.dispatcher.addUnit(unit);
  }

  /** Settles what can never run or comes too late; true when it did. */
  #endsAtOnce(record: RequestRecord, now: number): boolean {
    const { signal } = record.request;
    if (signal?.aborted) return this.cancel(record, signal.reason);
    return this.#times.endsAtOnce(record, now) || this.#rejectMisfit(record);
  }

  #rejectMisfit(record: RequestRecord): boolean {
    const ending = misfitEnding(record, this.dispatcher);
    return ending !== undefined && this.leave(record, ending);
  }
}

function supervisorOf(scheduler: SchedulerActor): AnyActorRef {
  const supervisor = scheduler.getSnapshot().children.requests;
  if (supervisor === undefined) throw new Error('The scheduler actor has no supervisor.');
  return supervisor;
}
