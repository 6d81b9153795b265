import type { Figures } from '../harness/measures.ts';
import { inParallel } from '../harness/run-measure.ts';
import type { ShareArgs, SystemName } from '../measures/share.ts';
import { type Line, line, type Target, worst } from '../report/line.ts';
import { median, pick } from '../report/statistics.ts';
import { COUNTINGS, type Counting, type Latency, type Scarcity, type Scenario } from '../simulation/scenario.ts';
import { hasRealTrace } from '../simulation/trace.ts';
import type { BenchCase, Effort } from './bench-case.ts';

const WIDTH = 2;
const SHARE_TARGET = 0.98;
const OPEN_LATENCIES: readonly Latency[] = ['streaming', 'long'];

/** Scenarios that stand in one row of the table. */
interface Row {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  /** Absent: printed, not judged. */
  readonly target?: number;
}

function scenarios(scarcity: Scarcity, limit: number, latency: Latency, countings: readonly Counting[] = COUNTINGS): Scenario[] {
  return countings.map((counting) => ({ scarcity, limit, counting, latency }));
}

function describe(latency: Latency): string {
  return latency === 'streaming' ? 'streaming calls' : 'long calls';
}

const ROWS: readonly Row[] = [
  ...[450_000, 90_000].flatMap((limit) =>
    OPEN_LATENCIES.map((latency) => ({
      name: `${limit / 1000}k tokens a minute, ${describe(latency)}`,
      scenarios: scenarios('estimate', limit, latency),
      target: SHARE_TARGET,
    })),
  ),
  ...OPEN_LATENCIES.map((latency) => ({
    name: `90k input tokens a minute, corrected at the end, ${describe(latency)}`,
    scenarios: scenarios('refund', 90_000, latency, ['bucket']),
  })),
  ...OPEN_LATENCIES.map((latency) => ({
    name: `30k tokens a minute, ${describe(latency)}`,
    scenarios: scenarios('estimate', 30_000, latency),
  })),
  ...OPEN_LATENCIES.map((latency) => ({
    name: `600 requests a minute on slices of 1 s, ${describe(latency)}`,
    scenarios: scenarios('slices', 600, latency, ['rpm-slices']),
  })),
];

const GROUP = 'Share of the binding limit';

/** How much of what the provider allows is used, without a refusal, whatever way the provider counts. */
export const shareCase: BenchCase = {
  name: 'share',
  run: async (effort) => {
    const lines: Line[] = [];
    for (const row of ROWS) {
      const results = await simulate('headgate', row.scenarios, effort);
      const target = row.target === undefined ? undefined : { atLeast: row.target };
      lines.push(shareLine(row, results, target));
      const figures = results.flat();
      lines.push(worst(GROUP, '… refusals', 'count', pick(figures, 'refusals'), { atMost: 0 }));
      lines.push(worst(GROUP, '… most in any window ÷ limit', 'share', pick(figures, 'mostInAnyWindow'), { atMost: 1 }));
    }
    return lines;
  },
};

/** The median over the seeds of the way of counting where it is smallest. */
function shareLine(row: Row, results: readonly (readonly Figures[])[], target: Target | undefined): Line {
  const perCounting = results.map((figures) => pick(figures, 'share'));
  const smallest = perCounting.reduce((a, b) => (median(b) < median(a) ? b : a));
  const counting = row.scenarios[perCounting.indexOf(smallest)]?.counting;
  return line(GROUP, row.name, 'share', smallest, target, perCounting.length > 1 ? `worst: ${counting}` : undefined);
}

/** For each scenario the figures of every seed. */
async function simulate(
  system: SystemName,
  of: readonly Scenario[],
  { seeds, windows }: Effort,
  refuses = true,
): Promise<readonly (readonly Figures[])[]> {
  const runs: ShareArgs[] = of.flatMap((scenario) => seeds.map((seed) => ({ system, scenario, seed, windows, refuses })));
  const results = await inParallel('share', runs, WIDTH);
  return of.map((_, index) => results.slice(index * seeds.length, (index + 1) * seeds.length));
}

const SYSTEMS: readonly SystemName[] = ['headgate', 'p-queue + rate-limiter-flexible', 'bottleneck', 'seed A'];

/** The same backlog through what people use instead, against the strictest way of counting. */
export const peersCase: BenchCase = {
  name: 'peers',
  run: async (effort) => {
    const lines: Line[] = [];
    for (const latency of OPEN_LATENCIES) {
      const scenario: Scenario = { scarcity: 'estimate', limit: 90_000, counting: 'sliding', latency };
      const group = `90k tokens a minute in a sliding window, ${describe(latency)}`;
      for (const system of SYSTEMS) {
        const [enforced = []] = await simulate(system, [scenario], effort);
        const [open = []] = await simulate(system, [scenario], effort, false);
        lines.push(line(group, `${system}: share`, 'share', pick(enforced, 'share')));
        lines.push(line(group, '… refusals for 1,000 calls', 'count', enforced.map(refusalsPerThousand)));
        lines.push(line(group, '… most sent into any window ÷ limit', 'share', pick(open, 'mostInAnyWindow')));
      }
    }
    return lines;
  },
};

function refusalsPerThousand({ refusals = Number.NaN, accepted = Number.NaN }: Figures): number {
  return (1000 * refusals) / accepted;
}

/** What the figures of the simulations rest on. */
export function workloadNote(): string {
  return hasRealTrace()
    ? 'Workload of the simulations: the Azure LLM inference trace 2023 (CC-BY 4.0; Patel et al., "Splitwise", ISCA 2024).'
    : 'Workload of the simulations: log-normal sizes, since ../shared/data/azure-llm-2023 is absent; not to be compared with published figures.';
}
