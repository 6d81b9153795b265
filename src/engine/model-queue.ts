import type { ActorRefFrom, AnyActorRef } from 'xstate';
import type { modelSchedulerMachine } from '../../machines/model-scheduler-machine.ts';
import type { RequestActorInput } from '../../machines/request-machine.ts';
import type { ParsedModelConfig } from '../config/model-config.ts';
import type { Clock } from '../domain/clock.ts';
import {
  AttemptTimeout,
  DeadlineExceeded,
  DuplicateRequest,
  EngineStopped,
  InvalidRequest,
  QueueTimeoutError,
  RateLimitExceeded,
  RequestCancelled,
  SchedulerQueueFullError,
} from '../domain/errors.ts';
import type { Logger } from '../domain/logger.ts';
import { costOf } from '../limits/cost.ts';
import { reservation } from '../limits/limit-set.ts';
import { backoffMs } from '../scheduling/backoff.ts';
import { classifyFailure, type Failure } from '../scheduling/classify-failure.ts';
import { orderKey } from '../scheduling/fair-queue.ts';
import { Attempt, type AttemptOwner, type Processor, type UsageReport } from './attempt.ts';
import { Dedupe } from './dedupe.ts';
import { type Admitted, Dispatcher, type Pass } from './dispatcher.ts';
import type { EngineServices } from './engine-services.ts';
import { History } from './history.ts';
import type { LimiterUnit } from './limiter-unit.ts';
import { QueueCounters } from './queue-counters.ts';
import type { QueueRequest } from './queue-request.ts';
import { readUsage } from './read-usage.ts';
import { type RecordOwner, RequestRecord } from './request-record.ts';
import { asProcessingError, completedResponse, type Ending, failedResponse } from './settlement.ts';
import { type RequestActor, spawnRequest } from './supervisor.ts';

export type SchedulerActor = ActorRefFrom<typeof modelSchedulerMachine>;

/** One model's requests from submit to answer. Order and admission are the dispatcher's; this runs what it admits. */
export class ModelQueue implements RecordOwner, AttemptOwner {
  readonly modelId: string;
  config: ParsedModelConfig;
  readonly dispatcher: Dispatcher;
  readonly counters = new QueueCounters();
  readonly history: History;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly #processor: Processor;
  readonly #services: EngineServices;
  readonly #scheduler: SchedulerActor;
  readonly #supervisor: AnyActorRef;
  readonly #dedupe = new Dedupe();
  /** Live requests, shared calls' followers included. */
  readonly #live = new Set<RequestRecord>();
  #drained: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  /** @param scheduler the actor that shows this queue's mode; its child `requests` owns the request actors */
  constructor(
    config: ParsedModelConfig,
    processor: Processor,
    units: readonly LimiterUnit[],
    scheduler: SchedulerActor,
    services: EngineServices,
  ) {
    this.modelId = config.modelId;
    this.config = config;
    this.clock = services.clock;
    this.logger = services.logger;
    this.#processor = processor;
    this.#services = services;
    this.#scheduler = scheduler;
    this.#supervisor = supervisorOf(scheduler);
    this.history = new History(services.historySize, services.historyTtlMs);
    this.dispatcher = new Dispatcher(
      {
        modelId: config.modelId,
        lookAhead: config.lookAhead,
        weightOf: (tenant) => config.tenants[tenant]?.weight ?? 1,
        units,
        onPass: (pass) => this.#start(pass),
      },
      services,
    );
  }

  /** Requests that are pending, those in backoff included. */
  get waiting(): number {
    return this.#live.size - this.counters.processing;
  }

  get idle(): boolean {
    return this.#live.size === 0;
  }

  get paused(): boolean {
    return this.#scheduler.getSnapshot().matches('paused');
  }

  pause(): void {
    if (this.paused) return;
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

  /** Finishes what it has, paused or not, and resolves when nothing is left. */
  drain(): Promise<void> {
    this.#drained ??= new Promise((resolve) => {
      this.#scheduler.send({ type: 'DRAIN' });
      this.dispatcher.enable(true);
      const done = (): void => {
        this.dispatcher.stop();
        this.#scheduler.send({ type: 'STOP' });
        this.#services.events.emit({ type: 'queue-drained', at: this.wallMs(), modelId: this.modelId });
        resolve();
      };
      if (this.idle) done();
      else this.#onIdle = done;
    });
    return this.#drained;
  }

  sample(): void {
    const { processing } = this.counters;
    if (this.#scheduler.getSnapshot().status === 'active') this.#scheduler.send({ type: 'SAMPLED', waiting: this.waiting, processing });
  }

  submit(request: QueueRequest): RequestRecord {
    if (this.#drained !== undefined) throw new EngineStopped(`The queue of model '${this.modelId}' is being closed and takes no requests.`);
    const { live, clock } = this.#services;
    if (live.has(request.id)) throw new DuplicateRequest(request.id);
    const { maxQueueSize } = this.config;
    if (maxQueueSize !== undefined && this.waiting >= maxQueueSize) throw new SchedulerQueueFullError(this.modelId, maxQueueSize);
    this.#checkParams(request);
    const now = clock.now();
    const key = orderKey(now, request.priority, this.#services.priorityStepMs);
    const record = new RequestRecord(request, this, this.#tokensOf(request), { key, seq: this.#services.nextSeq(), now });
    live.set(record.id, record);
    this.#live.add(record);
    this.counters.submitted++;
    this.counters.inputTokensEstimated += record.inputTokens;
    this.counters.outputTokensEstimated += record.outputTokens;
    this.#emit('request-submitted', record);
    if (!this.#admissible(record, now)) return record;
    this.#watchTimes(record, now);
    const leader = this.#dedupe.leaderFor(request);
    if (leader === undefined) this.#lead(record);
    else this.#join(record, leader);
    if (this.#services.wantsActor(record.id)) void record.actor;
    return record;
  }

  cancel(record: RequestRecord, reason: unknown): boolean {
    return this.leave(record, { reason: 'cancelled', error: new RequestCancelled(record.id, reason) });
  }

  /** Ends one caller's request; a call that others share goes on for them. False when it has settled already. */
  leave(record: RequestRecord, ending: Ending): boolean {
    if (record.response !== undefined) return false;
    const heir = record.followers?.shift();
    if (record.leader !== undefined) remove(record.leader.followers, record);
    else if (heir !== undefined) this.#inherit(heir, record);
    else this.#abort(record, ending.error);
    this.#fail(record, ending);
    return true;
  }

  /** Fails everything that has not settled. */
  failAll(error: EngineStopped): void {
    for (const record of [...this.#live]) this.leave(record, { reason: 'shutdown', error });
  }

  /** Corrects a request's token usage, live or remembered; false when it is unknown here. */
  updateTokenUsage(id: string, usage: UsageReport): boolean {
    const now = this.clock.now();
    const record = this.#services.live.get(id);
    if (record !== undefined && record.owner === this) {
      const attempt = (record.leader ?? record).attempt;
      if (attempt !== undefined) this.attemptUsed(attempt, usage);
      record.used = usage;
      return true;
    }
    const remembered = this.history.get(id, now);
    if (remembered === undefined) return false;
    const used = usage.inputTokens + usage.outputTokens;
    this.dispatcher.queue.correct(remembered.tenant, used - remembered.charged);
    this.counters.inputTokensUsed += usage.inputTokens - (remembered.response.inputTokensUsed ?? 0);
    this.counters.outputTokensUsed += usage.outputTokens - (remembered.response.outputTokensUsed ?? 0);
    remembered.charged = used;
    remembered.response = { ...remembered.response, inputTokensUsed: usage.inputTokens, outputTokensUsed: usage.outputTokens };
    if (remembered.reservation !== undefined) {
      reservation.settle(remembered.reservation, usage, now);
      this.dispatcher.roomCameFree();
    }
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

  attemptResponded(attempt: Attempt): void {
    this.#eachCaller(attempt.record, (record) => record.tell({ type: 'RESPONSE_STARTED' }, 'responding'));
    this.dispatcher.roomCameFree();
  }

  attemptUsed(attempt: Attempt, usage: UsageReport): void {
    attempt.record.used = usage;
    reservation.settle(attempt.reservation, usage, this.clock.now());
    this.dispatcher.roomCameFree();
  }

  #checkParams(request: QueueRequest): void {
    const { paramsSchema } = this.config;
    if (paramsSchema === undefined) return;
    const parsed = paramsSchema.safeParse(request.params);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const path = ['params', ...(issue?.path ?? [])].join('.');
      throw new InvalidRequest(`Request '${request.id}': '${path}': ${issue?.message ?? 'invalid'}.`, path, { cause: parsed.error });
    }
    request.params = parsed.data;
  }

  #tokensOf(request: QueueRequest) {
    const { estimatedInputTokens: input, estimatedOutputTokens: output } = request;
    if (input !== undefined && output !== undefined) return { inputTokens: input, outputTokens: output };
    const guess = this.#services.estimator(request);
    return { inputTokens: input ?? guess.inputTokens, outputTokens: output ?? guess.outputTokens };
  }

  /** Settles at once what can never run or is too late already. */
  #admissible(record: RequestRecord, now: number): boolean {
    const { request } = record;
    if (request.signal?.aborted) {
      this.cancel(record, request.signal.reason);
      return false;
    }
    if (request.deadline !== undefined && this.#deadlineAt(request.deadline, now) <= now) {
      this.#missDeadline(record);
      return false;
    }
    return !this.#rejectMisfit(record);
  }

  #rejectMisfit(record: RequestRecord): boolean {
    const limiter = this.dispatcher.limits.neverFits(record);
    if (limiter === undefined) return false;
    const details = {
      requestId: record.id,
      modelId: this.modelId,
      limitType: limiter.type,
      cost: costOf(limiter.type, record),
      limit: limiter.largest,
    };
    this.#endCall(record, (each) =>
      this.#fail(each, { reason: 'rejected', error: new RateLimitExceeded({ ...details, requestId: each.id }) }),
    );
    return true;
  }

  #watchTimes(record: RequestRecord, now: number): void {
    const { signal, deadline } = record.request;
    if (signal !== undefined) this.#services.abortLinks.link(signal, record);
    if (deadline !== undefined)
      record.deadlineAlarm = this.#services.alarms.set(this.#deadlineAt(deadline, now), () => this.#missDeadline(record));
    this.#watchWait(record, now);
  }

  #watchWait(record: RequestRecord, now: number): void {
    const seconds = this.config.requestTimeoutSeconds;
    if (seconds === undefined) return;
    record.waitAlarm = this.#services.alarms.set(now + seconds * 1000 - record.waitedMs, () =>
      this.leave(record, { reason: 'timeout', error: new QueueTimeoutError(record.id, this.modelId, seconds) }),
    );
  }

  #missDeadline(record: RequestRecord): void {
    const { deadline } = record.request;
    this.leave(record, { reason: 'timeout', error: new DeadlineExceeded(record.id, this.modelId, new Date(deadline ?? 0)) });
  }

  #deadlineAt(deadline: Date | number, now: number): number {
    return now + Number(deadline) - this.clock.wallMs();
  }

  #lead(record: RequestRecord): void {
    this.#dedupe.lead(record);
    this.dispatcher.push(record);
  }

  /** Shares a call that is waiting or under way; the call keeps the best place of all who share it. */
  #join(record: RequestRecord, leader: RequestRecord): void {
    record.leader = leader;
    leader.followers ??= [];
    leader.followers.push(record);
    if (record.key < leader.key) this.dispatcher.queue.rekey(leader, record.key);
    if (leader.attempt === undefined) return;
    // Not at once: whoever subscribes right after submit sees `pending` first, as with any other request.
    queueMicrotask(() => {
      const { attempt } = record.leader ?? record;
      if (record.response === undefined && record.status === 'pending' && attempt !== undefined) this.#admit(record, attempt);
    });
  }

  /** The caller who started a shared call leaves: the call goes on under another record, at the same place. */
  #inherit(heir: RequestRecord, from: RequestRecord): void {
    heir.leader = undefined;
    heir.followers = from.followers;
    for (const follower of heir.followers ?? []) follower.leader = heir;
    heir.key = from.key;
    heir.seq = from.seq;
    heir.attempts = from.attempts;
    from.followers = undefined;
    this.#dedupe.forget(from);
    this.#dedupe.lead(heir);
    if (from.attempt !== undefined) {
      heir.attempt = from.attempt;
      heir.attempt.record = heir;
      from.attempt = undefined;
    } else if (from.backoffAlarm !== undefined) {
      this.#services.alarms.clear(from.backoffAlarm);
      this.#returnAt(heir, from.backoffAlarm.at);
    } else {
      this.dispatcher.remove(from);
      this.dispatcher.push(heir);
    }
  }

  /** Takes a call that nobody waits for any more out of the queue, or ends its attempt. */
  #abort(record: RequestRecord, error: Error): void {
    this.#dedupe.forget(record);
    if (record.attempt === undefined) {
      this.dispatcher.remove(record);
      this.#services.alarms.clear(record.backoffAlarm);
      return;
    }
    const { attempt } = record;
    this.#services.alarms.clear(attempt.timeout);
    attempt.abandon(error);
    this.dispatcher.roomCameFree();
  }

  #start(pass: Pass): void {
    this.#services.outbox.during(() => {
      for (const record of pass.misfits) this.#rejectMisfit(record);
      const attempts = pass.admitted.map((admitted) => this.#begin(admitted, pass.now));
      for (const attempt of attempts) this.#run(attempt);
    });
  }

  #begin({ record, held }: Admitted, now: number): Attempt {
    record.attempts++;
    const attempt = new Attempt(this, record, held, now);
    record.attempt = attempt;
    const timeoutMs = this.config.attemptTimeoutSeconds * 1000;
    attempt.timeout = this.#services.alarms.set(now + timeoutMs, () => this.#timeOut(attempt));
    this.counters.addQueueTime(now - record.pendingSince + record.waitedMs);
    this.#eachCaller(record, (each) => this.#admit(each, attempt));
    return attempt;
  }

  #admit(record: RequestRecord, attempt: Attempt): void {
    const now = this.clock.now();
    record.waitedMs += now - record.pendingSince;
    record.attempts = attempt.attempt;
    this.#services.alarms.clear(record.waitAlarm);
    this.counters.processing++;
    record.tell({ type: 'ADMITTED', attempt: attempt.attempt }, 'calling');
    this.#emit('request-admitted', record);
  }

  #run(attempt: Attempt): void {
    // Whoever ran before it in this pass may have cancelled it.
    if (attempt.over) return;
    let outcome: unknown;
    try {
      outcome = this.#processor(attempt.record.request, attempt);
    } catch (error) {
      outcome = Promise.reject(error);
    }
    if (!attempt.deferred) reservation.written(attempt.reservation, this.clock.now());
    Promise.resolve(outcome).then(
      (result) => this.#succeed(attempt, result),
      (error) => this.#handleFailure(attempt, error, classifyFailure(error, this.clock.wallMs())),
    );
  }

  #timeOut(attempt: Attempt): void {
    const { record } = attempt;
    const error = new AttemptTimeout(record.id, this.modelId, attempt.attempt, this.config.attemptTimeoutSeconds);
    attempt.abandon(error);
    this.#retryOrFail(attempt, { reason: 'timeout', error }, true);
  }

  #succeed(attempt: Attempt, raw: unknown): void {
    if (!this.#finish(attempt)) return;
    const { record } = attempt;
    const now = this.clock.now();
    reservation.ended(attempt.reservation, now);
    for (const unit of this.dispatcher.units) unit.accepted();
    const reported = record.used ?? readUsage(raw);
    if (reported !== undefined) {
      record.used = reported;
      reservation.settle(attempt.reservation, reported, now);
      this.dispatcher.queue.correct(record.tenant, reported.inputTokens + reported.outputTokens - record.cost);
    }
    const parsed = this.config.resultSchema?.safeParse(raw);
    this.#endCall(record, (each) => {
      each.used ??= record.used;
      if (parsed?.success === false)
        this.#fail(each, { reason: 'error', error: asProcessingError(parsed.error, each.id, attempt.attempt) }, attempt);
      else this.#complete(each, parsed === undefined ? raw : parsed.data, attempt);
    });
    this.dispatcher.roomCameFree();
  }

  #handleFailure(attempt: Attempt, thrown: unknown, failure: Failure): void {
    if (!this.#finish(attempt)) return;
    if (failure.kind === 'refused') {
      this.#refuse(attempt, failure);
      return;
    }
    const now = this.clock.now();
    // An answer proves that the call was counted; anything else may still reach the provider.
    if (attempt.responded) reservation.ended(attempt.reservation, now);
    else reservation.abandoned(attempt.reservation, now);
    const error = asProcessingError(thrown, attempt.record.id, attempt.attempt);
    this.#retryOrFail(attempt, { reason: 'error', error }, failure.kind === 'retryable');
  }

  /** Back to its place, with the attempt unused; whatever refused pauses. */
  #refuse(attempt: Attempt, refusal: Failure & { kind: 'refused' }): void {
    const { record } = attempt;
    const now = this.clock.now();
    reservation.refused(attempt.reservation, now);
    this.dispatcher.queue.correct(record.tenant, -record.cost);
    const waitMs = this.#pauseFor(refusal, now);
    this.counters.refused++;
    this.#eachCaller(record, (each) => {
      each.attempts = attempt.attempt - 1;
      this.#backToPending(each, now);
      each.tell({ type: 'REFUSED' }, 'queued');
      this.#emit('request-refused', each, { retryAfterMs: waitMs, limitType: refusal.limitType });
    });
    this.dispatcher.push(record);
    this.dispatcher.roomCameFree();
  }

  #pauseFor(refusal: Failure & { kind: 'refused' }, now: number): number {
    const windows = this.dispatcher.units.filter(({ limiter }) => limiter.type !== 'concurrent');
    const named = windows.filter(
      ({ limiter }) =>
        (refusal.limitType === undefined || limiter.type === refusal.limitType) &&
        (refusal.domain === undefined || limiter.domain === refusal.domain),
    );
    const refusing = named.length > 0 ? named : windows;
    if (refusing.length === 0) {
      const waitMs = refusal.retryAfterMs ?? 1_000;
      this.dispatcher.gate(now + waitMs);
      return waitMs;
    }
    return Math.max(...refusing.map((unit) => unit.refused(refusal.retryAfterMs)));
  }

  #retryOrFail(attempt: Attempt, ending: Ending, retryable: boolean): void {
    const { record } = attempt;
    this.#services.alarms.clear(attempt.timeout);
    if (!retryable || attempt.attempt >= this.config.retry.maxAttempts) {
      this.#endCall(record, (each) => this.#fail(each, ending, attempt));
    } else {
      const now = this.clock.now();
      const delayMs = backoffMs(this.config.retry, attempt.attempt, this.#services.random);
      this.counters.retried++;
      this.#eachCaller(record, (each) => {
        this.#backToPending(each, now);
        each.tell({ type: 'RETRY_SCHEDULED' }, 'backoff');
        this.#emit('request-retried', each, { attempt: attempt.attempt, delayMs });
      });
      if (record.response === undefined) this.#returnAt(record, now + delayMs);
    }
    this.dispatcher.roomCameFree();
  }

  #returnAt(record: RequestRecord, at: number): void {
    record.backoffAlarm = this.#services.alarms.set(at, () => {
      record.backoffAlarm = undefined;
      this.#eachCaller(record, (each) => each.tell({ type: 'BACKOFF_ELAPSED' }, 'queued'));
      this.dispatcher.push(record);
    });
  }

  #backToPending(record: RequestRecord, now: number): void {
    record.attempt = undefined;
    record.used = undefined;
    record.pendingSince = now;
    this.counters.processing--;
    this.#watchWait(record, now);
  }

  /** Marks an attempt's outcome as taken; false when nobody waits for it any more. */
  #finish(attempt: Attempt): boolean {
    if (attempt.over) return false;
    attempt.over = true;
    this.#services.alarms.clear(attempt.timeout);
    return true;
  }

  #endCall(record: RequestRecord, end: (record: RequestRecord) => void): void {
    this.#dedupe.forget(record);
    this.#services.outbox.during(() => this.#eachCaller(record, end));
  }

  #eachCaller(record: RequestRecord, act: (record: RequestRecord) => void): void {
    act(record);
    if (record.followers !== undefined) for (const follower of [...record.followers]) act(follower);
  }

  #complete(record: RequestRecord, result: unknown, attempt: Attempt): void {
    if (record.status === 'pending') this.#admit(record, attempt);
    record.tell({ type: 'COMPLETED' }, undefined);
    this.counters.completed++;
    this.counters.processing--;
    this.#settle(record, attempt, completedResponse(record, result, this.clock.now() - attempt.startedAt));
    this.#emit('request-completed', record);
  }

  #fail(record: RequestRecord, ending: Ending, attempt: Attempt | undefined = record.attempt): void {
    const now = this.clock.now();
    if (record.status === 'processing') this.counters.processing--;
    else record.waitedMs += now - record.pendingSince;
    record.request.error = ending.error.message;
    record.tell({ type: 'FAILED', reason: ending.reason, code: ending.error.code }, undefined);
    this.counters.failed++;
    this.#settle(record, attempt, failedResponse(record, ending, attempt && now - attempt.startedAt));
    this.#emit('request-failed', record, { reason: ending.reason, code: ending.error.code });
  }

  #settle(record: RequestRecord, attempt: Attempt | undefined, response: NonNullable<RequestRecord['response']>): void {
    const { alarms, live, abortLinks } = this.#services;
    alarms.clear(record.waitAlarm);
    alarms.clear(record.deadlineAlarm);
    if (record.request.signal !== undefined) abortLinks.unlink(record.request.signal, record);
    live.delete(record.id);
    this.#live.delete(record);
    const { used } = record;
    if (used !== undefined) {
      record.request.actualInputTokens = used.inputTokens;
      record.request.actualOutputTokens = used.outputTokens;
      if (record.leader === undefined) {
        this.counters.inputTokensUsed += used.inputTokens;
        this.counters.outputTokensUsed += used.outputTokens;
      }
    }
    this.history.add(record.id, {
      response,
      settledAt: this.clock.now(),
      reservation: attempt?.reservation,
      tenant: record.tenant,
      charged: used === undefined ? record.cost : used.inputTokens + used.outputTokens,
    });
    record.attempt = undefined;
    record.answer(response);
    if (this.#live.size === 0) this.#onIdle?.();
  }

  #emit(type: string, record: RequestRecord, more?: object): void {
    const { events, clock } = this.#services;
    if (!events.observed) return;
    const facts = {
      at: clock.wallMs(),
      modelId: this.modelId,
      requestId: record.id,
      tenant: record.request.tenant,
      attempts: record.attempts,
    };
    const admitted = type === 'request-admitted' ? { attempt: record.attempts, queueMs: record.waitedMs } : {};
    events.emit({ type, ...facts, ...admitted, ...more } as Parameters<typeof events.emit>[0]);
  }
}

function supervisorOf(scheduler: SchedulerActor): AnyActorRef {
  const supervisor = scheduler.getSnapshot().children.requests;
  if (supervisor === undefined) throw new Error('The scheduler actor has no supervisor.');
  return supervisor;
}

function remove<T>(list: T[] | undefined, item: T): void {
  const index = list?.indexOf(item) ?? -1;
  if (index >= 0) list?.splice(index, 1);
}
