import type { BatchFacts, BatchRecord, BatchStatus, BatchStore } from '../../../domain/batch-store.ts';
import type { Clock } from '../../../domain/clock.ts';
import { textOf } from '../../../domain/errors.ts';
import type { FileStore } from '../../../domain/file-store.ts';
import type { Logger } from '../../../domain/logger.ts';
import { laneOfBatch, type RequestJournal, type WorkOwner } from '../../../domain/request-journal.ts';
import { wait } from '../wait.ts';
import type { WorkRunner } from '../work-runner.ts';
import { importLines } from './import-lines.ts';
import type { BatchEnding } from './output-line.ts';
import { writeOutputs } from './write-outputs.ts';

export interface BatchLivesParts {
  readonly batches: BatchStore;
  readonly files: FileStore;
  readonly journal: RequestJournal;
  readonly runner: WorkRunner;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether somebody may name a model. */
  readonly offers: (owner: WorkOwner, model: string) => boolean;
  readonly mostLines: number;
  readonly longestLine: number;
  /** How long what a batch leaves is kept; undefined: for ever. */
  readonly keptMs: number | undefined;
}

type NewBatch = Parameters<BatchStore['create']>[0];

const STORE_RETRY_MS = 1000;
const CANCELLED = 'The batch was cancelled.';
const ENDED: ReadonlySet<BatchStatus> = new Set(['failed', 'completed', 'expired', 'cancelled']);
const MAY_BE_CANCELLED: ReadonlySet<BatchStatus> = new Set(['validating', 'in_progress']);

/**
 * Leads each batch from its input to its files. Every step is written down when it is done and may be done again when it was not: that
 * is all a restart needs.
 */
export class BatchLives {
  readonly #parts: BatchLivesParts;
  readonly #stopping = new AbortController();
  /** What ends the reading of a batch's input. */
  readonly #reading = new Map<string, AbortController>();
  readonly #live = new Map<string, Promise<void>>();
  /** Cancelled while they were led: what was read of them before that doesn't count. */
  readonly #cancelled = new Set<string>();

  constructor(parts: BatchLivesParts) {
    this.#parts = parts;
  }

  /** Goes on with what an earlier process left. */
  async resume(): Promise<void> {
    for (const { id } of await this.#parts.batches.unfinished()) this.begin(id);
  }

  /** Writes a new batch down and begins it. Where that fails, or the signal aborts before, it is not run: nobody was told of it. */
  async create(batch: NewBatch, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.batches.create(batch);
      if (!signal.aborted) this.begin(batch.id);
    } catch (error) {
      void this.#withdraw(batch.id);
      throw error;
    }
    if (signal.aborted) void this.#withdraw(batch.id);
  }

  begin(id: string): void {
    if (this.#live.has(id) || this.#stopping.signal.aborted) return;
    this.#live.set(
      id,
      this.#lead(id).finally(() => {
        this.#live.delete(id);
        this.#cancelled.delete(id);
      }),
    );
  }

  /** @returns the batch as it is then; undefined where it can't be cancelled any more */
  async cancel(batch: BatchRecord): Promise<BatchRecord | undefined> {
    const { batches, runner } = this.#parts;
    let found: BatchRecord | undefined = batch;
    while (found !== undefined && MAY_BE_CANCELLED.has(found.status)) {
      const facts = this.#entered(found.facts, 'cancelling');
      if (await batches.move(found.id, found.status, 'cancelling', facts)) {
        if (this.#live.has(found.id)) this.#cancelled.add(found.id);
        this.#reading.get(found.id)?.abort();
        runner.close(laneOfBatch(found.id), CANCELLED);
        return { ...found, status: 'cancelling', facts };
      }
      found = await batches.find(batch.id, undefined);
    }
    return found?.status === 'cancelling' ? found : undefined;
  }

  /** Begins no further step; resolves once none is being done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const reading of this.#reading.values()) reading.abort();
    await Promise.all(this.#live.values());
  }

  /** Should there be such a batch, cancels it, once the store can be asked. */
  async #withdraw(id: string): Promise<void> {
    const { batches, clock } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const batch = await batches.find(id, undefined);
        if (batch === undefined) return;
        await this.cancel(batch);
        return this.begin(id);
      } catch {
        await wait(clock, STORE_RETRY_MS, signal);
      }
    }
  }

  async #lead(id: string): Promise<void> {
    const { batches, clock, logger } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const batch = await batches.find(id, undefined);
        if (batch === undefined || ENDED.has(batch.status)) return;
        await this.#step(batch);
      } catch (error) {
        logger.warn({ batch: id, error: textOf(error), retryMs: STORE_RETRY_MS }, 'A step of a batch failed; trying again.');
        await wait(clock, STORE_RETRY_MS, signal);
      }
    }
  }

  #step(batch: BatchRecord): Promise<void> {
    if (batch.status === 'validating') return this.#validate(batch);
    return batch.status === 'in_progress' ? this.#run(batch) : this.#finalize(batch);
  }

  async #validate(batch: BatchRecord): Promise<void> {
    const { batches, journal } = this.#parts;
    const { id, facts } = batch;
    const reading = new AbortController();
    this.#reading.set(id, reading);
    try {
      // What is left of an earlier try.
      await journal.forgetLines(id);
      const { total, problems } = await importLines(batch, { ...this.#parts, signal: reading.signal });
      if (reading.signal.aborted) return;
      if (problems.length === 0) {
        await batches.move(id, 'validating', 'in_progress', { ...this.#entered(facts, 'in_progress'), total });
        return;
      }
      await journal.forgetLines(id);
      await batches.move(id, 'validating', 'failed', { ...this.#entered(facts, 'failed'), problems });
    } finally {
      this.#reading.delete(id);
    }
  }

  async #run(batch: BatchRecord): Promise<void> {
    const { batches, runner, clock } = this.#parts;
    const { id, facts } = batch;
    if (this.#cancelled.has(id)) return;
    const lane = laneOfBatch(id);
    const expire = (): void => runner.close(lane, 'The completion window of the batch expired.');
    const done = runner.finish(lane);
    const timer = clock.setTimeout(expire, facts.expiresAt - clock.wallMs(), { background: true });
    const isDrained = await done;
    clock.clearTimeout(timer);
    if (!isDrained) return;
    const counted = await batches.find(id, undefined);
    if (counted?.status !== 'in_progress') return;
    const isComplete = counted.completed + counted.failed >= facts.total;
    // Lines of their own deadline, the window's, are settled as failed.
    const isLate = clock.wallMs() >= facts.expiresAt && counted.completed < facts.total;
    if (!isComplete && !isLate) {
      // Closed a moment too early, as timers may be: the rest is run after all.
      await wait(clock, STORE_RETRY_MS, this.#stopping.signal);
      return;
    }
    const ending = isLate ? 'expired' : 'completed';
    await batches.move(id, 'in_progress', 'finalizing', { ...this.#entered(facts, 'finalizing'), ending });
  }

  async #finalize(batch: BatchRecord): Promise<void> {
    const { batches, journal, clock, keptMs } = this.#parts;
    const { id, status, facts } = batch;
    const ending: BatchEnding = status === 'cancelling' ? 'cancelled' : (facts.ending ?? 'completed');
    if (!facts.isWritten) {
      const now = clock.wallMs();
      // A batch that was cancelled before its lines were read has none to tell of.
      const hasLines = facts.since.in_progress !== undefined;
      const options = { ...this.#parts, now, expiresAt: keptMs === undefined ? undefined : now + keptMs };
      const written = hasLines ? await writeOutputs(batch, ending, options) : {};
      await batches.move(id, status, status, { ...facts, ...written, isWritten: true });
      return;
    }
    await journal.forgetLines(id);
    await batches.move(id, status, ending, this.#entered(facts, ending));
  }

  #entered(facts: BatchFacts, status: BatchStatus): BatchFacts {
    return { ...facts, since: { ...facts.since, [status]: this.#parts.clock.wallMs() } };
  }
}
