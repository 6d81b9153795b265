import { runMeasure } from '../harness/run-measure.ts';
import { line } from '../report/line.ts';
import { pick, ratios } from '../report/statistics.ts';
import type { BenchCase } from './bench-case.ts';

const GROUP = 'Clients over HTTP';
const CONCURRENCY = 64;

/** Headgate's own client next to the SDK that it stands in for. */
export const ownClientCase: BenchCase = {
  name: 'own-client',
  run: async ({ quick, repetitions }) => {
    const args = { rounds: 3, calls: quick ? 1000 : 2000, concurrency: CONCURRENCY };
    const results = [];
    for (let i = 0; i < repetitions; i++) results.push(await runMeasure('own-client', args));
    const [ours, sdk, both] = [pick(results, 'client'), pick(results, 'sdk'), pick(results, 'sdkOnHeadgate')];
    return [
      line(GROUP, 'client.complete()', 'per second', ours, undefined, `${CONCURRENCY} at once`),
      line(GROUP, '… processor time of a call', 'µs', pick(results, 'clientCpu')),
      line(GROUP, 'openai', 'per second', sdk),
      line(GROUP, '… processor time of a call', 'µs', pick(results, 'sdkCpu')),
      line(GROUP, 'client.complete() ÷ openai', '×', ratios(ours, sdk), { atLeast: 2 }),
      line(GROUP, 'openai through headgate.fetch()', 'per second', both),
      line(GROUP, '… processor time of a call', 'µs', pick(results, 'sdkOnHeadgateCpu')),
      line(GROUP, 'openai through headgate.fetch() ÷ openai', '×', ratios(both, sdk)),
    ];
  },
};
