import type { DispatchCall } from '../../client/dispatch/dispatch-types.ts';
import type { Headgate } from '../../client/headgate.ts';
import type { Clock } from '../../domain/clock.ts';
import { loadBody } from './load-body.ts';
import type { LoadOptions } from './load-options.ts';
import type { LoadSample, LoadTally } from './load-tally.ts';

/** What a load test needs beside its options. */
export interface LoadParts {
  readonly headgate: Headgate;
  readonly clock: Clock;
  readonly tally: LoadTally;
  /** Stops it: nothing more is handed in, and what runs is given up. */
  readonly signal: AbortSignal;
}

/** Sends the requests and resolves when each has ended. @throws UsageError (rejects) where the model doesn't take them; nothing was sent then */
export async function runLoad(options: LoadOptions, parts: LoadParts): Promise<void> {
  const { headgate, clock, tally, signal } = parts;
  const { requests, concurrency, rate } = options;
  const bodyOf = loadBody(headgate, options);
  const startedAt = clock.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < requests && !signal.aborted) {
      next += 1;
      const number = next;
      if (rate !== undefined) await until(startedAt + ((number - 1) * 1000) / rate, parts);
      if (signal.aborted) return;
      try {
        tally.succeeded(await oneCall(options.model, bodyOf(number), parts));
      } catch (error) {
        if (signal.aborted) tally.cancelled += 1;
        else tally.failure(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, requests) }, worker));
}

async function oneCall(model: string, call: DispatchCall, { headgate, clock, signal }: LoadParts): Promise<LoadSample> {
  const submittedAt = clock.now();
  const { answer, deploymentId, queueMs } = await headgate.dispatch(model, call, { signal });
  const startedAt = submittedAt + queueMs;
  if (answer.kind === 'whole')
    return { deploymentId, queueMs, latencyMs: clock.now() - startedAt, firstTokenMs: undefined, usage: answer.usage };
  const firstTokenMs = clock.now() - startedAt;
  for await (const _ of answer.parts);
  const latencyMs = clock.now() - startedAt;
  const { usage, error } = await answer.ended;
  if (error !== undefined) throw error;
  return { deploymentId, queueMs, latencyMs, firstTokenMs, usage };
}

function until(at: number, { clock, signal }: LoadParts): Promise<void> {
  const waitMs = at - clock.now();
  if (waitMs <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimeout(done, waitMs);
    signal.addEventListener('abort', done, { once: true });
  });
}
