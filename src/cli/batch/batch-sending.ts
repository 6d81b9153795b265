import type { Clock } from '../../domain/clock.ts';
import { QueueManager } from '../../index.ts';
import { UsageError } from '../usage-error.ts';
import type { BackendUse, BatchBackend } from './batch-backend.ts';
import type { BatchOptions } from './batch-options.ts';
import type { BatchStatistics } from './batch-statistics.ts';
import type { EarlierRun } from './earlier-run.ts';
import { feedRequests } from './feed-requests.ts';
import type { OutputFile } from './output-file.ts';
import { Outstanding } from './outstanding.ts';
import type { RunControl } from './run-control.ts';
import type { InputScan } from './scan-input.ts';
import type { SentLedger } from './sent-ledger.ts';

/** What sending takes. */
export interface SendingParts {
  readonly options: BatchOptions;
  readonly backend: BatchBackend;
  readonly clock: Clock;
  readonly scan: InputScan;
  readonly fd: number;
  readonly earlier: EarlierRun;
  readonly control: RunControl;
  readonly statistics: BatchStatistics;
  readonly ledger: SentLedger;
  readonly output: OutputFile;
}

/** A run that is under way, for whoever shows it. */
export interface LiveBatch {
  readonly total: number;
  /** Failed or torn lines of an earlier run, which are run again. */
  readonly dropped: number;
  readonly statistics: BatchStatistics;
  readonly models: readonly string[];
  readonly manager: QueueManager;
}

const LEAST_OUTSTANDING = 2048;
const MOST_OUTSTANDING_BYTES = 64 * 1024 * 1024;

/** The sending part of a run: one engine and one backend, from the first call to the last answer. */
export class Sending {
  readonly live: LiveBatch;
  readonly #parts: SendingParts;
  readonly #manager: QueueManager;
  readonly #outstanding: Outstanding;
  #isOver = false;

  constructor(parts: SendingParts) {
    const { options, clock, scan, earlier, control, statistics } = parts;
    this.#parts = parts;
    this.#outstanding = new Outstanding({
      requests: Math.max(LEAST_OUTSTANDING, 4 * options.concurrency),
      bytes: MOST_OUTSTANDING_BYTES,
    });
    this.#manager = new QueueManager({ clock, historySize: 0 });
    this.live = { total: scan.total, dropped: earlier.dropped, statistics, models: scan.models, manager: this.#manager };
    control.onStop(() => this.#stopped());
  }

  /** Makes the queues; nothing is sent yet. Rejects where the configuration doesn't allow them. */
  open(): Promise<void> {
    const { scan, backend, clock, output, ledger, statistics, control } = this.#parts;
    const onCallEnd = (): void => this.#outstanding.wake();
    return backend.open({ manager: this.#manager, models: scan.models, clock, output, ledger, statistics, control, onCallEnd });
  }

  /**
   * Resolves when every answer is written, or what could be after a stop, with what was used of the limits. Never rejects:
   * a failure is the control's.
   */
  async run(): Promise<BackendUse> {
    const { control, backend } = this.#parts;
    try {
      await this.#feed();
      await this.#outstanding.until(() => this.#outstanding.requests === 0 || control.isStopping);
      await this.#drained();
    } catch (error) {
      control.fail(error instanceof UsageError ? error : new UsageError(String(error), { cause: error }));
    }
    this.#isOver = true;
    const use = backend.use();
    await this.#manager.shutdownAll({ force: true });
    await backend.close();
    await this.#outstanding.until(() => this.#outstanding.requests === 0);
    return use;
  }

  #feed(): Promise<void> {
    const { fd, options, backend, earlier, output, statistics, control } = this.#parts;
    return feedRequests({
      fd,
      defaults: { format: options.format, model: options.model, problemOf: backend.problemOf },
      lineLimit: options.lineLimit,
      backend,
      finished: earlier.finished,
      manager: this.#manager,
      outstanding: this.#outstanding,
      output,
      statistics,
      control,
    });
  }

  /** What is in flight ends; where going on is useless nobody waits for it. */
  #drained(): Promise<void> {
    const { control, statistics } = this.#parts;
    return this.#outstanding.until(() => this.#outstanding.requests === 0 || statistics.inFlight === 0 || control.failure !== undefined);
  }

  #stopped(): void {
    if (this.#isOver) return;
    for (const model of this.#manager.getRegisteredModels()) this.#manager.pauseQueue(model);
    this.#outstanding.wake();
  }
}
