import type { ParsedModelConfig } from '../config/model-config.ts';
import type { Clock } from '../domain/clock.ts';
import { type AttemptTimeout, textOf } from '../domain/errors.ts';
import { reservation } from '../limits/limit-set.ts';
import { backoffMs, pauseAfterRefusalMs } from '../scheduling/backoff.ts';
import { classifyFailure, type Failure, FINAL } from '../scheduling/classify-failure.ts';
import type { Attempt } from './attempt.ts';
import type { Dispatcher } from './dispatcher.ts';
import { eachCaller } from './each-caller.ts';
import type { EngineServices } from './engine-services.ts';
import { pauseRefusing, type Refusal } from './pause-refusing.ts';
import type { QueueCounters } from './queue-counters.ts';
import type { RequestLife } from './request-life.ts';
import type { RequestRecord } from './request-record.ts';
import type { Route } from './route.ts';
import { asProcessingError, type Ending } from './settlement.ts';

type RequestAttempt = Attempt<RequestRecord>;

interface FailureHandlingOptions {
  readonly config: ParsedModelConfig;
  readonly dispatcher: Dispatcher;
  readonly life: RequestLife;
  readonly counters: QueueCounters;
  /** Ends a request for good. */
  readonly fail: (record: RequestRecord, ending: Ending, attempt: RequestAttempt) => void;
}

/** What a failed attempt leaves to hope for. */
interface Outlook {
  readonly retryable: boolean;
  readonly failOver: boolean;
  /** Before the same deployment is tried again. */
  readonly leastWaitMs: number;
}

/** Decides what a failed attempt means: back to its place, another deployment at once, again later, or the end. */
export class FailureHandling {
  readonly #services: EngineServices;
  readonly #options: FailureHandlingOptions;
  readonly #clock: Clock;
  readonly #dispatcher: Dispatcher;
  readonly #life: RequestLife;

  constructor(options: FailureHandlingOptions, services: EngineServices) {
    this.#services = services;
    this.#options = options;
    this.#clock = services.clock;
    this.#dispatcher = options.dispatcher;
    this.#life = options.life;
  }

  timedOut(attempt: RequestAttempt, error: AttemptTimeout): void {
    this.#blame(attempt, undefined, error);
    attempt.abandon(error);
    this.#again(attempt, { reason: 'timeout', error }, { retryable: true, failOver: true, leastWaitMs: 0 });
  }

  /** Puts a request back in line after a wait. */
  returnAt(record: RequestRecord, at: number): void {
    record.backoffAlarm = this.#services.alarms.set(at, () => {
      record.backoffAlarm = undefined;
      this.#dispatcher.push(record);
      this.#services.outbox.hold();
      try {
        eachCaller(record, (each) => this.#life.requeued(each));
      } finally {
        this.#services.outbox.release();
      }
    });
  }

  /** The processor threw. */
  failed(attempt: RequestAttempt, thrown: unknown): void {
    const said = classifyFailure(thrown, this.#clock.wallMs());
    // Reading what was thrown may run a stranger's code, which may have cancelled it.
    if (attempt.subject.ending) return;
    if (said.kind === 'refused' && !attempt.delivered) {
      this.#refuse(attempt, said);
      return;
    }
    // Whoever has some of an answer was not refused.
    const failure = said.kind === 'refused' ? FINAL : said;
    this.#blame(attempt, failure, thrown);
    attempt.book(this.#clock.now());
    const retryable = failure.kind === 'retryable';
    const error = asProcessingError(thrown, attempt.subject.id, attempt.attempt, retryable);
    this.#again(attempt, { reason: 'error', error }, { retryable, failOver: failure.failOver, leastWaitMs: failure.retryAfterMs ?? 0 });
  }

  /** Tells the deployments of an attempt what its failure says of them; of several only the one that it names. */
  #blame(attempt: RequestAttempt, failure: Exclude<Failure, Refusal> | undefined, thrown: unknown): void {
    const { visits } = attempt;
    for (const visit of visits) {
      const { id } = visit.deployment;
      const meant = failure?.deploymentId === undefined ? visits.length === 1 : failure.deploymentId === id;
      if (meant && failure?.disables) visit.deployment.disable(asError(thrown), failure.untilMs);
      if (meant && (failure === undefined || failure.cools)) {
        visit.failed(asError(thrown));
        this.#dispatcher.choice.failed(id, this.#clock.now());
      } else if (failure !== undefined && !failure.failOver && attempt.sent) visit.succeeded();
      else visit.left();
    }
  }

  /** Back to its place, with the attempt unused; whatever refused pauses. */
  #refuse(attempt: RequestAttempt, refusal: Refusal): void {
    const { subject, route } = attempt;
    const now = this.#clock.now();
    for (const visit of attempt.visits) {
      if (refusal.slowDown) visit.deployment.slowDown(attempt.startedAt);
      // Neither growing too fast nor what the provider has no room for says anything of our limits.
      else if (!refusal.capacity) visit.answered({ ...refusal, outcome: 'refused', observations: attempt.refusalObserved }, now);
      visit.left();
    }
    reservation.refused(attempt.reservation, now);
    this.#dispatcher.queue.correct(subject.tenant, -subject.cost);
    const paused = refusal.capacity ? undefined : pauseRefusing(refusal, route.units, attempt.startedAt);
    const waitMs = paused ?? this.#pauseRoute(route, refusal, now);
    this.#options.counters.refused++;
    // First back in line, then the news: whoever hears of it may cancel it.
    this.#dispatcher.push(subject);
    eachCaller(subject, (each) => this.#life.refused(each, attempt, now, waitMs, refusal.limitType));
    this.#dispatcher.roomCameFree();
  }

  /** Where no limit of ours refused, nothing starts there for a while. */
  #pauseRoute(route: Route, { retryAfterMs, capacity, slowDown }: Refusal, now: number): number {
    if (route.pacesRefused && !capacity && !slowDown) return retryAfterMs ?? 0;
    const waitMs = pauseAfterRefusalMs(1, retryAfterMs);
    route.gate(now + waitMs);
    return waitMs;
  }

  /**
   * What becomes of a request whose attempt failed: it ends where some of its answer is delivered; else another deployment takes it at once; when all have been tried the
   * round is over, and it is retried after a wait as often as it may.
   */
  #again(attempt: RequestAttempt, ending: Ending, { retryable, failOver, leastWaitMs }: Outlook): void {
    const { subject } = attempt;
    // Whoever listens to the attempt's signal may have cancelled it just now.
    if (subject.ending) return;
    if (attempt.delivered) {
      this.#options.fail(subject, ending, attempt);
      this.#dispatcher.roomCameFree();
      return;
    }
    const now = this.#clock.now();
    const elsewhere = failOver && this.#dispatcher.choice.routes.length > 1;
    if (elsewhere) subject.failedOn(attempt.route, !retryable);
    const { retry } = this.#options.config;
    const { choice, paced } = this.#dispatcher;
    const otherAt = elsewhere ? choice.otherAt(subject, now, paced) : undefined;
    if (otherAt !== undefined && otherAt <= now + retry.maxDelayMs) this.#return(attempt, now, 0);
    else if (this.#mayRetry(subject, retryable || elsewhere)) {
      this.#return(attempt, now, Math.max(leastWaitMs, backoffMs(retry, subject.endRound(), this.#services.random)));
    } else if (otherAt !== undefined) {
      // Its limit takes longer than any backoff, but no retry is left.
      this.#return(attempt, now, 0);
    } else this.#options.fail(subject, ending, attempt);
    this.#dispatcher.roomCameFree();
  }

  /**
   * Whether another round is allowed and of use. What would fail here again may still succeed where it was not
   * tried, since nothing could start there.
   */
  #mayRetry(subject: RequestRecord, worthwhile: boolean): boolean {
    return (
      worthwhile &&
      subject.rounds + 1 < this.#options.config.retry.maxAttempts &&
      !this.#dispatcher.choice.hopeless(subject, this.#clock.now())
    );
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

/** A stranger's object may throw when it is looked at. */
function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown;
  } catch {
    // What cannot be looked at is no error to hand on.
  }
  return new Error(textOf(thrown), { cause: thrown });
}
