import { fork } from 'node:child_process';
import type { SimulatorStats } from '../simulator/index.ts';
import { UsageError } from './usage-error.ts';

/** A simulated provider in a process of its own. */
export interface DemoProvider {
  readonly url: string;
  /** What it has counted so far. */
  stats(): Promise<SimulatorStats>;
  stop(): void;
}

/**
 * Starts `headgate simulate` with these flags, in a process of its own as a provider is: whatever halts ours, it goes on
 * counting. It ends with ours, however that ends.
 * @param main the file of the command line
 */
export async function startDemoProvider(main: string, flags: readonly string[]): Promise<DemoProvider> {
  // Of a process group of its own: Ctrl-C is for the batch, whose calls in flight still want their answers.
  const child = fork(main, ['simulate', ...flags], { detached: true, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const stop = (): void => {
    process.off('exit', stop);
    child.kill();
    child.stdout?.destroy();
  };
  process.on('exit', stop);
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once('error', reject);
    child.once('exit', (code) => reject(new UsageError(`The simulated provider did not start (exit code ${code}).`)));
  });
  child.unref();
  child.channel?.unref();
  return { url, stop, stats: () => fetchStats(url) };
}

async function fetchStats(url: string): Promise<SimulatorStats> {
  const response = await fetch(`${url}/__stats`);
  // Our own simulator answered.
  return (await response.json()) as SimulatorStats;
}
