import type { Clock } from '../../domain/clock.ts';
import { QueueManager } from '../../index.ts';
import { OpenAiHttp } from '../../providers/openai-http.ts';
import { UsageError } from '../usage-error.ts';
import { modelConfig } from './batch-limits.ts';
import type { BatchOptions } from './batch-options.ts';
import type { BatchStatistics } from './batch-statistics.ts';
import { callProcessor } from './call-processor.ts';
import type { EarlierRun } from './earlier-run.ts';
import { feedRequests } from './feed-requests.ts';
import { HopelessEndpoint } from './hopeless-endpoint.ts';
import type { LimitUseMeter } from './limit-use.ts';
import type { OutputFile } from './output-file.ts';
import { Outstanding } from './outstanding.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { RunControl } from './run-control.ts';
import type { InputScan } from './scan-input.ts';
import type { SentLedger } from './sent-ledger.ts';

/** What sending takes. */
export interface SendingParts {
  readonly options: BatchOptions;
  readonly clock: Clock;
  readonly scan: InputScan;
  readonly fd: number;
  readonly earlier: EarlierRun;
  readonly control: RunControl;
  readonly statistics: BatchStatistics;
  readonly ledger: SentLedger;
  readonly meter: LimitUseMeter;
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

/** The sending part of a run: one engine, one endpoint, from the first call to the last answer. */
export class Sending {
  readonly live: LiveBatch;
  readonly #parts: SendingParts;
  readonly #manager: QueueManager;
  readonly #http: OpenAiHttp;
  readonly #outstanding: Outstanding;
  #isOver = false;

  constructor(parts: SendingParts) {
    const { options, clock, scan, earlier, control, statistics } = parts;
    const { baseUrl, apiKey, concurrency } = options;
    this.#parts = parts;
    this.#outstanding = new Outstanding({ requests: Math.max(LEAST_OUTSTANDING, 4 * concurrency), bytes: MOST_OUTSTANDING_BYTES });
    this.#http = new OpenAiHttp({ baseUrl, apiKey, connections: concurrency });
    this.#manager = new QueueManager({ clock, historySize: 0 });
    this.#register();
    this.live = { total: scan.total, dropped: earlier.dropped, statistics, models: scan.models, manager: this.#manager };
    control.onStop(() => this.#stopped());
  }

  /** Resolves when every answer is written, or what could be after a stop. Never rejects: a failure is the control's. */
  async run(): Promise<void> {
    const { control } = this.#parts;
    try {
      await this.#feed();
      await this.#outstanding.until(() => this.#outstanding.requests === 0 || control.isStopping);
      await this.#drained();
    } catch (error) {
      control.fail(error instanceof UsageError ? error : new UsageError(String(error), { cause: error }));
    }
    this.#isOver = true;
    await this.#manager.shutdownAll({ force: true });
    await this.#http.destroy();
    await this.#outstanding.until(() => this.#outstanding.requests === 0);
  }

  #register(): void {
    const { options, clock, scan, control, statistics, ledger, meter, output } = this.#parts;
    const { baseUrl, apiKey, apiKeyEnv } = options;
    const processor = callProcessor({
      clock,
      http: this.#http,
      output,
      ledger,
      meter,
      statistics,
      control,
      endpoint: new HopelessEndpoint({ baseUrl, apiKeyEnv, hasKey: apiKey !== undefined }),
      settlesUsage: options.limits.some(({ type }) => type === 'itpm' || type === 'otpm'),
      onCallEnd: () => this.#outstanding.wake(),
    });
    for (const model of scan.models) {
      this.#manager.registerQueue<PreparedRequest, undefined>(modelConfig(model, options), processor);
      this.#manager.restoreUsage(model, ledger.earlierUsage(model, clock.wallMs()));
    }
  }

  #feed(): Promise<void> {
    const { fd, options, earlier, output, statistics, control } = this.#parts;
    return feedRequests({
      fd,
      defaults: { format: options.format, model: options.model },
      lineLimit: options.lineLimit,
      limitTypes: options.limits.map(({ type }) => type),
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
