import type { RequestEvent } from '../../machines/request-machine.ts';
import type { Attempt } from './attempt.ts';
import type { EngineEvent } from './engine-event.ts';
import type { EngineServices } from './engine-services.ts';
import type { History } from './history.ts';
import type { QueueCounters } from './queue-counters.ts';
import type { SettledResponse } from './queue-response.ts';
import type { RequestRecord } from './request-record.ts';
import { completedResponse, type Ending, failedResponse } from './settlement.ts';

type RequestAttempt = Attempt<RequestRecord>;

const RESPONSE_STARTED: RequestEvent = { type: 'RESPONSE_STARTED' };
const REFUSED: RequestEvent = { type: 'REFUSED' };
const RETRY_SCHEDULED: RequestEvent = { type: 'RETRY_SCHEDULED' };
const BACKOFF_ELAPSED: RequestEvent = { type: 'BACKOFF_ELAPSED' };
const COMPLETED: RequestEvent = { type: 'COMPLETED' };

export interface RequestLifeOptions {
  readonly modelId: string;
  readonly counters: QueueCounters;
  readonly history: History;
  /** A request became pending: it may wait only so long. */
  readonly onWaiting: (record: RequestRecord, now: number) => void;
  readonly onSettled: () => void;
}

/**
 * The steps of one request's life: each keeps the counts, says on `events$` what happened and tells its actor, in
 * this order, because subscribers of an actor hear at once. Callers hold the outbox until all else is right.
 */
export class RequestLife {
  readonly #services: EngineServices;
  readonly #options: RequestLifeOptions;
  readonly #counters: QueueCounters;

  constructor(options: RequestLifeOptions, services: EngineServices) {
    this.#options = options;
    this.#counters = options.counters;
    this.#services = services;
  }

  submitted(record: RequestRecord): void {
    this.#services.live.set(record.id, record);
    this.#counters.submitted++;
    this.#counters.live++;
    this.#counters.inputTokensEstimated += record.inputTokens;
    this.#counters.outputTokensEstimated += record.outputTokens;
    if (this.#observed) this.#emit({ type: 'request-submitted', ...this.#facts(record) });
  }

  admitted(record: RequestRecord, attempt: RequestAttempt, now: number): void {
    record.waitedMs += now - record.pendingSince;
    record.attempts = attempt.attempt;
    this.#services.alarms.clear(record.waitAlarm);
    this.#counters.processing++;
    if (this.#observed)
      this.#emit({ type: 'request-admitted', ...this.#facts(record), attempt: record.attempts, queueMs: record.waitedMs });
    record.tell({ type: 'ADMITTED', attempt: attempt.attempt }, 'calling');
  }

  responding(record: RequestRecord): void {
    if (record.status === 'processing') record.tell(RESPONSE_STARTED, 'responding');
  }

  refused(record: RequestRecord, attempt: RequestAttempt, now: number, retryAfterMs: number, limitType: string | undefined): void {
    record.attempts = attempt.attempt - 1;
    if (this.#observed) this.#emit({ type: 'request-refused', ...this.#facts(record), retryAfterMs, limitType });
    this.#pendingAgain(record, now, REFUSED, 'queued');
  }

  retrying(record: RequestRecord, attempt: RequestAttempt, now: number, delayMs: number): void {
    if (this.#observed) this.#emit({ type: 'request-retried', ...this.#facts(record), attempt: attempt.attempt, delayMs });
    this.#pendingAgain(record, now, RETRY_SCHEDULED, 'backoff');
    // Another deployment takes it at once.
    if (delayMs === 0) this.requeued(record);
  }

  requeued(record: RequestRecord): void {
    if (record.status === 'pending') record.tell(BACKOFF_ELAPSED, 'queued');
  }

  completed(record: RequestRecord, result: unknown, attempt: RequestAttempt, now: number): void {
    if (record.status === 'pending') this.admitted(record, attempt, now);
    this.#counters.completed++;
    this.#counters.processing--;
    const { attempts, waitedMs: queueMs } = record;
    if (this.#observed) this.#emit({ type: 'request-completed', ...this.#facts(record), attempts, queueMs });
    record.tell(COMPLETED, undefined);
    this.#settle(record, attempt, completedResponse(record, result, now - attempt.startedAt, attempt.deploymentId), now);
  }

  failed(record: RequestRecord, ending: Ending, attempt: RequestAttempt | undefined, now: number): void {
    const { reason, error } = ending;
    if (record.status === 'processing') this.#counters.processing--;
    else record.waitedMs += now - record.pendingSince;
    record.request.error = error.message;
    this.#counters.failed++;
    const { attempts, waitedMs: queueMs } = record;
    if (this.#observed) this.#emit({ type: 'request-failed', ...this.#facts(record), attempts, queueMs, reason, code: error.code });
    record.tell({ type: 'FAILED', reason, code: error.code }, undefined);
    this.#settle(record, attempt, failedResponse(record, ending, attempt && now - attempt.startedAt, attempt?.deploymentId), now);
  }

  #pendingAgain(record: RequestRecord, now: number, event: RequestEvent, phase: 'queued' | 'backoff'): void {
    record.attempt = undefined;
    // A follower that joined in this very moment has not been admitted yet.
    if (record.status !== 'processing') return;
    record.used = undefined;
    record.pendingSince = now;
    this.#counters.processing--;
    this.#options.onWaiting(record, now);
    record.tell(event, phase);
  }

  #settle(record: RequestRecord, attempt: RequestAttempt | undefined, response: SettledResponse, now: number): void {
    const { alarms, live, abortLinks } = this.#services;
    alarms.clear(record.waitAlarm);
    alarms.clear(record.deadlineAlarm);
    if (record.request.signal !== undefined) abortLinks.unlink(record.request.signal, record);
    live.delete(record.id);
    this.#counters.live--;
    const { used } = record;
    if (used !== undefined) {
      record.request.actualInputTokens = used.inputTokens;
      record.request.actualOutputTokens = used.outputTokens;
      if (record.leader === record) {
        this.#counters.inputTokensUsed += used.inputTokens;
        this.#counters.outputTokensUsed += used.outputTokens;
      }
    }
    const charged = used === undefined ? record.cost : used.inputTokens + used.outputTokens;
    this.#options.history.add({ response, settledAt: now, reservation: attempt?.reservation, tenant: record.tenant, charged });
    record.attempt = undefined;
    record.answer(response);
    this.#options.onSettled();
  }

  get #observed(): boolean {
    return this.#services.events.observed;
  }

  #facts(record: RequestRecord) {
    return { at: this.#services.clock.wallMs(), modelId: this.#options.modelId, requestId: record.id, tenant: record.request.tenant };
  }

  #emit(event: EngineEvent): void {
    this.#services.events.emit(event);
  }
}
