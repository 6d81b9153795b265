import type { Clock, TimerHandle } from '../../domain/clock.ts';
import { RequestCancelled, textOf } from '../../domain/errors.ts';
import type { EasyLogger } from '../../domain/logger.ts';
import { AbortLinks } from '../../engine/abort-links.ts';
import type { RequestHandle } from '../../engine/request-handle.ts';
import { type Dispatch, type JobOutcome, outcomeOf } from './dispatch.ts';
import { type EngineQueues, pinnedNeeds } from './engine-queues.ts';
import type { Job } from './job.ts';
import type { LoadBalancer } from './load-balancer.ts';
import type { QueueNeed } from './preference-queues.ts';
import type { ModelKind } from './queue-deployments.ts';
import type { RequestScheduler, ScheduledRequest } from './scheduler.ts';
import { timedOutInQueue } from './seed-texts.ts';

/** Before a scheduler that threw is asked again. */
const AFTER_THROW_MS = 1_000;

export interface PluggedDispatchOptions {
  readonly scheduler: RequestScheduler;
  readonly balancers: Readonly<Record<ModelKind, LoadBalancer>>;
  /** When balancers that don't tell when a model takes a call are asked again, in ms. */
  readonly askAgainMs: Readonly<Record<ModelKind, number>>;
  readonly requestTimeoutSeconds: number;
  readonly queues: EngineQueues;
  readonly clock: Clock;
  readonly logger: EasyLogger;
}

interface Waiting {
  readonly job: Job;
  readonly settle: (outcome: JobOutcome | Promise<JobOutcome>) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: TimerHandle;
  /** Set once the engine has it. */
  handle: RequestHandle | undefined;
  /** How it ends, where the engine is only told to let it go. */
  ending: JobOutcome | undefined;
}

type Picked = Partial<Record<ModelKind, string>>;

/**
 * By a scheduler and balancers of the user's: they say who is next and where, the engine keeps the limits there. They are
 * asked when a request comes, when one ends, and at the moment at which a balancer says that it has something.
 */
export class PluggedDispatch implements Dispatch {
  readonly #options: PluggedDispatchOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #links = new AbortLinks<string>((reqId, reason) => this.#cancel(reqId, reason));
  #timer: TimerHandle;
  #stopped = false;

  constructor(options: PluggedDispatchOptions) {
    this.#options = options;
  }

  run(job: Job): Promise<JobOutcome> {
    const { clock, requestTimeoutSeconds, scheduler } = this.#options;
    const { reqId, userId, reqType, preferences, signal } = job;
    const request = { reqId, userId, reqType, modelPref: preferences };
    scheduler.addRequest(request);
    return new Promise((settle, reject) => {
      const timedOut = (): JobOutcome => ({ status: 'failed', reason: 'timeout', cause: timedOutInQueue(reqId, requestTimeoutSeconds) });
      const timer = clock.setTimeout(() => this.#fail(reqId, timedOut()), requestTimeoutSeconds * 1000);
      this.#waiting.set(reqId, { job, settle, reject, timer, handle: undefined, ending: undefined });
      if (signal?.aborted) this.#cancel(reqId, signal.reason);
      else {
        if (signal) this.#links.link(signal, reqId);
        this.#pass();
      }
    });
  }

  stop(error: Error): void {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#timer);
    for (const reqId of [...this.#waiting.keys()]) this.#fail(reqId, { status: 'failed', reason: 'shutdown', cause: error });
  }

  /** Starts whatever can start, in the scheduler's order. */
  #pass(): void {
    const { clock, logger, scheduler } = this.#options;
    clock.clearTimeout(this.#timer);
    let askAgainMs: number | undefined;
    try {
      for (const request of scheduler.getTopRequestsModelPrefs().waitingRequests) {
        if (this.#canStart(request)) this.#start(scheduler.popTopWaitingRequest(request.reqId));
      }
      for (let head = scheduler.getTopRequestsModelPrefs().newRequest; head; head = scheduler.getTopRequestsModelPrefs().newRequest) {
        if (!this.#canStart(head) && !this.#stepsAside(head)) break;
        const request = scheduler.popTopNewRequest();
        if (request === undefined) break;
        this.#start(request);
      }
      askAgainMs = this.#nextMoment();
    } catch (error) {
      logger.error({ reason: textOf(error) }, 'the scheduler threw; it is asked again in a second');
      askAgainMs = AFTER_THROW_MS;
    }
    const someWait = [...this.#waiting.values()].some(({ handle }) => handle === undefined);
    if (someWait && askAgainMs !== undefined && !this.#stopped) this.#timer = clock.setTimeout(() => this.#pass(), askAgainMs);
  }

  #canStart({ reqId }: ScheduledRequest): boolean {
    const waiting = this.#waiting.get(reqId);
    if (waiting === undefined) return true;
    return waiting.job.needs.every(({ kind, modelId }) => this.#options.balancers[kind].hasAvailableLlm(modelId));
  }

  #stepsAside({ reqId }: ScheduledRequest): boolean {
    if (this.#options.scheduler.stepAside === 'all') return true;
    return this.#waiting.get(reqId)?.job.needs.some(({ modelId }) => modelId !== undefined) ?? false;
  }

  /** Starts a request that the scheduler handed out, on the models that it asked for itself; back to the others where they are busy. */
  #start(request: ScheduledRequest | undefined): void {
    const waiting = request && this.#waiting.get(request.reqId);
    if (request === undefined || waiting === undefined) return;
    const picked = this.#canStart(request) ? this.#pick(waiting.job) : undefined;
    try {
      if (picked === undefined) this.#options.scheduler.addRequestToWaitQueue(request);
      else this.#submit(waiting, picked);
    } catch (error) {
      // A full wait queue is one caller's error.
      this.#forget(waiting);
      waiting.reject(error);
    }
  }

  #pick({ needs, preferences }: Job): Picked | undefined {
    const picked: Picked = {};
    for (const { kind, modelId } of needs) {
      const calls = kind === 'llm' ? preferences.numLlmCallsPerReq : preferences.numEmbCallsPerReq;
      const id = this.#options.balancers[kind].getAvailableLlmId(calls, modelId);
      if (id === undefined) return undefined;
      picked[kind] = id;
    }
    return picked;
  }

  #submit(waiting: Waiting, picked: Picked): void {
    const { job } = waiting;
    const handle = this.#options.queues.submit({ ...job, onStarted: () => this.#started(waiting) }, pinnedNeeds(job, picked));
    waiting.handle = handle;
    const ended = handle.response.then((response) => {
      const outcome = waiting.ending ?? outcomeOf(response);
      this.#forget(waiting);
      this.#registerError(outcome);
      this.#pass();
      return outcome;
    });
    waiting.settle(ended);
  }

  #started(waiting: Waiting): void {
    this.#options.clock.clearTimeout(waiting.timer);
    waiting.job.onStarted();
  }

  #registerError(outcome: JobOutcome): void {
    const failed = outcome.status === 'failed' ? outcome.failure?.failed : undefined;
    if (failed === undefined) return;
    const kind = failed.modelType === 'embeddings' ? 'embedding' : 'llm';
    this.#options.balancers[kind].registerError(failed.uniqueModelId);
  }

  /** When a balancer may have something for a request that waits; undefined: only events can tell. */
  #nextMoment(): number | undefined {
    const { askAgainMs, balancers } = this.#options;
    const asked = new Map<string, QueueNeed>();
    for (const { job, handle } of this.#waiting.values()) {
      if (handle === undefined) for (const need of job.needs) asked.set(JSON.stringify(need), need);
    }
    let least: number | undefined;
    for (const { kind, modelId } of asked.values()) {
      const balancer = balancers[kind];
      const ms = balancer.msUntilAvailable === undefined ? askAgainMs[kind] : balancer.msUntilAvailable(modelId);
      // One that has something now has it only for others, or contradicts itself: then a second is soon enough.
      if (ms !== undefined) least = Math.min(least ?? AFTER_THROW_MS, ms > 0 ? ms : AFTER_THROW_MS);
    }
    return least;
  }

  #cancel(reqId: string, reason: unknown): void {
    this.#fail(reqId, { status: 'failed', reason: 'cancelled', cause: new RequestCancelled(reqId, reason) });
  }

  #fail(reqId: string, outcome: JobOutcome): void {
    const waiting = this.#waiting.get(reqId);
    if (waiting === undefined) return;
    if (waiting.handle !== undefined) {
      waiting.ending ??= outcome;
      waiting.handle.cancel();
      return;
    }
    this.#forget(waiting);
    waiting.settle(outcome);
  }

  #forget(waiting: Waiting): void {
    const { job, timer } = waiting;
    this.#options.clock.clearTimeout(timer);
    if (job.signal) this.#links.unlink(job.signal, job.reqId);
    if (this.#waiting.delete(job.reqId)) this.#guarded(() => this.#options.scheduler.removeRequestById(job.reqId));
  }

  /** A part of the user's that throws must not take the others' requests along. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.logger.error({ reason: textOf(error) }, 'the scheduler threw');
    }
  }
}
