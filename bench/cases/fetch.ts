import { runMeasure } from '../harness/run-measure.ts';
import { line } from '../report/line.ts';
import { pick, ratios } from '../report/statistics.ts';
import type { BenchCase } from './bench-case.ts';

const GROUP = 'Chat completions over HTTP';
const CONCURRENCY = 64;

/** What it costs to put `headgate.fetch()` where a program had the global fetch. */
export const fetchCase: BenchCase = {
  name: 'fetch',
  run: async ({ quick, repetitions }) => {
    const args = { rounds: quick ? 3 : 4, calls: quick ? 1000 : 3000, concurrency: CONCURRENCY };
    const results = [];
    for (let i = 0; i < repetitions; i++) results.push(await runMeasure('fetch', args));
    const [ours, plain] = [pick(results, 'headgate'), pick(results, 'plain')];
    return [
      line(GROUP, 'headgate.fetch()', 'per second', ours, undefined, `${CONCURRENCY} at once`),
      line(GROUP, '… processor time of a call', 'µs', pick(results, 'headgateCpu')),
      line(GROUP, 'global fetch', 'per second', plain),
      line(GROUP, '… processor time of a call', 'µs', pick(results, 'plainCpu')),
      line(GROUP, 'headgate.fetch() ÷ global fetch', '×', ratios(ours, plain), { atLeast: 1 }),
    ];
  },
};
