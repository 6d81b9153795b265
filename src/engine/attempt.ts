import type { Clock } from '../domain/clock.ts';
import type { TokenCounts } from '../domain/limit-types.ts';
import type { Logger } from '../domain/logger.ts';
import { type Reservation, reservation } from '../limits/limit-set.ts';
import type { Alarm } from './alarms.ts';
import type { QueueRequest } from './queue-request.ts';
import type { RequestRecord } from './request-record.ts';

/** Tokens that a call really used. */
export interface UsageReport extends TokenCounts {
  /** Part of the input that the provider had cached; informative. */
  readonly cachedInputTokens?: number;
}

/** What a processor gets beside the request. */
export interface ProcessorContext {
  /** Aborts when the request is cancelled, times out or the engine is forced to stop. Pass it to the call. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly logger: Logger;
  /** Corrects the reserved tokens to what was used; the last report counts. */
  reportUsage(usage: UsageReport): void;
  /**
   * Tells that response headers have arrived, so the provider has counted the call. Streaming calls that say so
   * free their limits earlier than those that only return.
   */
  responseStarted(headers?: unknown): void;
  /**
   * Tells that the call is not on the wire yet, as while it connects; call the returned function when it is. Must
   * be called before the processor's first `await`. Without it a call counts as written when the processor starts.
   */
  deferSend(): () => void;
}

/** The user's own function that does the call. */
export type Processor<P = unknown, R = unknown> = (request: QueueRequest<P>, context: ProcessorContext) => Promise<R> | R;

/** What an attempt tells the queue while it runs. */
export interface AttemptOwner {
  readonly clock: Clock;
  readonly logger: Logger;
  attemptResponded(attempt: Attempt): void;
  attemptUsed(attempt: Attempt, usage: UsageReport): void;
}

/** One call of the processor for a request, and the context that the processor sees. */
export class Attempt implements ProcessorContext {
  /** Changes hands when the caller that started a shared call leaves. */
  record: RequestRecord;
  readonly attempt: number;
  readonly reservation: Reservation;
  readonly startedAt: number;
  timeout: Alarm | undefined = undefined;
  /** Its outcome is known, or nobody waits for it any more. */
  over = false;
  deferred = false;
  responded = false;
  readonly #owner: AttemptOwner;
  #controller: AbortController | undefined = undefined;

  constructor(owner: AttemptOwner, record: RequestRecord, held: Reservation, startedAt: number) {
    this.#owner = owner;
    this.record = record;
    this.attempt = record.attempts;
    this.reservation = held;
    this.startedAt = startedAt;
  }

  /** Made on first use: most processors of a busy engine are quicker than an AbortController is. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  get logger(): Logger {
    return this.#owner.logger;
  }

  reportUsage(usage: UsageReport): void {
    if (!isCount(usage?.inputTokens) || !isCount(usage?.outputTokens)) {
      this.#owner.logger.warn(
        { requestId: this.record.id },
        'reportUsage ignored: expected inputTokens and outputTokens, whole numbers ≥ 0',
      );
      return;
    }
    this.#owner.attemptUsed(this, usage);
  }

  responseStarted(_headers?: unknown): void {
    if (this.over || this.responded) return;
    this.responded = true;
    reservation.responded(this.reservation, this.#owner.clock.now());
    this.#owner.attemptResponded(this);
  }

  deferSend(): () => void {
    this.deferred = true;
    return () => {
      if (!this.deferred) return;
      this.deferred = false;
      reservation.written(this.reservation, this.#owner.clock.now());
    };
  }

  /** Ends the attempt from outside: its call may go on, but nobody listens. */
  abandon(reason: Error): void {
    this.over = true;
    const now = this.#owner.clock.now();
    if (this.deferred) reservation.release(this.reservation, now);
    else reservation.abandoned(this.reservation, now);
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
