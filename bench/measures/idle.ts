import type { Figures } from '../harness/measures.ts';
import { quantile } from '../report/statistics.ts';
import { instantEngine, makeInputs, turn } from './engine-setup.ts';

export interface IdleArgs {
  readonly requests: number;
  readonly warmUp: number;
}

/** Milliseconds from submit to the start of the processor when nothing else waits or runs. */
export async function measure({ requests, warmUp }: IdleArgs): Promise<Figures> {
  let startedAt = 0;
  const manager = instantEngine(() => {
    startedAt = performance.now();
  });
  const waits: number[] = [];
  for (const [index, input] of makeInputs(warmUp + requests).entries()) {
    await turn();
    const submittedAt = performance.now();
    await manager.submit(input).response;
    if (index >= warmUp) waits.push(startedAt - submittedAt);
  }
  return { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99), most: Math.max(...waits) };
}
