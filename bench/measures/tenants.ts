import { QueueManager, RateLimitRefused } from 'headgate';
import { SimulatedProvider } from 'headgate/simulator';
import { VirtualClock } from 'headgate/testing';
import type { Figures } from '../harness/measures.ts';
import { quantile } from '../report/statistics.ts';
import { COUNT_DELAY_MS, costRule, headgateLimits, LATENCIES, providerLimits, type Scenario, WINDOW_MS } from '../simulation/scenario.ts';
import { estimatedInput, type Work } from '../simulation/work.ts';
import { Workload } from '../simulation/workload.ts';

export interface TenantsArgs {
  /** `false`: the same engine is not told whose request it is, so that all stand in one queue. */
  readonly fair: boolean;
  readonly tokensPerMinute: number;
  readonly seed: number;
  readonly windows: number;
}

const MODEL = 'model';
const TENANTS = 10;
/** Requests that the large tenant has waiting for each one of a small tenant's. */
const TIMES = 100;
/** The first windows show how an empty limit fills, not how one waits. */
const WARM_UP_WINDOWS = 2;

interface Params {
  readonly prompt: string;
  readonly max_tokens: number;
}

/**
 * Ten tenants that always have something waiting, one of them a hundred requests for each one of the others: whenever a
 * request starts, its tenant submits the next. Figures are the waits of the nine small ones.
 */
export async function measure({ fair, tokensPerMinute, seed, windows }: TenantsArgs): Promise<Figures> {
  const scenario: Scenario = { scarcity: 'estimate', limit: tokensPerMinute, counting: 'sliding', latency: 'streaming' };
  const clock = new VirtualClock();
  const provider = new SimulatedProvider({
    clock,
    seed,
    models: [MODEL],
    limits: providerLimits(scenario),
    cost: costRule(scenario),
    countDelayMs: COUNT_DELAY_MS,
    latency: LATENCIES[scenario.latency],
  });
  const workload = new Workload(seed);
  const waits: number[] = [];
  const manager = new QueueManager<Params, void>({ clock, historySize: 1 });
  manager.registerQueue({ modelId: MODEL, rateLimiters: headgateLimits(scenario) }, async (request, context) => {
    const { work, tenant, submittedAt } = request.metadata as unknown as Submitted; // put there by submit, below
    if (tenant !== 0 && context.attempt === 1 && clock.now() > WARM_UP_WINDOWS * WINDOW_MS) waits.push(clock.now() - submittedAt);
    if (context.attempt === 1) submit(tenant);
    const response = provider.call(
      {
        model: MODEL,
        inputTokens: work.inputTokens,
        estimatedInputTokens: estimatedInput(work),
        maxOutputTokens: work.maxTokens,
        stream: true,
      },
      { signal: context.signal },
    );
    const head = await response.headers;
    if (head.status === 200) context.responseStarted();
    const outcome = await response.done;
    if (outcome.kind === 'refused') throw new RateLimitRefused({ retryAfterMs: outcome.retryAfterMs, limitType: outcome.limitType });
  });
  const submit = (tenant: number): void => {
    const work = workload.next();
    manager.submit({
      modelId: MODEL,
      params: { prompt: 'x'.repeat(work.characters), max_tokens: work.maxTokens },
      metadata: { work, tenant, submittedAt: clock.now() } satisfies Submitted,
      ...(fair && { tenant: `tenant-${tenant}` }),
    });
  };
  for (let i = 0; i < TIMES; i++) submit(0);
  for (let tenant = 1; tenant < TENANTS; tenant++) submit(tenant);
  await clock.advance(windows * WINDOW_MS);
  const { refused, limits } = provider.stats();
  const share = limits.find((limit) => limit.type === 'tpm')?.share ?? Number.NaN;
  return { p50: quantile(waits, 0.5) / 1000, p99: quantile(waits, 0.99) / 1000, waits: waits.length, refusals: refused, share };
}

interface Submitted {
  readonly work: Work;
  readonly tenant: number;
  readonly submittedAt: number;
  readonly [key: string]: unknown;
}
