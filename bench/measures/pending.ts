import type { Figures } from '../harness/measures.ts';
import { instantEngine, MODEL, makeInputs, turn } from './engine-setup.ts';

export interface PendingArgs {
  /** Requests that wait all the time. */
  readonly pending: number;
  /** Requests that are answered in that time. */
  readonly requests: number;
  readonly warmUp: number;
}

/**
 * Microseconds per request, submit and dispatch and answer together, while so many are pending: for each one that is
 * answered the next is submitted, as late in the order as it can be.
 */
export async function measure({ pending, requests, warmUp }: PendingArgs): Promise<Figures> {
  await run(1000, warmUp);
  const microseconds = await run(pending, requests);
  return { microseconds, inRounds: await runInRounds(pending, requests, warmUp) };
}

async function run(pending: number, requests: number): Promise<number> {
  const manager = instantEngine();
  const inputs = makeInputs(pending + requests);
  let submitted = 0;
  let answered = 0;
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const submitNext = (): void => {
    const input = inputs[submitted++];
    if (input === undefined) return;
    manager.submit(input).response.then(
      () => {
        answered += 1;
        if (answered === requests) finish();
        submitNext();
      },
      () => {
        throw new Error('A response has rejected, which none ever does.');
      },
    );
  };
  manager.pauseQueue(MODEL);
  for (let i = 0; i < pending; i++) submitNext();
  globalThis.gc?.();
  const start = performance.now();
  manager.resumeQueue(MODEL);
  await finished;
  const microseconds = ((performance.now() - start) * 1000) / requests;
  await manager.shutdownAll();
  await turn();
  return microseconds;
}

/** The same number of requests, so many submitted at once and all answered before the next are submitted. */
async function runInRounds(pending: number, requests: number, warmUp: number): Promise<number> {
  const manager = instantEngine();
  const round = async (count: number): Promise<number> => {
    const inputs = makeInputs(count);
    const start = performance.now();
    const handles = inputs.map((input) => manager.submit(input));
    await Promise.all(handles.map((handle) => handle.response));
    return performance.now() - start;
  };
  await round(warmUp);
  globalThis.gc?.();
  let totalMs = 0;
  for (let done = 0; done < requests; done += pending) totalMs += await round(pending);
  return (totalMs * 1000) / requests;
}
