/**
 * How many windows pass until a limit that nobody tells is found, and found again after it changed: `npm run learned`,
 * for each mechanism, over many seeds, with the whole client on a virtual clock. Arguments choose, all of them lists but
 * the seeds: `npm run learned -- --seeds 32 --capacity 100,500 --mechanism bucket,fixed --factor 2,0.5 --retry-after`.
 */
import { parseArgs } from 'node:util';
import { type LearnedArgs, measure } from '../bench/measures/learned.ts';

/** Half of them before the change. */
const WINDOWS = 32;
/** What counts as late: at the start, and after a change. */
const START_WITHIN = 6;
const AGAIN_WITHIN = 5;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '32' },
    from: { type: 'string', default: '1' },
    capacity: { type: 'string', default: '500' },
    mechanism: { type: 'string', default: 'bucket,sliding,fixed' },
    factor: { type: 'string', default: '2,0.5' },
    'retry-after': { type: 'boolean', default: false },
  },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => Number(values.from) + i);

console.log(
  `windows until five in a row are within 10 %, ${seeds.length} seeds from ${values.from}: median · 95 % · worst (how many are late)`,
);
for (const mechanism of values.mechanism.split(',') as LearnedArgs['mechanism'][]) {
  for (const capacity of values.capacity.split(',').map(Number)) {
    for (const factor of values.factor.split(',').map(Number)) {
      const start: number[] = [];
      const again: number[] = [];
      for (const seed of seeds) {
        const args = { capacity, mechanism, factor, seed, headers: false, retryAfter: values['retry-after'], windows: WINDOWS };
        const { settledAfter, settledAfterChange } = await measure(args);
        start.push(settledAfter ?? Number.NaN);
        again.push(settledAfterChange ?? Number.NaN);
      }
      const name = `${mechanism} of ${capacity}, × ${factor}`.padEnd(26);
      console.log(`${name} start ${spread(start, START_WITHIN).padEnd(24)} after the change ${spread(again, AGAIN_WITHIN)}`);
    }
  }
}

function spread(counts: readonly number[], within: number): string {
  const sorted = counts.toSorted((a, b) => a - b);
  const at = (share: number): string => String(sorted[Math.ceil(share * (sorted.length - 1))]).replace('Infinity', 'never');
  return `${at(0.5)} · ${at(0.95)} · ${at(1)} (${sorted.filter((count) => count > within).length})`;
}
