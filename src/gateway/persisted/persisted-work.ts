import type { BatchStore } from '../../domain/batch-store.ts';
import type { Clock } from '../../domain/clock.ts';
import { LLMQueueException, QueueTimeout, textOf } from '../../domain/errors.ts';
import type { FileStore } from '../../domain/file-store.ts';
import { harmless, type Logger } from '../../domain/logger.ts';
import { laneOf, type RequestJournal, type Work, type WorkOwner } from '../../domain/request-journal.ts';
import { withTimeout } from '../../lib/with-timeout.ts';
import { openDatabase } from '../../stores/sql/open-database.ts';
import { SqlBatchStore } from '../../stores/sql/sql-batch-store.ts';
import { SqlFileStore } from '../../stores/sql/sql-file-store.ts';
import { SqlRequestJournal } from '../../stores/sql/sql-request-journal.ts';
import { WorkDatabase } from '../../stores/sql/work-tables.ts';
import type { ModelCalls } from '../calls/call-request.ts';
import { TenantRefused } from '../calls/tenant-refused.ts';
import { BatchLives } from './batches/batch-lives.ts';
import { GroupCommit } from './group-commit.ts';
import { OutcomeWriter } from './outcome-writer.ts';
import { StatusHub } from './status-hub.ts';
import { wait } from './wait.ts';
import { type RunnerLimits, WorkRunner } from './work-runner.ts';

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;
const ACCEPT_LINGER_MS = 2;
const MOST_ACCEPTED_AT_ONCE = 200;
const STORE_RETRY_MS = 1000;
/** Longest wait for a store that may hang: who waits longer is told to come again. */
const PATIENCE_S = 2;
const RETRY_AFTER_SECONDS = 5;
const SWEEP_MS = 3_600_000;

export interface PersistedWorkOptions {
  /** Where work is kept: `sqlite:path`, a path, or `postgresql://…`. */
  readonly database: string;
  readonly calls: ModelCalls;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether somebody may name this model; what names another isn't taken in. */
  readonly offers: (owner: WorkOwner, model: string) => boolean;
  /** Default 200 MiB, as OpenAI's. */
  readonly mostFileBytes?: number | undefined;
  /** Most lines of a batch; default 1,000,000. */
  readonly mostLines?: number | undefined;
  /** Most bytes of a call's body; default 32 MiB. */
  readonly mostBodyBytes?: number | undefined;
  /** Days that files and what single requests were answered are kept; default 30, 0: for ever. */
  readonly keptDays?: number | undefined;
  readonly limits?: Partial<RunnerLimits> | undefined;
}

/**
 * Work that is handed in and done some time: single requests and batches. What was acknowledged is in the database, is done in this
 * process or after a restart, and has one outcome. A call that was under way when the process died is made again.
 */
export class PersistedWork {
  readonly batches: BatchStore;
  readonly files: FileStore;
  readonly journal: RequestJournal;
  readonly lives: BatchLives;
  readonly hub = new StatusHub();
  readonly clock: Clock;
  readonly logger: Logger;
  readonly mostFileBytes: number;
  readonly mostBodyBytes: number;
  readonly keptMs: number | undefined;
  readonly offers: (owner: WorkOwner, model: string) => boolean;
  readonly #runner: WorkRunner;
  readonly #writer: OutcomeWriter;
  readonly #accepting: GroupCommit<Work, undefined>;
  readonly #stopping = new AbortController();
  readonly #closeDatabase: () => Promise<void>;
  #starting: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  /** Opens the database; a Postgres server need not be there yet. @throws InvalidConfiguration (rejects) */
  static async open(options: PersistedWorkOptions): Promise<PersistedWork> {
    const database = await openDatabase(options.database);
    return new PersistedWork(options, new WorkDatabase(database), () => database.close());
  }

  private constructor(options: PersistedWorkOptions, database: WorkDatabase, closeDatabase: () => Promise<void>) {
    const { clock, calls, offers, limits, keptDays = 30 } = options;
    this.#closeDatabase = closeDatabase;
    this.clock = clock;
    this.logger = harmless(options.logger);
    this.offers = offers;
    this.mostFileBytes = options.mostFileBytes ?? 200 * MIB;
    this.mostBodyBytes = options.mostBodyBytes ?? 32 * MIB;
    this.keptMs = keptDays > 0 ? keptDays * DAY_MS : undefined;
    this.journal = new SqlRequestJournal(database);
    this.batches = new SqlBatchStore(database);
    this.files = new SqlFileStore(database);
    const parts = { journal: this.journal, clock, logger: this.logger };
    this.#writer = new OutcomeWriter(parts);
    this.#runner = new WorkRunner({ ...parts, calls, writer: this.#writer, hub: this.hub, limits });
    this.#accepting = new GroupCommit({
      clock,
      lingerMs: ACCEPT_LINGER_MS,
      most: MOST_ACCEPTED_AT_ONCE,
      commit: async (work) => {
        await this.journal.accept(work);
        return work.map(() => undefined);
      },
    });
    this.lives = new BatchLives({
      ...parts,
      batches: this.batches,
      files: this.files,
      runner: this.#runner,
      offers,
      mostLines: options.mostLines ?? 1_000_000,
      longestLine: this.mostBodyBytes,
      keptMs: this.keptMs,
    });
  }

  /** Begins to do what there is, from an earlier process too; as soon as the database is there. */
  start(): void {
    this.#starting ??= this.#start();
  }

  /** Takes in a single request: durable once it resolves. Where it rejects, or the signal aborts before that, it is not done. */
  async accept(work: Work, signal: AbortSignal): Promise<void> {
    // It may be written all the same: what was sent may arrive, also where no answer to it does.
    const refuse = (): void => this.#runner.refuse(work.id);
    const giveUp = (): void => {
      if (!this.#accepting.takeBack(work)) refuse();
    };
    signal.addEventListener('abort', giveUp);
    try {
      await this.#accepting.add(work);
    } catch (error) {
      if (!signal.aborted) refuse();
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.#runner.wake(laneOf(work));
    }
  }

  /** Writes down that a request was cancelled, then breaks it off; false where it has an outcome already. */
  async cancel(seq: number, id: string, modelId: string): Promise<boolean> {
    const at = this.clock.wallMs();
    const error = `Request '${id}' was cancelled.`;
    const outcome = {
      modelId,
      attempts: this.hub.last(id)?.attempt ?? 0,
      status: 'failed',
      reason: 'cancelled',
      code: 'cancelled',
      error,
    } as const;
    const recorded = await this.journal.settle([{ seq, at, outcome, answer: undefined }]);
    if (!recorded.has(seq)) return false;
    this.hub.publish(id, { status: 'failed', attempt: outcome.attempts, at });
    this.#runner.drop(id, error);
    return true;
  }

  /**
   * Does something with the stores; where they can't be reached, or hang, it rejects with a `TenantRefused` of status 503. Then what is
   * done all the same must be of no effect: the signal tells of it.
   */
  async stored<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withTimeout(act, PATIENCE_S, this.clock);
    } catch (error) {
      if (LLMQueueException.isInstance(error) && !(error instanceof QueueTimeout)) throw error;
      this.logger.error({ error: textOf(error) }, "The store of persisted work can't be used.");
      const message = 'The store of persisted work is not available for the moment; nothing was taken in. Try again.';
      throw new TenantRefused({ status: 503, code: 'store_unavailable', message, retryAfterSeconds: RETRY_AFTER_SECONDS });
    }
  }

  /**
   * Takes nothing more from the journal, lets what runs go on for `deadlineMs` at most, and closes the database. What isn't done then
   * is done after the restart. Idempotent.
   */
  stop(deadlineMs = 0): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        for (const lane of await this.journal.lanes()) this.#runner.wake(lane);
        await this.lives.resume();
        return void this.#sweep();
      } catch (error) {
        this.logger.error({ error: textOf(error), retryMs: STORE_RETRY_MS }, "The store of persisted work can't be read; trying again.");
        await wait(this.clock, STORE_RETRY_MS, signal);
      }
    }
  }

  /** Forgets what is kept long enough, now and every hour. */
  #sweep(): void {
    if (this.#stopping.signal.aborted) return;
    const now = this.clock.wallMs();
    void Promise.all([
      this.files.removeOld(now, now - DAY_MS),
      this.keptMs === undefined ? undefined : this.journal.forgetSettled(now - this.keptMs),
    ]).catch((error: unknown) =>
      this.logger.warn({ error: textOf(error) }, 'What is old in the store of persisted work could not be removed.'),
    );
    this.clock.setTimeout(() => this.#sweep(), SWEEP_MS, { background: true });
  }

  async #stop(deadlineMs: number): Promise<void> {
    this.#stopping.abort();
    const idle = Promise.all([this.#starting, this.#runner.stop(), this.lives.stop()]);
    const late = new AbortController();
    const inTime = await Promise.race([idle.then(() => true), wait(this.clock, deadlineMs, late.signal).then(() => false)]);
    late.abort();
    if (!inTime) {
      this.#writer.giveUp();
      this.#runner.abandon();
      await idle;
    }
    await this.#closeDatabase();
  }
}
