import type { ParsedModelConfig } from '../config/model-config.ts';
import type { Clock } from '../domain/clock.ts';
import { AttemptTimeout } from '../domain/errors.ts';
import type { LimitObservation } from '../domain/limit-observation.ts';
import type { TokenCounts } from '../domain/limit-types.ts';
import type { EasyLogger } from '../domain/logger.ts';
import { type Reservation, reservation } from '../limits/limit-set.ts';
import { backoffMs, pauseAfterRefusalMs } from '../scheduling/backoff.ts';
import { classifyFailure, type Failure } from '../scheduling/classify-failure.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { EngineServices } from './engine-services.ts';
import type { Admitted } from './pass.ts';
import { pauseRefusing, type Refusal } from './pause-refusing.ts';
import type { Processor } from './processor.ts';
import type { QueueCounters } from './queue-counters.ts';
import { readUsage } from './read-usage.ts';
import type { RequestLife } from './request-life.ts';
import type { RequestRecord } from './request-record.ts';
import type { Route } from './route.ts';
import { asProcessingError, checkResult, type Ending } from './settlement.ts';
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

/** Runs the processor for admitted requests and decides what its outcome means: done, again, later or failed. */
export class CallRunner implements AttemptOwner<RequestRecord> {
  readonly clock: Clock;
  readonly logger: EasyLogger;
  readonly #services: EngineServices;
  readonly #options: CallRunnerOptions;
  readonly #dispatcher: Dispatcher;
  readonly #life: RequestLife;
  readonly #timeoutMs: number;

  constructor(options: CallRunnerOptions, services: EngineServices) {
    this.clock = services.clock;
    this.logger = services.logger;
    this.#services = services;
    this.#options = options;
    this.#dispatcher = options.dispatcher;
    this.#life = options.life;
    this.#timeoutMs = options.config.attemptTimeoutSeconds * 1000;
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
    const now = this.clock.now();
    for (const { deployment } of attempt.visits) deployment.learner?.observed(observations, attempt.startedAt, now);
  }

  /** Puts a request back in line after a wait. */
  returnAt(record: RequestRecord, at: number): void {
    record.backoffAlarm = this.#services.alarms.set(at, () => {
      record.backoffAlarm = undefined;
      this.#dispatcher.push(record);
      this.#holding(() => eachCaller(record, (each) => this.#life.requeued(each)));
    });
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
    this.#take(attempt, () => {
      this.#blame(attempt, undefined, error);
      attempt.abandon(error);
      this.#again(attempt, { reason: 'timeout', error }, { retryable: true, failOver: true });
    });
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
    const fail = (error: unknown): void => this.#take(attempt, () => this.#handleFailure(attempt, error));
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
    reservation.ended(attempt.reservation, now);
    for (const unit of attempt.route.units) unit.accepted(attempt.startedAt);
    for (const visit of attempt.visits) {
      if (!attempt.responded) visit.responded(now);
      visit.succeeded();
      visit.deployment.learner?.accepted(attempt.startedAt, now);
    }
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

  #handleFailure(attempt: RequestAttempt, thrown: unknown): void {
    const failure = classifyFailure(thrown, this.clock.wallMs());
    // Reading what was thrown may run a stranger's code, which may have cancelled it.
    if (attempt.subject.ending) return;
    if (failure.kind === 'refused') {
      this.#refuse(attempt, failure);
      return;
    }
    this.#blame(attempt, failure, thrown);
    attempt.book(this.clock.now());
    const retryable = failure.kind === 'retryable';
    const error = asProcessingError(thrown, attempt.subject.id, attempt.attempt, retryable);
    this.#again(attempt, { reason: 'error', error }, { retryable, failOver: failure.failOver });
  }

  /** Tells the deployments of an attempt what its failure says of them; of several only the one that it names. */
  #blame(attempt: RequestAttempt, failure: Exclude<Failure, Refusal> | undefined, thrown: unknown): void {
    const { visits } = attempt;
    for (const visit of visits) {
      const { id } = visit.deployment;
      const meant = failure?.deploymentId === undefined ? visits.length === 1 : failure.deploymentId === id;
      if (meant && failure?.disables) visit.deployment.disable(thrown instanceof Error ? thrown : new Error(String(thrown)));
      if (meant && (failure === undefined || failure.cools)) {
        visit.failed();
        this.#dispatcher.choice.failed(id, this.clock.now());
      } else if (failure !== undefined && !failure.failOver) visit.succeeded();
      else visit.left();
    }
  }

  /** Back to its place, with the attempt unused; whatever refused pauses. */
  #refuse(attempt: RequestAttempt, refusal: Refusal): void {
    const { subject, route } = attempt;
    const now = this.clock.now();
    for (const visit of attempt.visits) {
      visit.left();
      visit.deployment.learner?.refused(refusal, attempt.startedAt, now);
    }
    reservation.refused(attempt.reservation, now);
    this.#dispatcher.queue.correct(subject.tenant, -subject.cost);
    const waitMs = pauseRefusing(refusal, route.units, attempt.startedAt) ?? this.#pauseRoute(route, refusal, now);
    this.#options.counters.refused++;
    // First back in line, then the news: whoever hears of it may cancel it.
    this.#dispatcher.push(subject);
    eachCaller(subject, (each) => this.#life.refused(each, attempt, now, waitMs, refusal.limitType));
    this.#dispatcher.roomCameFree();
  }

  /** Where no limit of ours refused, nothing starts there for a while. */
  #pauseRoute(route: Route, { retryAfterMs }: Refusal, now: number): number {
    const waitMs = pauseAfterRefusalMs(1, retryAfterMs);
    route.gate(now + waitMs);
    return waitMs;
  }

  /**
   * What becomes of a request whose attempt failed: another deployment takes it at once; when all have been tried the
   * round is over, and it is retried after a wait as often as it may.
   */
  #again(attempt: RequestAttempt, ending: Ending, { retryable, failOver }: { retryable: boolean; failOver: boolean }): void {
    const { subject } = attempt;
    // Whoever listens to the attempt's signal may have cancelled it just now.
    if (subject.ending) return;
    const now = this.clock.now();
    const elsewhere = failOver && this.#dispatcher.choice.routes.length > 1;
    if (elsewhere) subject.failedOn(attempt.route, !retryable);
    if (elsewhere && this.#dispatcher.choice.hasOther(subject, now)) this.#return(attempt, now, 0);
    else {
      const round = this.#endRound(subject, retryable || elsewhere);
      const { retry } = this.#options.config;
      if (round < retry.maxAttempts) this.#return(attempt, now, backoffMs(retry, round, this.#services.random));
      else this.#fail(subject, ending, attempt);
    }
    this.#dispatcher.roomCameFree();
  }

  /**
   * How many rounds are over; Infinity where another one would be no use. What would fail here again may still
   * succeed where it was not tried, since nothing could start there.
   */
  #endRound(subject: RequestRecord, worthwhile: boolean): number {
    return worthwhile && !this.#dispatcher.choice.hopeless(subject) ? subject.endRound() : Number.POSITIVE_INFINITY;
  }

  #return(attempt: RequestAttempt, now: number, delayMs: number): void {
    const { subject } = attempt;
    this.#options.counters.retried++;
    // First its return, then the news: whoever hears of it may cancel it.
    if (delayMs > 0) this.returnAt(subject, now + delayMs);
    else this.#dispatcher.push(subject);
    eachCaller(subject, (each) => this.#life.retrying(each, attempt, now, delayMs));
  }
}

/** Acts on a request and on every other that shares its call; those that end meanwhile are left alone. */
function eachCaller(record: RequestRecord, act: (record: RequestRecord) => void): void {
  if (record.sharedCall === undefined) act(record);
  else for (const sharer of [...record.sharedCall.sharers]) if (sharer === record || !sharer.ending) act(sharer);
}
