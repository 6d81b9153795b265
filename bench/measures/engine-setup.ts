import { QueueManager, type RequestInput } from 'headgate';

export const MODEL = 'model';
export const CONCURRENCY = 100;
/** Limits that take part in every admission and never bind. */
export const REQUESTS_A_MINUTE = 1_000_000_000;
export const TOKENS_A_MINUTE = 1_000_000_000_000;
export const INPUT_TOKENS = 100;
export const OUTPUT_TOKENS = 50;

export interface Params {
  readonly prompt: string;
}

/** An engine with two window limits and a concurrency limit, logs off, and a processor that answers at once. */
export function instantEngine(onStart: () => void = () => {}): QueueManager<Params, number> {
  const manager = new QueueManager<Params, number>();
  manager.registerQueue(
    {
      modelId: MODEL,
      rateLimiters: [
        { type: 'rpm', limit: REQUESTS_A_MINUTE },
        { type: 'tpm', limit: TOKENS_A_MINUTE },
        { type: 'concurrent', limit: CONCURRENCY },
      ],
    },
    async () => {
      onStart();
      return 1;
    },
  );
  return manager;
}

/** What callers hold themselves: one object with its own params per request, token counts known as they are to the peers. */
export function makeInputs(count: number): RequestInput<Params>[] {
  return Array.from({ length: count }, (_, index) => ({
    modelId: MODEL,
    params: { prompt: `request ${index}` },
    estimatedInputTokens: INPUT_TOKENS,
    estimatedOutputTokens: OUTPUT_TOKENS,
  }));
}

/** Bytes of live objects, after a full collection. Needs `--expose-gc`. */
export function liveBytes(): number {
  if (globalThis.gc === undefined) throw new Error('Heap figures need node --expose-gc.');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** Lets everything that is due run, so that nothing of an earlier step is in flight. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
