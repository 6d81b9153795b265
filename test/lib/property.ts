import fc from 'fast-check';

function whole(name: string, fallback: number): number {
  const value = Number(process.env[name]);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}

/** How often each property is tried; `PROPERTY_RUNS=20000` looks longer. */
const RUNS = whole('PROPERTY_RUNS', 1_000);
/** Fixed, so that a run can be repeated; `PROPERTY_SEED` looks elsewhere. A failure prints seed and path. */
const SEED = whole('PROPERTY_SEED', 20_260_801);

/** Shrinking is worth some seconds, not more: the test's own time limit would hide what was found. */
const longestMs = (runs: number): number => Math.max(25_000, runs * 25);

/** Fails with seed, path and the smallest counterexample found. */
export function holds<Ts>(property: fc.IRawProperty<Ts>, runs = RUNS): Promise<void> | void {
  return fc.assert(property as fc.IAsyncProperty<Ts>, {
    seed: SEED,
    numRuns: runs,
    verbose: fc.VerbosityLevel.None,
    interruptAfterTimeLimit: longestMs(runs),
    markInterruptAsFailure: true,
    endOnFailure: process.env['PROPERTY_SHRINK'] === '0',
  });
}

/** Whether a property fails: what a test of a planted fault asks. */
export async function fails<Ts>(property: fc.IRawProperty<Ts>, runs = RUNS): Promise<boolean> {
  const details = await fc.check(property as fc.IAsyncProperty<Ts>, { seed: SEED, numRuns: runs, endOnFailure: true });
  return details.failed;
}
