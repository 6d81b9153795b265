import type { Clock } from '../domain/clock.ts';
import { QueueTimeout } from '../domain/errors.ts';
import { systemClock } from './system-clock.ts';

/**
 * Runs `work` for at most `seconds`. When the time is up its signal aborts and the promise rejects with
 * `QueueTimeout`; what `work` does afterwards is ignored.
 */
export async function withTimeout<T>(
  work: (signal: AbortSignal) => Promise<T> | T,
  seconds: number,
  clock: Clock = systemClock,
): Promise<T> {
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      const error = new QueueTimeout(`The operation took longer than ${seconds} s and was aborted.`);
      controller.abort(error);
      reject(error);
    }, seconds * 1000);
    Promise.resolve()
      .then(() => work(controller.signal))
      .then(resolve, reject)
      .finally(() => clock.clearTimeout(timer));
  });
}
