import { inParallel } from '../harness/run-measure.ts';
import type { DeploymentsArgs } from '../measures/deployments.ts';
import { line, worst } from '../report/line.ts';
import { pick, ratios } from '../report/statistics.ts';
import type { BenchCase } from './bench-case.ts';

const GROUP = 'Two deployments of 90k tokens a minute each';
const WIDTH = 2;

/** Whether a second deployment brings all that it has, and what becomes of the work when one goes down. */
export const deploymentsCase: BenchCase = {
  name: 'deployments',
  run: async ({ seeds, quick, windows }) => {
    const common = { tokensPerMinute: 90_000, windows: quick ? windows : Math.min(windows, 40) };
    const variants: readonly Omit<DeploymentsArgs, 'seed'>[] = [
      { ...common, deployments: 1 },
      { ...common, deployments: 2 },
      { ...common, deployments: 2, oneBreaks: true },
    ];
    const runs = variants.flatMap((variant) => seeds.map((seed) => ({ ...variant, seed })));
    const results = await inParallel('deployments', runs, WIDTH);
    const [one = [], two = [], broken = []] = variants.map((_, index) => results.slice(index * seeds.length, (index + 1) * seeds.length));
    const rate = (of: typeof one, figure = 'tokensPerWindow'): number[] => pick(of, figure);
    const calls = pick(broken, 'submitted').reduce((sum, submitted) => sum + submitted, 0);
    return [
      line(GROUP, 'tokens accepted a window, one alone', 'count', rate(one)),
      line(GROUP, '… both', 'count', rate(two)),
      line(GROUP, 'both ÷ one', '×', ratios(rate(two), rate(one)), { atLeast: 1.95 }),
      worst(GROUP, 'refusals', 'count', pick(results, 'refused'), { atMost: 0 }),
      worst(
        GROUP,
        'requests lost where one is down from the middle on',
        'count',
        pick(broken, 'lost'),
        { atMost: 0 },
        `of ${calls.toLocaleString('en-US')}`,
      ),
      line(GROUP, '… calls that broke', 'count', pick(broken, 'broken')),
      line(GROUP, '… tokens a window from then on ÷ one alone', '×', ratios(rate(broken, 'tokensPerWindowAfter'), rate(one))),
    ];
  },
};
