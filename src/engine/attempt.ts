import type { Clock } from '../domain/clock.ts';
import type { LimitObservation } from '../domain/limit-observation.ts';
import { isTokenCount, type TokenCounts } from '../domain/limit-types.ts';
import type { EasyLogger } from '../domain/logger.ts';
import type { Alarm } from '../lib/alarms.ts';
import { type Reservation, reservation } from '../limits/limit-set.ts';
import { observedIn } from './observed-headers.ts';
import type { ProcessorContext, UsageReport } from './processor.ts';
import type { Route } from './route.ts';
import type { Visit } from './visit.ts';

/** The request an attempt is made for. */
export interface AttemptSubject {
  readonly id: string;
  readonly attempts: number;
  used: TokenCounts | undefined;
}

/** Where an attempt runs and what it holds there. */
export interface Placed {
  readonly held: Reservation;
  readonly route: Route;
  readonly visits: readonly Visit[];
}

/** What an attempt tells while it runs. */
export interface AttemptOwner<S extends AttemptSubject> {
  readonly clock: Clock;
  readonly logger: EasyLogger;
  /** A call that was deferred is on the wire now, so it is known when its room comes back. */
  attemptWritten(): void;
  attemptResponded(attempt: Attempt<S>): void;
  attemptUsed(attempt: Attempt<S>, usage: TokenCounts): void;
  attemptTimedOut(attempt: Attempt<S>): void;
  attemptObserved(attempt: Attempt<S>, observations: readonly LimitObservation[]): void;
}

const NOTHING_OBSERVED: readonly LimitObservation[] = [];

/** One call of the processor for a request: the context that the processor sees, and the alarm for its time limit. */
export class Attempt<S extends AttemptSubject> implements ProcessorContext, Alarm {
  /** The request; changes when the caller that started a shared call leaves. */
  subject: S;
  readonly attempt: number;
  readonly reservation: Reservation;
  readonly route: Route;
  /** Its stay at each deployment of the route. */
  readonly visits: readonly Visit[];
  readonly startedAt: number;
  /** When it has run too long; monotonic. */
  readonly at: number;
  heapIndex = -1;
  /** Its outcome is known, or nobody waits for it any more. */
  over = false;
  deferred = false;
  /** What the headers of a refusal said of the limits. */
  refusalObserved: readonly LimitObservation[] = NOTHING_OBSERVED;
  responded = false;
  /** Some of its answer is with its reader: nothing may be tried again. */
  delivered = false;
  readonly #owner: AttemptOwner<S>;
  #controller: AbortController | undefined = undefined;

  constructor(owner: AttemptOwner<S>, subject: S, { held, route, visits }: Placed, startedAt: number, timeoutMs: number) {
    this.#owner = owner;
    this.subject = subject;
    this.attempt = subject.attempts;
    this.reservation = held;
    this.route = route;
    this.visits = visits;
    this.startedAt = startedAt;
    this.at = startedAt + timeoutMs;
  }

  /** Made on first use: many processors are quicker than an AbortController is. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  get logger(): EasyLogger {
    return this.#owner.logger;
  }

  get deploymentId(): string | undefined {
    return this.route.id === '' ? undefined : this.route.id;
  }

  get deploymentIds(): readonly string[] {
    return this.route.deploymentIds;
  }

  /** Whether the provider has heard of it, so that its outcome may say something of the provider. */
  get sent(): boolean {
    return !this.deferred || this.responded;
  }

  ring(): void {
    this.#owner.attemptTimedOut(this);
  }

  // Getters, so that a processor may take these out of its context; a closure is made only where one is asked for.
  get reportUsage(): (usage: UsageReport) => void {
    return (usage) => this.#reportUsage(usage);
  }

  get responseStarted(): (headers?: unknown) => void {
    return (headers) => this.#responseStarted(headers);
  }

  get limitsObserved(): (observations: readonly LimitObservation[], accepted?: boolean) => void {
    return (observations, accepted = true) => this.#limitsObserved(observations, accepted);
  }

  get deliveryStarted(): () => void {
    return () => {
      this.delivered = true;
    };
  }

  get deferSend(): () => () => void {
    return () => this.#deferSend();
  }

  /** Ends the attempt from outside: its call may go on, but nobody listens. What was never sent costs nothing. */
  abandon(reason: Error): void {
    this.over = true;
    for (const visit of this.visits) visit.left();
    this.book(this.#owner.clock.now());
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  /**
   * Books an attempt that ended without a result: what was never sent costs nothing, a response proves that it was
   * counted, and without one it may still reach the provider.
   */
  book(now: number): void {
    if (this.deferred) reservation.release(this.reservation, now);
    else if (this.responded) reservation.ended(this.reservation, now);
    else reservation.abandoned(this.reservation, now);
  }

  #reportUsage(usage: UsageReport): void {
    if (!isTokenCount(usage?.inputTokens) || !isTokenCount(usage?.outputTokens)) {
      this.#owner.logger.warn({ requestId: this.subject.id }, 'reportUsage ignored: expected inputTokens and outputTokens, numbers ≥ 0');
      return;
    }
    // A given-up attempt may still report: that corrects its own reservation, not what the next attempt uses.
    if (!this.over) this.subject.used = usage;
    this.#owner.attemptUsed(this, usage);
  }

  #limitsObserved(observations: readonly LimitObservation[], accepted: boolean): void {
    if (accepted) this.#owner.attemptObserved(this, observations);
    else this.refusalObserved = observations;
  }

  #responseStarted(headers: unknown): void {
    if (this.over || this.responded) return;
    this.responded = true;
    const now = this.#owner.clock.now();
    reservation.responded(this.reservation, now);
    for (const visit of this.visits) visit.responded(now);
    this.#owner.attemptResponded(this);
    const observed = headers === undefined ? undefined : observedIn(this.route, headers, this.#owner.clock.wallMs());
    if (observed !== undefined) this.#limitsObserved(observed, true);
  }

  #deferSend(): () => void {
    this.deferred = true;
    return () => {
      if (!this.deferred) return;
      this.deferred = false;
      const now = this.#owner.clock.now();
      if (this.over) reservation.escaped(this.reservation, now);
      else reservation.written(this.reservation, now);
      this.#owner.attemptWritten();
    };
  }
}
