import { SimulatedProvider } from 'headgate/simulator';
import { VirtualClock } from 'headgate/testing';
import type { Figures } from '../harness/measures.ts';
import type { SimulatedSystem, SystemOptions } from '../peers/simulated-system.ts';
import {
  bindingType,
  COUNT_DELAY_MS,
  costRule,
  headgateLimits,
  LATENCIES,
  providerLimits,
  type Scenario,
  sizes,
  WINDOW_MS,
} from '../simulation/scenario.ts';
import { installVirtualGlobals } from '../simulation/virtual-globals.ts';
import { estimatedInput } from '../simulation/work.ts';
import { Workload } from '../simulation/workload.ts';

export type SystemName = 'headgate' | 'p-queue + rate-limiter-flexible' | 'bottleneck' | 'seed A';

export interface ShareArgs {
  readonly system: SystemName;
  readonly scenario: Scenario;
  readonly seed: number;
  /** Windows of virtual time. */
  readonly windows: number;
  /** `false`: the provider takes everything, which shows what a system would send into one window. Default true. */
  readonly refuses?: boolean;
}

const MODEL = 'model';
/** Submitted and not done; far more than runs at once, so for the system the backlog has no end. */
const BACKLOG = 1000;
const NEVER_BINDS = 1000;

/** How much of the binding limit a system uses, as the provider counted it, with an endless backlog. */
export async function measure({ system, scenario, seed, windows, refuses = true }: ShareArgs): Promise<Figures> {
  const clock = new VirtualClock();
  const provider = new SimulatedProvider({
    clock,
    seed,
    models: [MODEL],
    limits: providerLimits(scenario).map((limit) => (refuses ? limit : { ...limit, limit: limit.limit * NEVER_BINDS })),
    cost: costRule(scenario),
    countDelayMs: COUNT_DELAY_MS,
    latency: LATENCIES[scenario.latency],
  });
  const call: SystemOptions['call'] = (work, signal) =>
    provider.call(
      {
        model: MODEL,
        inputTokens: work.inputTokens,
        estimatedInputTokens: estimatedInput(work),
        maxOutputTokens: work.maxTokens,
        outputTokens: Math.min(work.outputTokens, work.maxTokens),
        stream: scenario.latency === 'streaming',
      },
      { signal },
    );
  const restore = installVirtualGlobals(clock);
  const started = await makeSystem(system, scenario, clock, call);
  const completed = await keepBusy(clock, started, new Workload(seed), windows * WINDOW_MS);
  restore();
  const stats = provider.stats();
  const binding = stats.limits.find((limit) => limit.type === bindingType(scenario));
  if (binding === undefined) throw new Error('The simulated provider has not counted on the binding limit.');
  return {
    share: refuses ? binding.share : binding.share * NEVER_BINDS,
    refusals: stats.refused,
    mostInAnyWindow: binding.mostInAnyWindow / scenario.limit,
    accepted: stats.accepted,
    completed,
  };
}

async function makeSystem(
  name: SystemName,
  scenario: Scenario,
  clock: VirtualClock,
  call: SystemOptions['call'],
): Promise<SimulatedSystem> {
  const { tokens, requests } = sizes(scenario);
  const options = { tokensPerMinute: tokens, requestsPerMinute: requests, windowMs: WINDOW_MS, call };
  switch (name) {
    case 'headgate': {
      const { headgateSystem } = await import('../peers/headgate-system.ts');
      return headgateSystem({ ...options, clock, limits: headgateLimits(scenario), reportsUsage: true });
    }
    case 'p-queue + rate-limiter-flexible':
      return (await import('../peers/queue-and-limiters.ts')).queueAndLimiters(options);
    case 'bottleneck':
      return (await import('../peers/reservoir.ts')).reservoirs(options);
    case 'seed A':
      return (await import('../peers/serial-log.ts')).serialLog(options);
  }
}

/** Keeps {@link BACKLOG} calls submitted until the time is over; returns how many were done. A call that fails ends the measurement. */
async function keepBusy(clock: VirtualClock, system: SimulatedSystem, workload: Workload, durationMs: number): Promise<number> {
  let completed = 0;
  let failure: unknown;
  const submitNext = (): void => {
    if (failure !== undefined) return;
    system.submit(workload.next()).then(
      () => {
        completed += 1;
        submitNext();
      },
      (error: unknown) => {
        failure = error;
      },
    );
  };
  for (let i = 0; i < BACKLOG; i++) submitNext();
  const end = clock.now() + durationMs;
  while (clock.now() < end && failure === undefined) await clock.advance(Math.min(WINDOW_MS, end - clock.now()));
  if (failure !== undefined) throw failure;
  return completed;
}
