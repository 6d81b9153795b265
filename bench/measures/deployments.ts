import { type ModelConfig, type Processor, QueueManager, RateLimitRefused } from 'headgate';
import { SimulatedNetworkError, SimulatedProvider } from 'headgate/simulator';
import { VirtualClock } from 'headgate/testing';
import type { Figures } from '../harness/measures.ts';
import { COUNT_DELAY_MS, costRule, headgateLimits, LATENCIES, providerLimits, type Scenario, WINDOW_MS } from '../simulation/scenario.ts';
import { estimatedInput, type Work } from '../simulation/work.ts';
import { Workload } from '../simulation/workload.ts';

export interface DeploymentsArgs {
  readonly deployments: number;
  readonly tokensPerMinute: number;
  readonly seed: number;
  readonly windows: number;
  /** From the middle of the time on, nothing reaches the last deployment, and what is under way there breaks. Default false. */
  readonly oneBreaks?: boolean;
}

const MODEL = 'model';
const BACKLOG = 1000;
/** What `createHeadgate` sets. */
const MAX_ATTEMPTS = 4;

interface Params {
  readonly prompt: string;
  readonly max_tokens: number;
}

/**
 * One model behind several deployments, each with the same limits of its own. `tokensPerWindow` is what the provider
 * counted. Where one breaks, the backlog ends with the time, and `lost` is what had no answer in the end.
 */
export async function measure({ deployments, tokensPerMinute, seed, windows, oneBreaks = false }: DeploymentsArgs): Promise<Figures> {
  const scenario: Scenario = { scarcity: 'estimate', limit: tokensPerMinute, counting: 'sliding', latency: 'streaming' };
  const ids = Array.from({ length: deployments }, (_, index) => `deployment-${index + 1}`);
  const clock = new VirtualClock();
  const provider = new SimulatedProvider({
    clock,
    seed,
    models: [MODEL],
    // Each key has limits of its own.
    apiKeys: ids,
    limits: providerLimits(scenario),
    cost: costRule(scenario),
    countDelayMs: COUNT_DELAY_MS,
    latency: LATENCIES[scenario.latency],
  });
  const outage = new AbortController();
  const config: ModelConfig = {
    modelId: MODEL,
    deployments: ids.map((id) => ({ id, rateLimiters: headgateLimits(scenario) })),
    retry: { maxAttempts: MAX_ATTEMPTS },
  };
  const manager = new QueueManager<Params, unknown>({ clock, historySize: 1 });
  let broken = 0;
  const processor: Processor<Params> = async (request, context) => {
    const work = request.metadata?.['work'] as Work; // put there by submit, below
    const apiKey = context.deploymentId;
    const breaks = oneBreaks && apiKey === ids.at(-1);
    const signal = breaks ? AbortSignal.any([context.signal, outage.signal]) : context.signal;
    try {
      const response = provider.call(
        {
          model: MODEL,
          apiKey,
          inputTokens: work.inputTokens,
          estimatedInputTokens: estimatedInput(work),
          maxOutputTokens: work.maxTokens,
          outputTokens: Math.min(work.outputTokens, work.maxTokens),
          stream: true,
        },
        { signal },
      );
      const head = await response.headers;
      if (head.status === 200) context.responseStarted(head.headers);
      const outcome = await response.done;
      if (outcome.kind === 'refused') throw new RateLimitRefused({ retryAfterMs: outcome.retryAfterMs, limitType: outcome.limitType });
      return undefined;
    } catch (error) {
      if (error instanceof SimulatedNetworkError) broken += 1;
      throw error;
    }
  };
  manager.registerQueue(config, processor);
  const workload = new Workload(seed);
  const counts = { submitted: 0, completed: 0, failed: 0 };
  let open = true;
  const submit = (): void => {
    if (!open) return;
    counts.submitted += 1;
    const work = workload.next();
    const params = { prompt: 'x'.repeat(work.characters), max_tokens: work.maxTokens };
    void manager.submit({ modelId: MODEL, params, metadata: { work } }).response.then(({ status }) => {
      counts[status === 'completed' ? 'completed' : 'failed'] += 1;
      submit();
    });
  };
  for (let i = 0; i < BACKLOG; i++) submit();
  await clock.advance((windows / 2) * WINDOW_MS);
  const acceptedBefore = tokensOf(provider);
  if (oneBreaks) outage.abort(new SimulatedNetworkError('Nothing reaches this deployment any more.'));
  await clock.advance((windows / 2) * WINDOW_MS);
  const tokens = tokensOf(provider);
  const { refused } = provider.stats();
  open = false;
  // What still waits is finished; without limits on how long, since losing nothing is what is asked.
  while (counts.completed + counts.failed < counts.submitted) await clock.advance(WINDOW_MS);
  return {
    tokensPerWindow: tokens / windows,
    tokensPerWindowBefore: acceptedBefore / (windows / 2),
    tokensPerWindowAfter: (tokens - acceptedBefore) / (windows / 2),
    submitted: counts.submitted,
    lost: counts.submitted - counts.completed,
    refused,
    broken,
  };
}

function tokensOf(provider: SimulatedProvider): number {
  return provider
    .stats()
    .limits.filter(({ type }) => type === 'tpm')
    .reduce((sum, { accepted }) => sum + accepted, 0);
}
