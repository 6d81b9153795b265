import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Figures, MeasureArgs, MeasureName } from './measures.ts';

const CHILD = fileURLToPath(new URL('../child.ts', import.meta.url));

/** Runs one measurement in a fresh process, so that heaps and compiled code of different cases don't mix. */
export function runMeasure<Name extends MeasureName>(name: Name, args: MeasureArgs<Name>): Promise<Figures> {
  const child = fork(CHILD, [name, JSON.stringify(args)], { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    let figures: Figures | undefined;
    child.once('message', (message) => {
      figures = message as Figures; // written by child.ts, of this very version
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (figures !== undefined && code === 0) resolve(figures);
      else reject(new Error(`The measurement ${name} ${JSON.stringify(args)} ended with ${signal ?? `code ${code}`} and no figures.`));
    });
  });
}

/**
 * Runs each of `variants` once per repetition, in turn: A B A B rather than A A B B, so that what else the machine
 * does in these seconds meets all of them alike. Returns one list of figures per variant.
 */
export async function interleaved<Name extends MeasureName>(
  name: Name,
  variants: readonly MeasureArgs<Name>[],
  repetitions: number,
): Promise<readonly (readonly Figures[])[]> {
  const results: Figures[][] = variants.map(() => []);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const [index, args] of variants.entries()) results[index]?.push(await runMeasure(name, args));
  }
  return results;
}

/** Runs everything with at most `width` processes at once; for simulations, where only virtual time counts. */
export async function inParallel<Name extends MeasureName>(
  name: Name,
  variants: readonly MeasureArgs<Name>[],
  width: number,
): Promise<readonly Figures[]> {
  const results: Figures[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < variants.length; index = next++) {
      const args = variants[index];
      if (args !== undefined) results[index] = await runMeasure(name, args);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
