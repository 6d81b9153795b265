import type { Clock } from '../../domain/clock.ts';
import { textOf } from '../../domain/errors.ts';
import type { Logger } from '../../domain/logger.ts';
import type { PendingWork, RequestJournal, WorkOutcome } from '../../domain/request-journal.ts';
import type { RequestHandle } from '../../engine/request-handle.ts';
import { Deferred } from '../../lib/deferred.ts';
import type { ModelCalls } from '../calls/call-request.ts';
import { Lane, type Running } from './lane.ts';
import type { OutcomeWriter } from './outcome-writer.ts';
import { runWork, type WorkEnd } from './run-work.ts';
import type { StatusHub } from './status-hub.ts';

export interface WorkRunnerParts {
  readonly journal: RequestJournal;
  readonly calls: ModelCalls;
  readonly writer: OutcomeWriter;
  readonly hub: StatusHub;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<RunnerLimits> | undefined;
}

/** How much may be in hand at once, standing in a queue or being called. */
export interface RunnerLimits {
  /** Of a lane. */
  readonly running: number;
  /** Of all lanes; what is kept in memory is bounded by it. */
  readonly total: number;
  /** Most characters of the bodies of all that; a single one may be larger. */
  readonly characters: number;
}

const LIMITS: RunnerLimits = { running: 500, total: 2000, characters: 128 * 1024 * 1024 };
const READ_AT_ONCE = { count: 64, characters: 8 * 1024 * 1024 };
/** Below that many, more are read. */
const FEW_READY = 32;
const STORE_RETRY_MS = 1000;
const SHUTTING_DOWN = 'The gateway is shutting down.';
/** Most ids that are remembered as refused: some megabytes of them. */
const MOST_REFUSED = 50_000;
/** What may not stand in line is asked again that late at the latest: what kept it may have been changed. */
const LONGEST_POSTPONEMENT_MS = 60_000;

/** Does the work of the journal: takes it lane by lane, has the calls made, and writes down how they ended. */
export class WorkRunner {
  readonly #parts: WorkRunnerParts;
  readonly #limits: RunnerLimits;
  readonly #lanes = new Map<string, Lane>();
  /** Whoever handed it in was told that it wasn't taken. */
  readonly #refused = new Set<string>();
  #running = 0;
  #characters = 0;
  #isFilling = false;
  #isStopped = false;
  #idle: Deferred<void> | undefined;

  constructor(parts: WorkRunnerParts) {
    this.#parts = parts;
    this.#limits = { ...LIMITS, ...parts.limits };
  }

  /** There is work in a lane. */
  wake(key: string): void {
    if (this.#isStopped) return;
    this.#lane(key, false).wake();
    this.#fillSoon();
  }

  /**
   * Does all the work of a lane to which nothing is added any more. Resolves once every piece has an outcome, or it was closed and
   * nothing of it runs: true; or once nothing is done any more: false.
   */
  async finish(key: string): Promise<boolean> {
    if (this.#isStopped) return false;
    const lane = this.#lane(key, true);
    this.#fillSoon();
    return (await lane.drained?.promise) ?? false;
  }

  /** Starts nothing of a lane any more and takes out of the queue what stands there; what is being called goes on. */
  close(key: string, reason: string): void {
    this.#lanes.get(key)?.close(reason);
    this.#fillSoon();
  }

  /** Breaks off a single request that has its outcome already, whatever it is doing. */
  drop(id: string, reason: string): void {
    for (const lane of this.#lanes.values()) lane.drop(id, reason);
  }

  /** Should a request of this id be in the journal, it is not done: nobody was told that it is there. */
  refuse(id: string): void {
    this.#refused.add(id);
    const [oldest] = this.#refused;
    if (this.#refused.size > MOST_REFUSED && oldest !== undefined) this.#refused.delete(oldest);
  }

  /** Starts nothing any more and takes out of the queues what stands there; resolves once nothing runs. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const lane of this.#lanes.values()) {
      lane.close(SHUTTING_DOWN);
      lane.drained?.resolve(false);
    }
    if (this.#running === 0) return;
    this.#idle ??= new Deferred();
    await this.#idle.promise;
  }

  /** Breaks off everything that runs, to be done after the restart. */
  abandon(): void {
    for (const lane of this.#lanes.values()) for (const { abort } of lane.running.values()) abort.abort(SHUTTING_DOWN);
  }

  #lane(key: string, isAwaited: boolean): Lane {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new Lane(key, isAwaited);
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  get #isFull(): boolean {
    return this.#running >= this.#limits.total || this.#characters >= this.#limits.characters;
  }

  /** Once for whatever happens at the same moment. */
  #fillSoon(): void {
    if (this.#isFilling || this.#isStopped) return;
    this.#isFilling = true;
    void Promise.resolve().then(() => {
      this.#isFilling = false;
      if (!this.#isStopped) this.#fill();
    });
  }

  /** Lets the lanes take turns, a piece each. */
  #fill(): void {
    const now = this.#parts.clock.now();
    for (let started = true; started; ) {
      started = false;
      for (const lane of this.#lanes.values()) {
        if (this.#isFull || !lane.canStart(now, this.#limits.running)) continue;
        const work = lane.ready.shift();
        if (work === undefined) continue;
        started = true;
        this.#running += 1;
        this.#characters += work.body.length;
        void this.#run(lane, lane.start(work, now));
      }
    }
    for (const lane of this.#lanes.values()) {
      if (lane.isDrained) {
        this.#lanes.delete(lane.key);
        lane.drained?.resolve(true);
      } else if (lane.wantsReading(FEW_READY)) void this.#read(lane);
    }
  }

  async #read(lane: Lane): Promise<void> {
    const done = lane.reading();
    // All lanes together hold what is read of them: whoever makes many batches must not fill the memory.
    const characters = Math.min(READ_AT_ONCE.characters, Math.ceil(this.#limits.characters / this.#lanes.size));
    try {
      done(await this.#parts.journal.take(lane.key, lane.lastSeq, { ...READ_AT_ONCE, characters }));
      this.#fillSoon();
    } catch (error) {
      this.#parts.logger.warn(
        { error: textOf(error), retryMs: STORE_RETRY_MS },
        "The store of persisted work can't be read; trying again.",
      );
      lane.wake();
      this.#after(STORE_RETRY_MS, () => done([]));
    }
  }

  #after(ms: number, act: () => void = () => {}): void {
    this.#parts.clock.setTimeout(
      () => {
        act();
        this.#fillSoon();
      },
      ms,
      { background: true },
    );
  }

  async #run(lane: Lane, running: Running): Promise<void> {
    const { calls, clock } = this.#parts;
    const { work, abort } = running;
    const onQueued = (handle: RequestHandle): void => this.#watch(lane, running, handle);
    const end = this.#refused.delete(work.id) ? refused(work) : await runWork(work, { calls, clock, signal: abort.signal, onQueued });
    await this.#finish(lane, running, end);
    lane.end(running);
    this.#running -= 1;
    this.#characters -= running.work.body.length;
    if (this.#running === 0) this.#idle?.resolve();
    this.#fillSoon();
  }

  #watch(lane: Lane, running: Running, handle: RequestHandle): void {
    const { hub, clock } = this.#parts;
    const { id, batch } = running.work;
    handle.status$.subscribe((change) => {
      const { status } = change;
      // That it is over is told once it is written down.
      if (status === 'completed' || status === 'failed') return;
      if (batch === undefined) hub.publish(id, change);
      const now = clock.now();
      if (status === 'pending') lane.waits(running, now);
      else if (lane.called(running, now)) this.#fillSoon();
    });
  }

  async #finish(lane: Lane, { work, abort }: Running, end: WorkEnd): Promise<void> {
    const { clock, writer, hub } = this.#parts;
    const { signal } = abort;
    if (end.kind === 'settled' && !(signal.aborted && end.outcome.status === 'failed')) {
      const at = clock.wallMs();
      const isNews = await writer.write({ seq: work.seq, at, outcome: end.outcome, answer: end.answer });
      if (work.batch !== undefined) return;
      if (isNews) hub.publish(work.id, { status: end.outcome.status, attempt: end.outcome.attempts, at });
      else hub.forget(work.id);
      return;
    }
    hub.forget(work.id);
    if (end.kind === 'postponed' && !signal.aborted) await this.#postpone(lane, work, end.afterMs);
  }

  /** Its tenant may not have it done yet: the lane waits, unless it would be too late then. */
  async #postpone(lane: Lane, work: PendingWork, afterMs: number): Promise<void> {
    const { clock, writer, hub } = this.#parts;
    const at = clock.wallMs();
    if (work.deadline !== undefined && at >= work.deadline) {
      const error = `Request '${work.id}' was not done by its deadline ${new Date(work.deadline).toISOString()}.`;
      const outcome: WorkOutcome = {
        modelId: work.model,
        attempts: 0,
        status: 'failed',
        reason: 'timeout',
        code: 'deadline_exceeded',
        error,
      };
      if (await writer.write({ seq: work.seq, at, outcome, answer: undefined })) hub.publish(work.id, { status: 'failed', attempt: 0, at });
      return;
    }
    const ms = Math.min(afterMs, LONGEST_POSTPONEMENT_MS, (work.deadline ?? Number.POSITIVE_INFINITY) - at);
    lane.resumeAt = clock.now() + ms;
    if (!lane.isClosed && !this.#isStopped) lane.putBack(work);
    this.#after(ms);
  }
}

function refused({ id, model }: PendingWork): WorkEnd {
  const error = `Request '${id}' was not taken in: the store was not available.`;
  return {
    kind: 'settled',
    outcome: { modelId: model, attempts: 0, status: 'failed', reason: 'rejected', code: 'store_unavailable', error },
    answer: undefined,
  };
}
