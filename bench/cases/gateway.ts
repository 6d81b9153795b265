import type { GatewayName } from '../gateways/start-gateway.ts';
import { interleaved, runMeasure } from '../harness/run-measure.ts';
import { line } from '../report/line.ts';
import { pick, ratios } from '../report/statistics.ts';
import type { BenchCase } from './bench-case.ts';

const CONNECTIONS = 32;
const MOST_REPETITIONS = 3;
/** The same number for each: in the first thousands of calls each one costs a process more. */
const WARM_UP = 30_000;
const GATEWAYS: readonly GatewayName[] = [
  'headgate serve',
  'headgate serve, telemetry to SQLite',
  'bare node:http + undici',
  '@portkey-ai/gateway',
];
const NEAR: readonly GatewayName[] = ['no gateway', 'headgate serve', 'bare node:http + undici'];

/** What the gateway carries beside another one and beside the least that a proxy can do; what it adds to one call; its heap. */
export const gatewayCase: BenchCase = {
  name: 'gateway',
  run: async ({ quick, repetitions }) => {
    const group = `Gateways, chat completions from ${CONNECTIONS} connections`;
    const times = Math.min(repetitions, MOST_REPETITIONS);
    const load = { connections: CONNECTIONS, warmUp: quick ? 2_000 : WARM_UP, seconds: quick ? 2 : 6 };
    const results = await interleaved(
      'gateway',
      GATEWAYS.map((gateway) => ({ ...load, gateway })),
      times,
    );
    const [ours = [], withTelemetry = [], bare = [], portkey = []] = results.map((each) => pick(each, 'perSecond'));
    const calls = { connections: CONNECTIONS, warmUp: quick ? 2_000 : WARM_UP, calls: quick ? 1_000 : 5_000 };
    const near = await interleaved(
      'gateway-latency',
      NEAR.map((gateway) => ({ ...calls, gateway })),
      times,
    );
    const added = (index: number, figure: string): number[] => {
      const direct = pick(near[0] ?? [], figure);
      return pick(near[index] ?? [], figure).map((ms, place) => ms - (direct[place] ?? Number.NaN));
    };
    const streamed = { streams: quick ? 200 : 1000, chunks: 100, everyMs: 50 };
    const held = await interleaved(
      'streams',
      (['through headgate serve', 'through a bare proxy'] as const).map((reader) => ({ ...streamed, reader })),
      1,
    );
    const [heldByUs = [], heldByBare = []] = held;
    const total = quick ? 20_000 : 200_000;
    const heap = await runMeasure('gateway-heap', { connections: CONNECTIONS, warmUp: total / 5, calls: total, looks: 5 });
    return [
      ...GATEWAYS.map((name, index) => line(group, name, 'per second', pick(results[index] ?? [], 'perSecond'))),
      line(group, 'headgate serve ÷ @portkey-ai/gateway', '×', ratios(ours, portkey), { atLeast: 5 }),
      line(group, 'headgate serve ÷ bare node:http + undici', '×', ratios(ours, bare), { atLeast: 0.5 }),
      line(group, 'with telemetry to SQLite ÷ without', '×', ratios(withTelemetry, ours), { atLeast: 0.85 }),
      line(group, 'added to a call over one connection, p99', 'ms', added(1, 'p99'), { below: 1 }),
      line(group, '… p50', 'ms', added(1, 'p50')),
      line(group, '… bare node:http + undici, p99', 'ms', added(2, 'p99')),
      line(group, `${streamed.streams.toLocaleString('en-US')} streams at once: delay of a chunk, p99`, 'ms', pick(heldByUs, 'delayP99')),
      line(group, '… through bare node:http + undici', 'ms', pick(heldByBare, 'delayP99')),
      line(group, '… heap growth of headgate serve', 'MB', pick(heldByUs, 'heap')),
      line(group, `heap growth over ${total.toLocaleString('en-US')} calls`, 'MB', pick([heap], 'growth'), { below: 30 }),
      line(group, '… slope, for 100,000 calls', 'MB', pick([heap], 'slope')),
    ];
  },
};
