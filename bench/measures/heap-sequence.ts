import type { Figures } from '../harness/measures.ts';
import { INPUT_TOKENS, instantEngine, liveBytes, MODEL, OUTPUT_TOKENS } from './engine-setup.ts';

export interface HeapSequenceArgs {
  readonly requests: number;
  readonly warmUp: number;
}

/** Growth of live memory over so many requests, each submitted when the one before it was answered. */
export async function measure({ requests, warmUp }: HeapSequenceArgs): Promise<Figures> {
  const manager = instantEngine();
  const run = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const estimates = { estimatedInputTokens: INPUT_TOKENS, estimatedOutputTokens: OUTPUT_TOKENS };
      await manager.submitRequest({ modelId: MODEL, params: { prompt: `request ${i}` }, ...estimates });
    }
  };
  await run(warmUp);
  const before = liveBytes();
  const start = performance.now();
  await run(requests);
  const microseconds = ((performance.now() - start) * 1000) / requests;
  return { megabytes: (liveBytes() - before) / 1e6, microseconds };
}
