import { interleaved } from '../harness/run-measure.ts';
import type { StreamReader } from '../measures/streams.ts';
import { line } from '../report/line.ts';
import { pick } from '../report/statistics.ts';
import type { BenchCase } from './bench-case.ts';

const READERS: readonly StreamReader[] = ['global fetch', 'bare undici', 'headgate.fetch()'];
const CHUNKS = 100;
const EVERY_MS = 50;

/** What Headgate adds to the way of a chunk, and to memory, while many streams are open. */
export const streamsCase: BenchCase = {
  name: 'streams',
  run: async ({ quick, repetitions }) => {
    const streams = quick ? 200 : 1000;
    const group = `${streams.toLocaleString('en-US')} streams at once, a chunk each ${EVERY_MS} ms`;
    const common = { streams, chunks: CHUNKS, everyMs: EVERY_MS };
    const [plain = [], bare = [], ours = []] = await interleaved(
      'streams',
      READERS.map((reader) => ({ ...common, reader })),
      repetitions,
    );
    const added = (than: typeof bare, figure: string): number[] =>
      pick(ours, figure).map((delay, index) => delay - (pick(than, figure)[index] ?? Number.NaN));
    return [
      line(group, 'added to the delay of a chunk over global fetch, p99', 'ms', added(plain, 'delayP99'), { below: 1 }),
      line(group, '… p50', 'ms', added(plain, 'delayP50')),
      line(group, '… over bare undici, p99', 'ms', added(bare, 'delayP99')),
      line(group, '… p50', 'ms', added(bare, 'delayP50')),
      line(group, 'delay through headgate.fetch(), p99', 'ms', pick(ours, 'delayP99')),
      line(group, '… bare undici, p99', 'ms', pick(bare, 'delayP99')),
      line(group, '… global fetch, p99', 'ms', pick(plain, 'delayP99')),
      line(group, 'processor time of a chunk, headgate.fetch()', 'µs', pick(ours, 'cpuMicroseconds')),
      line(group, '… bare undici', 'µs', pick(bare, 'cpuMicroseconds')),
      line(group, '… global fetch', 'µs', pick(plain, 'cpuMicroseconds')),
      line(group, 'heap growth, headgate.fetch()', 'MB', pick(ours, 'heap'), { below: 20 }),
      line(group, '… bare undici', 'MB', pick(bare, 'heap')),
      line(group, '… global fetch', 'MB', pick(plain, 'heap')),
    ];
  },
};
