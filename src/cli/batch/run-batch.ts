import type { Readable } from 'node:stream';
import type { Clock } from '../../domain/clock.ts';
import { UsageError } from '../usage-error.ts';
import { windowLimits } from './batch-limits.ts';
import type { BatchOptions } from './batch-options.ts';
import { type BatchReport, batchReport } from './batch-report.ts';
import { type LiveBatch, Sending } from './batch-sending.ts';
import { BatchStatistics } from './batch-statistics.ts';
import { type EarlierRun, outputPlace, resumeEarlierRun } from './earlier-run.ts';
import { LimitUseMeter } from './limit-use.ts';
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
  const scan = await scanInput(input.fd, { format, model, name: input.name, limit: lineLimit, isStopped });
  const statistics = new BatchStatistics();
  if (control.isStopping) return { report: batchReport(scan.total, statistics, [], 0), failure: undefined, isInterrupted: true };

  const place = outputPlace(options.output);
  const earlier = await resumeEarlierRun(place, scan, options);
  const limits = scan.models.flatMap((name) => windowLimits(name, options));
  const record = new RunRecord({ clock, place, options, scan, inputName: input.name, statistics });
  const ledger: SentLedger = new SentLedger(limits, sentBefore(limits, earlier), () => record.write(ledger.records()));
  record.write(ledger.records(), { isDurable: true });
  const output = new OutputFile(place.path);
  const meter = new LimitUseMeter(limits);
  const sending = new Sending({ options, clock, scan, fd: input.fd, earlier, control, statistics, ledger, meter, output });
  const startedAt = clock.now();
  const unwatch = environment.watch(sending.live);
  try {
    await sending.run();
  } finally {
    unwatch();
    output.close();
  }
  const report = batchReport(scan.total, statistics, meter.all(), clock.now() - startedAt);
  return {
    report,
    failure: lastWrite(record, ledger) ?? control.failure,
    isInterrupted: control.isDraining && statistics.done < scan.total,
  };
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
