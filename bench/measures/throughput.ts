import type { Figures } from '../harness/measures.ts';
import { take } from '../peers/queue-and-limiters.ts';
import { CONCURRENCY, INPUT_TOKENS, instantEngine, makeInputs, OUTPUT_TOKENS, REQUESTS_A_MINUTE, TOKENS_A_MINUTE } from './engine-setup.ts';

export interface ThroughputArgs {
  readonly system: 'headgate' | 'p-queue + rate-limiter-flexible' | 'bottleneck';
  readonly requests: number;
  /** Requests before the measurement, for the compiler. */
  readonly warmUp: number;
}

type SubmitAll = (count: number) => Promise<unknown>;

/** Requests per second from the first submit to the last answer, all submitted at once, every handle or promise held. */
export async function measure({ system, requests, warmUp }: ThroughputArgs): Promise<Figures> {
  const submitAll = await makers[system]();
  await submitAll(warmUp);
  globalThis.gc?.();
  const start = performance.now();
  await submitAll(requests);
  return { perSecond: (requests * 1000) / (performance.now() - start) };
}

const makers: Readonly<Record<ThroughputArgs['system'], () => Promise<SubmitAll>>> = {
  headgate: async () => {
    const manager = instantEngine();
    return async (count) => {
      const handles = makeInputs(count).map((input) => manager.submit(input));
      const responses = await Promise.all(handles.map((handle) => handle.response));
      const failed = responses.find((response) => response.status !== 'completed');
      if (failed !== undefined) throw new Error(`A request ended as ${failed.status}.`);
      return handles;
    };
  },

  'p-queue + rate-limiter-flexible': async () => {
    const { default: PQueue } = await import('p-queue');
    const { RateLimiterMemory } = await import('rate-limiter-flexible');
    const queue = new PQueue({ concurrency: CONCURRENCY });
    const requests = new RateLimiterMemory({ points: REQUESTS_A_MINUTE, duration: 60 });
    const tokens = new RateLimiterMemory({ points: TOKENS_A_MINUTE, duration: 60 });
    const processor = async (): Promise<number> => 1;
    return (count) =>
      Promise.all(
        makeInputs(count).map(() =>
          queue.add(async () => {
            await take(requests, 1);
            await take(tokens, INPUT_TOKENS + OUTPUT_TOKENS);
            return processor();
          }),
        ),
      );
  },

  bottleneck: async () => {
    const { default: Bottleneck } = await import('bottleneck');
    const limiter = new Bottleneck({
      maxConcurrent: CONCURRENCY,
      reservoir: REQUESTS_A_MINUTE,
      reservoirRefreshAmount: REQUESTS_A_MINUTE,
      reservoirRefreshInterval: 60_000,
    });
    const processor = async (): Promise<number> => 1;
    return (count) => Promise.all(makeInputs(count).map(() => limiter.schedule(processor)));
  },
};
