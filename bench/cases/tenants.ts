import type { Figures } from '../harness/measures.ts';
import { inParallel } from '../harness/run-measure.ts';
import { type Line, line, worst } from '../report/line.ts';
import { pick, ratios } from '../report/statistics.ts';
import type { BenchCase, Effort } from './bench-case.ts';

const GROUP = 'Ten backlogged tenants, one with 100 × the requests';
/** A wait is what stands before a request ÷ the limit: the bound in seconds is judged at this one. */
const JUDGED = 900_000;
/** Half of it, printed to show how the wait grows. */
const SMALLER = 450_000;

/** What a flood from one tenant does to the others. */
export const tenantsCase: BenchCase = {
  name: 'tenants',
  run: async (effort) => {
    const { fair, fifo } = await simulate(JUDGED, effort);
    const smaller = await simulate(SMALLER, effort);
    const everything = [fair, fifo, smaller.fair, smaller.fifo].flat();
    return [
      line(GROUP, 'wait of the small ones, p99, 900k tokens a minute', 's', pick(fair, 'p99'), { atMost: 5 }),
      line(GROUP, '… p50', 's', pick(fair, 'p50')),
      line(GROUP, '… in one queue for all, p99', 's', pick(fifo, 'p99')),
      line(GROUP, '… one queue ÷ Headgate, p99', '×', ratios(pick(fifo, 'p99'), pick(fair, 'p99')), { atLeast: 10 }),
      line(GROUP, '… share used meanwhile', 'share', pick(fair, 'share')),
      ...printed(smaller.fair, smaller.fifo),
      worst(GROUP, 'refusals', 'count', pick(everything, 'refusals'), { atMost: 0 }),
    ];
  },
};

function printed(fair: readonly Figures[], fifo: readonly Figures[]): Line[] {
  return [
    line(GROUP, 'wait of the small ones, p99, 450k tokens a minute', 's', pick(fair, 'p99')),
    line(GROUP, '… one queue ÷ Headgate, p99', '×', ratios(pick(fifo, 'p99'), pick(fair, 'p99'))),
  ];
}

async function simulate(
  tokensPerMinute: number,
  { seeds, windows, quick }: Effort,
): Promise<{ fair: readonly Figures[]; fifo: readonly Figures[] }> {
  const common = { tokensPerMinute, windows: quick ? windows : Math.min(windows, 30) };
  const runs = [true, false].flatMap((fair) => seeds.map((seed) => ({ ...common, fair, seed })));
  const results = await inParallel('tenants', runs, 2);
  return { fair: results.slice(0, seeds.length), fifo: results.slice(seeds.length) };
}
