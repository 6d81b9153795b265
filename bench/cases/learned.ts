import type { Figures } from '../harness/measures.ts';
import { inParallel } from '../harness/run-measure.ts';
import type { LearnedArgs } from '../measures/learned.ts';
import { type Line, line, worst } from '../report/line.ts';
import { pick } from '../report/statistics.ts';
import type { BenchCase, Effort } from './bench-case.ts';

const GROUP = 'Limits that are not configured, windows of 5 s';
const WIDTH = 2;
const CAPACITY = 500;
/** Long enough for a bunch that drifts to show. */
const WINDOWS_WITH_HEADERS = 30;
/** Half of them before the capacity changes. */
const WINDOWS_WITHOUT = 32;
/** Windows until it is right again. */
const AGAIN_WITHIN = 5;
type Mechanism = LearnedArgs['mechanism'];
const MECHANISMS: readonly Mechanism[] = ['bucket', 'sliding', 'fixed'];

/** What Headgate makes of limits that it has to find out, with an endless backlog. */
export const learnedCase: BenchCase = {
  name: 'learned',
  run: async (effort) => {
    const told = await simulate(effort, MECHANISMS, { headers: true, windows: WINDOWS_WITH_HEADERS });
    const lines = [
      worst(GROUP, 'from headers: share from the second window on', 'share', pick(told, 'share'), { atLeast: 0.95 }),
      worst(GROUP, '… refused share', 'share', pick(told, 'refusedShare'), { below: 0.01 }),
    ];
    for (const mechanism of effort.quick ? (['bucket'] as const) : MECHANISMS) lines.push(...(await withoutHeaders(effort, mechanism)));
    return lines;
  },
};

async function withoutHeaders(effort: Effort, mechanism: Mechanism): Promise<Line[]> {
  const common = { headers: false, windows: WINDOWS_WITHOUT };
  const doubled = await simulate(effort, [mechanism], { ...common, factor: 2 });
  const halved = await simulate(effort, [mechanism], { ...common, factor: 0.5 });
  const again = (name: string, values: readonly number[]): Line => worst(GROUP, name, 'count', values, { atMost: AGAIN_WITHIN });
  return [
    line(GROUP, `${mechanism}, no headers: windows until five in a row are within 10 %`, 'count', pick(doubled, 'settledAfter')),
    again('… after the capacity doubled', pick(doubled, 'settledAfterChange')),
    again('… after it halved', pick(halved, 'settledAfterChange')),
    worst(GROUP, '… refused share before that', 'share', pick(doubled, 'refusedShare'), { below: 0.01 }),
  ];
}

function simulate(
  { seeds }: Effort,
  mechanisms: readonly Mechanism[],
  common: Omit<LearnedArgs, 'capacity' | 'mechanism' | 'seed'>,
): Promise<readonly Figures[]> {
  const runs = mechanisms.flatMap((mechanism) => seeds.map((seed) => ({ ...common, capacity: CAPACITY, mechanism, seed })));
  return inParallel('learned', runs, WIDTH);
}
