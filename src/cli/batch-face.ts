import { counted } from '../lib/counted.ts';
import { systemClock } from '../lib/system-clock.ts';
import type { BatchOptions } from './batch/batch-options.ts';
import type { LiveBatch } from './batch/batch-sending.ts';
import { type BatchOutcome, runBatch } from './batch/run-batch.ts';
import { RunControl } from './batch/run-control.ts';
import { EXIT } from './exit-codes.ts';
import { count } from './format.ts';
import type { ProgressStream } from './live-text.ts';
import { showProgress } from './progress.ts';
import { stopOnSignals } from './stop-signals.ts';

/** Runs a batch with everything a person at a terminal expects: progress, signals, and how to go on. */
export async function runBatchVisibly(options: BatchOptions, progress: ProgressStream): Promise<BatchOutcome> {
  const control = new RunControl();
  let live: LiveBatch | undefined;
  const unlisten = stopOnSignals(control, () => {
    const inFlight = live?.statistics.inFlight ?? 0;
    const wait = inFlight > 0 ? ` Waiting for ${counted(inFlight, 'call')} in flight; once more stops at once.` : '';
    process.stderr.write(`\nStopping.${wait}\n`);
  });
  try {
    return await runBatch(options, {
      clock: systemClock,
      stdin: process.stdin,
      control,
      watch: (started) => {
        live = started;
        return showProgress(started, progress, systemClock);
      },
    });
  } finally {
    unlisten();
  }
}

/** Says on standard error why a run ended early and how to go on. */
export function explainEnd({ report, failure, isInterrupted }: BatchOutcome): void {
  const left = report.total - report.completed - report.failed - report.skipped;
  if (failure) process.stderr.write(`headgate: ${failure.message}\n`);
  else if (isInterrupted)
    process.stderr.write(`Stopped with ${count(left)} of ${count(report.total)} left. Run the same command again to go on.\n`);
}

export function exitCodeOf({ report, failure, isInterrupted }: BatchOutcome): number {
  if (failure) return EXIT.usage;
  if (isInterrupted) return EXIT.interrupted;
  return report.failed > 0 ? EXIT.someFailed : EXIT.allCompleted;
}
