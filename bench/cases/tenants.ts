import { inParallel } from '../harness/run-measure.ts';
import { line, worst } from '../report/line.ts';
import { pick, ratios } from '../report/statistics.ts';
import type { BenchCase } from './bench-case.ts';

const GROUP = 'Ten backlogged tenants, one with 100 × the requests';
const TOKENS_PER_MINUTE = 900_000;

/** What a flood from one tenant does to the others. */
export const tenantsCase: BenchCase = {
  name: 'tenants',
  run: async ({ seeds, windows, quick }) => {
    const runs = [true, false].flatMap((fair) =>
      seeds.map((seed) => ({ fair, seed, tokensPerMinute: TOKENS_PER_MINUTE, windows: quick ? 10 : Math.min(windows, 30) })),
    );
    const results = await inParallel('tenants', runs, 2);
    const fair = results.slice(0, seeds.length);
    const fifo = results.slice(seeds.length);
    return [
      line(GROUP, 'wait of the small ones, p99', 's', pick(fair, 'p99'), { atMost: 5 }),
      line(GROUP, '… p50', 's', pick(fair, 'p50')),
      line(GROUP, 'wait of the small ones in one queue for all, p99', 's', pick(fifo, 'p99')),
      line(GROUP, 'one queue ÷ Headgate, p99', '×', ratios(pick(fifo, 'p99'), pick(fair, 'p99')), { atLeast: 10 }),
      line(GROUP, 'share used meanwhile', 'share', pick(fair, 'share')),
      worst(GROUP, 'refusals', 'count', pick(results, 'refusals'), { atMost: 0 }),
    ];
  },
};
