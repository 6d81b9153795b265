import type { RunControl } from './batch/run-control.ts';
import { EXIT } from './exit-codes.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first signal drains the run, the second ends the process at once. Returns how to stop listening.
 * @param onFirst is told of the first, to say what happens next
 */
export function stopOnSignals(control: RunControl, onFirst: () => void): () => void {
  const listener = (): void => {
    if (control.isStopping) process.exit(EXIT.interrupted);
    control.drain();
    onFirst();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
