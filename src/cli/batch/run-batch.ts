import type { Readable } from 'node:stream';
import type { Clock } from '../../domain/clock.ts';
import { UsageError } from '../usage-error.ts';
import type { BackendUse, BatchBackend } from './batch-backend.ts';
import type { BatchOptions } from './batch-options.ts';
import { type BatchReport, batchReport } from './batch-report.ts';
import { type LiveBatch, Sending } from './batch-sending.ts';
import { BatchStatistics } from './batch-statistics.ts';
import { ConfiguredBackend } from './configured/configured-backend.ts';
import { type EarlierRun, outputPlace, resumeEarlierRun } from './earlier-run.ts';
import { EndpointBackend } from './endpoint-backend.ts';
import { type OpenInput, openInput } from './open-input.ts';
import { OutputFile } from './output-file.ts';
import type { RunControl } from './run-control.ts';
import { RunRecord } from './run-record.ts';
import { scanInput } from './scan-input.ts';
import { SentLedger, type SentRecord, type WindowLimit } from './sent-ledger.ts';
import { withUnrecordedUsage } from './unrecorded-usage.ts';

/** What a run needs from outside. */
export interface BatchEnvironment {
  readonly clock: Clock;
  readonly stdin: Readable;
  readonly control: RunControl;
  /** Called when everything is checked and sending starts; the function it returns is called when that ends. */
  readonly watch: (live: LiveBatch) => () => void;
}

/** How a run ended. */
export interface BatchOutcome {
  readonly report: BatchReport;
  /** Why it stopped early, where something made going on useless. */
  readonly failure: UsageError | undefined;
  readonly isInterrupted: boolean;
}

/**
 * Runs a batch from file to file: checks the input, resumes what an earlier run left, sends the rest within the limits.
 * @throws UsageError where the input or the output can't be used; nothing was sent then
 */
export async function runBatch(options: BatchOptions, environment: BatchEnvironment): Promise<BatchOutcome> {
  const stop = new AbortController();
  environment.control.onStop(() => stop.abort());
  const input = await openInput(options.input, environment.stdin, stop.signal);
  try {
    return await runOpened(options, environment, input);
  } finally {
    input.close();
  }
}

async function runOpened(options: BatchOptions, environment: BatchEnvironment, input: OpenInput): Promise<BatchOutcome> {
  const { clock, control } = environment;
  const isStopped = (): boolean => control.isStopping;
  const { format, model, lineLimit } = options;
  const backend = backendFor(options, clock);
  const { problemOf } = backend;
  const scan = await scanInput(input.fd, { format, model, problemOf, name: input.name, limit: lineLimit, isStopped });
  const statistics = new BatchStatistics();
  if (control.isStopping)
    return { report: batchReport(scan.total, statistics, { limits: [] }, 0), failure: undefined, isInterrupted: true };

  const place = outputPlace(options.output);
  const earlier = await resumeEarlierRun(place, scan, options);
  const limits = backend.windowLimits(scan.models);
  const record = new RunRecord({ clock, place, options, scan, inputName: input.name, statistics });
  const ledger: SentLedger = new SentLedger(limits, sentBefore(limits, earlier), () => record.write(ledger.records()));
  record.write(ledger.records(), { isDurable: true });
  const output = new OutputFile(place.path);
  const sending = new Sending({ options, backend, clock, scan, fd: input.fd, earlier, control, statistics, ledger, output });
  let use: BackendUse;
  let startedAt = clock.now();
  try {
    await sending.open();
    startedAt = clock.now();
    use = await watched(sending, environment);
  } finally {
    output.close();
  }
  const report = batchReport(scan.total, statistics, use, clock.now() - startedAt);
  return {
    report,
    failure: lastWrite(record, ledger) ?? control.failure,
    isInterrupted: control.isDraining && statistics.done < scan.total,
  };
}

async function watched(sending: Sending, environment: BatchEnvironment): Promise<BackendUse> {
  const unwatch = environment.watch(sending.live);
  try {
    return await sending.run();
  } finally {
    unwatch();
  }
}

function backendFor(options: BatchOptions, clock: Clock): BatchBackend {
  return options.config === undefined ? new EndpointBackend(options) : new ConfiguredBackend(options, clock);
}

/** The final state of the run's file; a full disk must not hide what was finished. */
function lastWrite(record: RunRecord, ledger: SentLedger): UsageError | undefined {
  try {
    record.write(ledger.records(true), { isDurable: true });
    return undefined;
  } catch (error) {
    return error instanceof UsageError ? error : new UsageError(String(error), { cause: error });
  }
}

function sentBefore(limits: readonly WindowLimit[], { file, lastActiveAt, finished }: EarlierRun): SentRecord[] {
  if (file === undefined) return [];
  const seconds = file.flags['windowSeconds'];
  const windowMs = typeof seconds === 'number' ? seconds * 1000 : undefined;
  return withUnrecordedUsage(limits, { sent: file.sent, windowMs, lastActiveAt, finished: finished.size });
}
