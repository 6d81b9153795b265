import { interleaved } from '../harness/run-measure.ts';
import { line } from '../report/line.ts';
import { pick, ratios } from '../report/statistics.ts';
import type { BenchCase } from './bench-case.ts';

const GROUP = 'Command line over HTTP';
const CONCURRENCY = 64;

/** What the engine, the files and the progress cost a batch that no limit holds back. */
export const batchCase: BenchCase = {
  name: 'batch',
  run: async ({ quick, repetitions }) => {
    const common = { requests: quick ? 3000 : 20_000, concurrency: CONCURRENCY };
    const [ours = [], bare = []] = await interleaved(
      'batch',
      [
        { ...common, client: 'headgate run' },
        { ...common, client: 'bare loop' },
      ],
      repetitions,
    );
    const note = `${common.requests.toLocaleString('en-US')} requests, ${CONCURRENCY} at once`;
    return [
      line(GROUP, 'headgate run', 'per second', pick(ours, 'perSecond'), undefined, note),
      line(GROUP, 'headgate run, from start to end of its process', 'per second', pick(ours, 'perSecondOfTheProcess')),
      line(GROUP, 'bare undici loop', 'per second', pick(bare, 'perSecond')),
      line(GROUP, 'headgate run ÷ bare loop', '×', ratios(pick(ours, 'perSecond'), pick(bare, 'perSecond')), { atLeast: 0.5 }),
    ];
  },
};
