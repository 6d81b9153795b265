import { interleaved } from '../harness/run-measure.ts';
import type { ChatWay } from '../measures/chats.ts';
import { line } from '../report/line.ts';
import { pick, ratios } from '../report/statistics.ts';
import type { BenchCase } from './bench-case.ts';

const GROUP = 'Chat completions over HTTP';
const CONCURRENCY = 64;
/** The processor time of a call falls until then. */
const WARM_UP = 30_000;
/** The long warm-up makes them alike. */
const MOST_REPETITIONS = 3;
const WAYS: readonly ChatWay[] = ['global fetch', 'headgate.fetch()', 'openai', 'openai through headgate.fetch()', 'client.complete()'];

/** What Headgate costs in the place of the global fetch, below the official SDK, and in its place; each in a process of its own. */
export const chatsCase: BenchCase = {
  name: 'chats',
  run: async ({ quick, repetitions }) => {
    const common = { warmUp: quick ? 2000 : WARM_UP, calls: quick ? 2000 : 10_000, concurrency: CONCURRENCY };
    const results = await interleaved(
      'chats',
      WAYS.map((way) => ({ ...common, way })),
      Math.min(repetitions, MOST_REPETITIONS),
    );
    const [plain = [], fetch = [], sdk = [], sdkOnHeadgate = [], client = []] = results.map((each) => pick(each, 'perSecond'));
    const speeds = WAYS.flatMap((way, index) => [
      line(GROUP, way, 'per second', pick(results[index] ?? [], 'perSecond'), undefined, `${CONCURRENCY} at once`),
      line(GROUP, '… processor time of a call', 'µs', pick(results[index] ?? [], 'cpuMicroseconds')),
    ]);
    return [
      ...speeds,
      line(GROUP, 'headgate.fetch() ÷ global fetch', '×', ratios(fetch, plain), { atLeast: 1 }),
      line(GROUP, 'openai through headgate.fetch() ÷ openai', '×', ratios(sdkOnHeadgate, sdk)),
      line(GROUP, 'client.complete() ÷ openai', '×', ratios(client, sdk), { atLeast: 2 }),
    ];
  },
};
