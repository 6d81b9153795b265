import type { ParsedModelConfig } from '../config/model-config.ts';
import type { Clock } from '../domain/clock.ts';
import { AttemptTimeout } from '../domain/errors.ts';
import type { LimitObservation } from '../domain/limit-observation.ts';
import type { TokenCounts } from '../domain/limit-types.ts';
import type { EasyLogger } from '../domain/logger.ts';
import { type Reservation, reservation } from '../limits/limit-set.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import type { Dispatcher } from './dispatcher.ts';
import { eachCaller } from './each-caller.ts';
import type { EngineServices } from './engine-services.ts';
import { FailureHandling } from './failure-handling.ts';
import type { CallAnswer } from './limit-listener.ts';
import type { Admitted } from './pass.ts';
import type { Processor } from './processor.ts';
import type { QueueCounters } from './queue-counters.ts';
import { readUsage } from './read-usage.ts';
import type { RequestLife } from './request-life.ts';
import type { RequestRecord } from './request-record.ts';
import { checkResult, type Ending } from './settlement.ts';
import type { Visit } from './visit.ts';

type RequestAttempt = Attempt<RequestRecord>;

export interface CallRunnerOptions {
  readonly config: ParsedModelConfig;
  readonly processor: Processor;
  readonly dispatcher: Dispatcher;
  readonly life: RequestLife;
  readonly counters: QueueCounters;
  /** A call is over, with whatever outcome: nobody may join it any more. */
  readonly onCallOver: (record: RequestRecord) => void;
}

const ACCEPTED: CallAnswer = { outcome: 'accepted', observations: [] };

/** Runs the processor for admitted requests and takes its outcome. */
export class CallRunner implements AttemptOwner<RequestRecord> {
  readonly clock: Clock;
  readonly logger: EasyLogger;
  readonly #services: EngineServices;
  readonly #options: CallRunnerOptions;
  readonly #dispatcher: Dispatcher;
  readonly #life: RequestLife;
  readonly #timeoutMs: number;
  readonly #failures: FailureHandling;

  constructor(options: CallRunnerOptions, services: EngineServices) {
    this.clock = services.clock;
    this.logger = services.logger;
    this.#services = services;
    this.#options = options;
    this.#dispatcher = options.dispatcher;
    this.#life = options.life;
    this.#timeoutMs = options.config.attemptTimeoutSeconds * 1000;
    this.#failures = new FailureHandling({ ...options, fail: (record, ending, attempt) => this.#fail(record, ending, attempt) }, services);
  }

  /** Starts what a pass admitted. Every state is right before the first processor is called. */
  start(admitted: readonly Admitted[], now: number): void {
    this.#holding(() => {
      const attempts: RequestAttempt[] = [];
      for (const each of admitted) {
        if (each.record.ending) this.#giveBack(each.record, each.held, each.visits, now);
        else attempts.push(this.#begin(each, now));
      }
      for (const attempt of attempts) this.#run(attempt);
    });
  }

  /** Ends a request's attempt from outside. */
  abandon(attempt: RequestAttempt, reason: Error): void {
    this.#services.alarms.clear(attempt);
    attempt.abandon(reason);
    this.#dispatcher.roomCameFree();
  }

  attemptObserved(attempt: RequestAttempt, observations: readonly LimitObservation[]): void {
    for (const visit of attempt.visits) visit.answered({ outcome: 'accepted', observations }, this.clock.now());
  }

  /** Puts a request back in line after a wait. */
  returnAt(record: RequestRecord, at: number): void {
    this.#failures.returnAt(record, at);
  }

  attemptWritten(): void {
    this.#dispatcher.roomCameFree();
  }

  attemptResponded(attempt: RequestAttempt): void {
    this.#holding(() => eachCaller(attempt.subject, (record) => this.#life.responding(record)));
    this.#dispatcher.roomCameFree();
  }

  attemptUsed(attempt: RequestAttempt, usage: TokenCounts): void {
    reservation.settle(attempt.reservation, usage, this.clock.now());
    this.#dispatcher.roomCameFree();
  }

  attemptTimedOut(attempt: RequestAttempt): void {
    const { subject } = attempt;
    const error = new AttemptTimeout(subject.id, subject.request.modelId, attempt.attempt, this.#options.config.attemptTimeoutSeconds);
    this.#take(attempt, () => this.#failures.timedOut(attempt, error));
  }

  /** Whoever watches one that started just before has ended it: nothing was sent. */
  #giveBack({ tenant, cost }: RequestRecord, held: Reservation, visits: readonly Visit[], now: number): void {
    for (const visit of visits) visit.left();
    reservation.release(held, now);
    this.#dispatcher.queue.correct(tenant, -cost);
    this.#dispatcher.roomCameFree();
  }

  #begin(admitted: Admitted, now: number): RequestAttempt {
    const { record } = admitted;
    record.attempts++;
    const attempt = new Attempt(this, record, admitted, now, this.#timeoutMs);
    record.attempt = attempt;
    this.#services.alarms.add(attempt);
    this.#options.counters.addQueueTime(record.waitedMs + now - record.pendingSince);
    eachCaller(record, (each) => this.#life.admitted(each, attempt, now));
    return attempt;
  }

  #run(attempt: RequestAttempt): void {
    // Whoever ran before it in this pass may have cancelled it: then nothing was sent.
    if (attempt.over) {
      this.#giveBack(attempt.subject, attempt.reservation, attempt.visits, this.clock.now());
      return;
    }
    const succeed = (result: unknown): void => this.#take(attempt, () => this.#succeed(attempt, result));
    const fail = (error: unknown): void => this.#take(attempt, () => this.#failures.failed(attempt, error));
    try {
      // What a processor returns may be any thenable, and looking at it may throw as well.
      Promise.resolve(this.#options.processor(attempt.subject.request, attempt)).then(succeed, fail);
    } catch (error) {
      Promise.reject(error).then(undefined, fail);
    }
    if (!attempt.deferred) reservation.written(attempt.reservation, this.clock.now());
  }

  /** Takes an attempt's outcome, unless nobody waits for it any more; what is said of it waits until all is right. */
  #take(attempt: RequestAttempt, handle: () => void): void {
    if (attempt.over) return;
    attempt.over = true;
    this.#services.alarms.clear(attempt);
    this.#holding(handle);
  }

  /** What is said while `act` runs is heard afterwards. */
  #holding(act: () => void): void {
    const { outbox } = this.#services;
    outbox.hold();
    try {
      act();
    } finally {
      outbox.release();
    }
  }

  #succeed(attempt: RequestAttempt, raw: unknown): void {
    const { subject } = attempt;
    const now = this.clock.now();
    // Answered without having been sent, as from a cache: it cost nothing.
    if (attempt.deferred) reservation.release(attempt.reservation, now);
    else reservation.ended(attempt.reservation, now);
    if (attempt.sent) this.#accepted(attempt, now);
    else for (const visit of attempt.visits) visit.left();
    const used = subject.used ?? readUsage(raw);
    if (used !== undefined) {
      subject.used = used;
      reservation.settle(attempt.reservation, used, now);
      this.#dispatcher.queue.correct(subject.tenant, used.inputTokens + used.outputTokens - subject.cost);
    }
    const checked = checkResult(this.#options.config.resultSchema, raw, subject.id);
    if ('error' in checked) this.#fail(subject, { reason: 'error', error: checked.error }, attempt);
    else this.#complete(subject, checked.result, attempt, now);
    this.#dispatcher.roomCameFree();
  }

  /** The provider took it. */
  #accepted({ route, visits, startedAt, responded }: RequestAttempt, now: number): void {
    for (const unit of route.units) unit.accepted(startedAt);
    for (const visit of visits) {
      if (!responded) visit.responded(now);
      visit.answered(ACCEPTED, now);
      visit.succeeded();
    }
  }

  #complete(record: RequestRecord, result: unknown, attempt: RequestAttempt, now: number): void {
    this.#options.onCallOver(record);
    const { used } = record;
    eachCaller(record, (each) => {
      if (!each.beginEnding()) return;
      each.used = used;
      this.#life.completed(each, result, attempt, now);
    });
  }

  #fail(record: RequestRecord, ending: Ending, attempt: RequestAttempt): void {
    this.#options.onCallOver(record);
    const now = this.clock.now();
    eachCaller(record, (each) => {
      if (each.beginEnding()) this.#life.failed(each, ending, attempt, now);
    });
  }
}
