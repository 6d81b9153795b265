import type { Figures } from '../harness/measures.ts';
import { instantEngine, MODEL, makeInputs } from './engine-setup.ts';

export interface PendingArgs {
  /** Requests that wait at the beginning of each round. */
  readonly pending: number;
  /** Requests in all. */
  readonly requests: number;
  readonly warmUp: number;
}

/** Microseconds per request, submit and dispatch and answer together, with so many pending at a time. */
export async function measure({ pending, requests, warmUp }: PendingArgs): Promise<Figures> {
  const manager = instantEngine();
  const round = async (count: number): Promise<number> => {
    const inputs = makeInputs(count);
    const start = performance.now();
    manager.pauseQueue(MODEL);
    const handles = inputs.map((input) => manager.submit(input));
    manager.resumeQueue(MODEL);
    await Promise.all(handles.map((handle) => handle.response));
    return performance.now() - start;
  };
  await round(warmUp);
  globalThis.gc?.();
  let totalMs = 0;
  for (let done = 0; done < requests; done += pending) totalMs += await round(pending);
  return { microseconds: (totalMs * 1000) / requests };
}
