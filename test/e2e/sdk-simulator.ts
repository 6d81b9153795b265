import { Worker } from 'node:worker_threads';
import type { SimulatorStats, StartSimulatorOptions } from '../../src/simulator/index.ts';

/** A simulated provider in a thread of its own. */
export interface SimulatorThread {
  readonly url: string;
  stats(): Promise<SimulatorStats>;
  stop(): Promise<void>;
}

export async function simulatorThread(options: StartSimulatorOptions): Promise<SimulatorThread> {
  const worker = new Worker(new URL('./sdk-simulator-thread.ts', import.meta.url), { workerData: options });
  const url = await new Promise<string>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return {
    url,
    stats: async () => (await (await fetch(`${url}/__stats`)).json()) as SimulatorStats,
    stop: async () => {
      await worker.terminate();
    },
  };
}
