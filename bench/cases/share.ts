import type { Figures } from '../harness/measures.ts';
import { inParallel } from '../harness/run-measure.ts';
import type { ShareArgs, SystemName } from '../measures/share.ts';
import { type Line, line, worst } from '../report/line.ts';
import { median, pick } from '../report/statistics.ts';
import type { Counting, Latency, Scenario } from '../simulation/scenario.ts';
import { hasRealTrace } from '../simulation/trace.ts';
import type { BenchCase, Effort } from './bench-case.ts';

const GROUP = 'Share of the binding limit';
const WIDTH = 2;
const SHARE_TARGET = 0.98;
const LATENCIES: readonly Latency[] = ['streaming', 'long'];
const COUNTINGS: readonly Counting[] = ['bucket', 'fixed', 'sliding', 'slices-10s'];
/** What passes a sliding window passes a bucket and a fixed window of the same size too. */
const STRICTEST: readonly Counting[] = ['sliding'];

/** Scenarios that stand in one row of the table. */
interface Row {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  /** Absent: printed, not judged. */
  readonly target?: number;
}

function row(
  name: string,
  latency: Latency,
  common: Omit<Scenario, 'latency' | 'counting'>,
  countings: readonly Counting[],
  target?: number,
): Row {
  const scenarios = countings.map((counting) => ({ ...common, counting, latency }));
  return { name: `${name}, ${describe(latency)}`, scenarios, ...(target !== undefined && { target }) };
}

function describe(latency: Latency): string {
  return `${latency} calls`;
}

/** Limits that the estimate of both sides charges: what is kept and used can be promised. */
const PROMISED: readonly Row[] = [
  ...[450_000, 90_000].flatMap((limit) =>
    LATENCIES.map((latency) => row(`${limit / 1000}k tokens a minute`, latency, { scarcity: 'estimate', limit }, COUNTINGS, SHARE_TARGET)),
  ),
  ...LATENCIES.map((latency) =>
    row(
      '90k, told that calls are counted within 250 ms',
      latency,
      { scarcity: 'estimate', limit: 90_000, countedWithinMs: 250 },
      COUNTINGS,
    ),
  ),
  ...LATENCIES.map((latency) => row('90k, requests on slices of 1 s', latency, { scarcity: 'estimate', limit: 90_000 }, ['slices-1s'])),
  ...LATENCIES.map((latency) => row('30k tokens a minute', latency, { scarcity: 'estimate', limit: 30_000 }, STRICTEST)),
  ...LATENCIES.map((latency) =>
    row('600 requests a minute, binding on slices of 1 s', latency, { scarcity: 'requests', limit: 600 }, ['slices-1s']),
  ),
];

/** Limits where the provider corrects its estimate at the end: nobody knows by how much before. */
const CORRECTED: readonly Row[] = LATENCIES.map((latency) =>
  row('90k input tokens a minute, corrected at the end', latency, { scarcity: 'refund', limit: 90_000 }, ['bucket']),
);

/** How much of what the provider allows is used, without a refusal, whatever way the provider counts. */
export const shareCase: BenchCase = {
  name: 'share',
  run: async (effort) => {
    const lines: Line[] = [];
    const figures: Figures[] = [];
    for (const each of PROMISED) {
      const results = await simulate('headgate', each.scenarios, effort);
      lines.push(shareLine(each, results));
      figures.push(...results.flat());
    }
    const calls = pick(figures, 'accepted').reduce((sum, accepted) => sum + accepted, 0);
    const all = `in all ${figures.length} runs above, ${calls.toLocaleString('en-US')} calls`;
    lines.push(worst(GROUP, 'refusals', 'count', pick(figures, 'refusals'), { atMost: 0 }, all));
    lines.push(worst(GROUP, 'most in any window ÷ limit', 'share', pick(figures, 'mostInAnyWindow'), { atMost: 1 }, 'the same runs'));
    for (const each of CORRECTED) {
      const results = await simulate('headgate', each.scenarios, effort);
      lines.push(shareLine(each, results));
      lines.push(worst(GROUP, '… refusals', 'count', pick(results.flat(), 'refusals'), { atMost: 0 }));
    }
    return lines;
  },
};

/** The median over the seeds of the way of counting where it is smallest. */
function shareLine({ name, scenarios, target }: Row, results: readonly (readonly Figures[])[]): Line {
  const perCounting = results.map((figures) => pick(figures, 'share'));
  const smallest = perCounting.reduce((a, b) => (median(b) < median(a) ? b : a));
  const counting = scenarios[perCounting.indexOf(smallest)]?.counting;
  const differ = new Set(perCounting.map((shares) => median(shares))).size > 1;
  const note = differ ? `worst: ${counting}` : undefined;
  return line(GROUP, name, 'share', smallest, target === undefined ? undefined : { atLeast: target }, note);
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
    for (const latency of LATENCIES) {
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
