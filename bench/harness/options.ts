/** What the command line asks of a benchmark run. */
export interface BenchOptions {
  /** Fewer repetitions and smaller sizes: a smoke test of the benchmarks, not a measurement to quote. */
  readonly quick: boolean;
  /** Only the cases whose name contains one of these; empty: all. */
  readonly only: readonly string[];
  /** Write the table into the documents. */
  readonly write: boolean;
  /** Run nothing: compare the documents with the last complete run. */
  readonly check: boolean;
  readonly help: boolean;
}

export const USAGE = `npm run bench -- [--quick] [--only NAME]… [--write | --check]
  --quick      few repetitions, small sizes, two to three minutes
  --only NAME  only the cases whose name contains NAME
  --write      put the printed table into README.md and docs/benchmarks.md
  --check      run nothing; fail where those tables are not what the last run printed`;

/** @throws Error naming the argument that makes no sense */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const flags = new Set<string>();
  const only: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--only') {
      const name = args[++i];
      if (name === undefined || name.startsWith('--')) throw new Error('--only needs the name of a case');
      only.push(name);
    } else if (['--quick', '--write', '--check', '--help'].includes(arg)) flags.add(arg);
    else throw new Error(`${arg} is not an option of the benchmarks.\n${USAGE}`);
  }
  const write = flags.has('--write');
  const check = flags.has('--check');
  if ((write || check) && (only.length > 0 || flags.has('--quick'))) {
    throw new Error('--write and --check are about a complete run; leave out --only and --quick');
  }
  if (write && check) throw new Error('--write and --check exclude each other: one changes the documents, the other judges them');
  return { quick: flags.has('--quick'), only, write, check, help: flags.has('--help') };
}
