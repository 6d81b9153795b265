import { interleaved, runMeasure } from '../harness/run-measure.ts';
import { line } from '../report/line.ts';
import { pick, ratios } from '../report/statistics.ts';
import type { BenchCase } from './bench-case.ts';

const GROUP = 'Engine alone';

/** Requests per second of the engine, next to what people put together without one. */
export const throughputCase: BenchCase = {
  name: 'throughput',
  run: async ({ quick, repetitions }) => {
    const requests = quick ? 20_000 : 100_000;
    const warmUp = requests / 5;
    const [ours = [], peers = [], bottleneck = []] = await interleaved(
      'throughput',
      [
        { system: 'headgate', requests, warmUp },
        { system: 'p-queue + rate-limiter-flexible', requests, warmUp },
        // About 390 a second at 500, 2,000 and 8,000 requests alike: 100,000 would take four minutes and show the same.
        { system: 'bottleneck', requests: quick ? 500 : 2000, warmUp: 200 },
      ],
      quick ? 1 : repetitions + 2,
    );
    const rate = (results: typeof ours): number[] => pick(results, 'perSecond');
    return [
      line(GROUP, 'Headgate', 'per second', rate(ours)),
      line(GROUP, 'p-queue + rate-limiter-flexible', 'per second', rate(peers)),
      line(GROUP, 'bottleneck with a reservoir', 'per second', rate(bottleneck), undefined, quick ? '500 requests' : '2,000 requests'),
      line(GROUP, 'Headgate ÷ (p-queue + rate-limiter-flexible)', '×', ratios(rate(ours), rate(peers)), { atLeast: 0.5 }),
      line(GROUP, 'Headgate ÷ bottleneck', '×', ratios(rate(ours), rate(bottleneck)), { atLeast: 100 }),
    ];
  },
};

/** Cost and memory of many pending requests. */
export const pendingCase: BenchCase = {
  name: 'pending',
  run: async ({ quick, repetitions }) => {
    const many = quick ? 20_000 : 100_000;
    const few = 1000;
    const name = many.toLocaleString('en-US');
    const [large = [], small = []] = await interleaved(
      'pending',
      [
        { pending: many, requests: many, warmUp: many / 5 },
        { pending: few, requests: many, warmUp: many / 5 },
      ],
      quick ? 1 : repetitions + 2,
    );
    const cost = (results: typeof large): number[] => pick(results, 'microseconds');
    const inRounds = ratios(pick(large, 'inRounds'), pick(small, 'inRounds'));
    const cancelled = (await interleaved('cancel', [{ pending: many }], repetitions))[0] ?? [];
    const looks = ['nothing', 'response', 'actor'] as const;
    const heaps = await interleaved(
      'heap-pending',
      looks.map((look) => ({ pending: many, look })),
      repetitions,
    );
    const [held, awaited, looked] = heaps.map((results) => pick(results, 'kilobytes'));
    return [
      line(GROUP, `cost of a request at ${name} pending`, 'µs', cost(large)),
      line(GROUP, 'cost of a request at 1,000 pending', 'µs', cost(small)),
      line(GROUP, `cost at ${name} ÷ cost at 1,000 pending`, '×', ratios(cost(large), cost(small)), { atMost: 1.3 }),
      line(GROUP, `… where ${name} are submitted at once ÷ in rounds of 1,000`, '×', inRounds),
      line(GROUP, `cancel of ${name} pending`, 's', pick(cancelled, 'seconds'), { below: 1 }),
      line(GROUP, 'heap of a pending request with its handle and id', 'kB', held ?? [], { atMost: 1 }),
      line(GROUP, '… with its promise taken as well', 'kB', awaited ?? []),
      line(GROUP, '… with its actor looked at', 'kB', looked ?? [], { atMost: 2.2 }),
    ];
  },
};

/** A long life: nothing may be left of requests that are over. */
export const sequenceCase: BenchCase = {
  name: 'sequence',
  run: async ({ quick, repetitions }) => {
    const requests = quick ? 100_000 : 1_000_000;
    const results = (await interleaved('heap-sequence', [{ requests, warmUp: 20_000 }], repetitions))[0] ?? [];
    const name = `heap growth over ${requests.toLocaleString('en-US')} requests in sequence`;
    return [
      line(GROUP, name, 'MB', pick(results, 'megabytes'), { below: 20 }),
      line(GROUP, 'cost of a request in sequence', 'µs', pick(results, 'microseconds')),
    ];
  },
};

/** What the engine adds to a call when there is nothing to wait for. */
export const idleCase: BenchCase = {
  name: 'idle',
  run: async ({ quick, repetitions }) => {
    const args = { requests: quick ? 2000 : 10_000, warmUp: 2000 };
    const results = [];
    for (let i = 0; i < repetitions; i++) results.push(await runMeasure('idle', args));
    return [
      line(GROUP, 'idle engine, submit to start of the processor, p99', 'ms', pick(results, 'p99'), { below: 0.5 }),
      line(GROUP, '… p50', 'ms', pick(results, 'p50')),
    ];
  },
};
