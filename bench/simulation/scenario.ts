import type { ModelConfig } from 'headgate';
import type { CostRuleName, Mechanism, Range, SimulatedLimit, SimulatedLimitType } from 'headgate/simulator';

/**
 * How the simulated provider counts. `slices-10s` and `slices-1s`: tokens in a fixed minute, requests in a fixed minute
 * and its part on slices of that length, as Azure does ("typically 1 or 10 seconds").
 */
export type Counting = 'bucket' | 'fixed' | 'sliding' | 'slices-10s' | 'slices-1s';

const SLICES: Readonly<Partial<Record<Counting, number>>> = { 'slices-10s': 10_000, 'slices-1s': 1000 };

/** When responses start. */
export type Latency = 'streaming' | 'long';

/**
 * What is scarce.
 * - `estimate`: tokens a minute, charged when the call is admitted as estimated input + `max_tokens`, nothing given back.
 * - `refund`: input tokens a minute, estimated when the call is admitted and corrected when it ends.
 * - `requests`: requests a minute; tokens are plenty.
 */
export type Scarcity = 'estimate' | 'refund' | 'requests';

export interface Scenario {
  readonly scarcity: Scarcity;
  /** Of the scarce quantity, a minute. */
  readonly limit: number;
  readonly counting: Counting;
  readonly latency: Latency;
  /** Told to Headgate: the provider has counted a call this long after it was written. Absent: Headgate's default. */
  readonly countedWithinMs?: number;
}

/** Windows of the simulated provider. */
export const WINDOW_MS = 60_000;
/** A call is counted this long after it arrived. */
export const COUNT_DELAY_MS: Range = { min: 5, max: 200 };
/** Requests a minute that come with 1,000 tokens a minute, as in Azure's quota tables. */
const REQUESTS_PER_1000_TOKENS = 6;
const PLENTY_OF_TOKENS = 1_000_000_000;

export const LATENCIES: Readonly<Record<Latency, { readonly headersMs: Range; readonly bodyMs?: Range }>> = {
  streaming: { headersMs: { min: 200, max: 1200 }, bodyMs: { min: 500, max: 8000 } },
  long: { headersMs: { min: 500, max: 20_000 } },
};

/** The limits of both kinds; one of them binds. */
export function sizes({ scarcity, limit }: Scenario): { readonly tokens: number; readonly requests: number } {
  if (scarcity === 'requests') return { tokens: PLENTY_OF_TOKENS, requests: limit };
  return { tokens: limit, requests: (limit / 1000) * REQUESTS_PER_1000_TOKENS };
}

/** Which of the provider's limits binds. */
export function bindingType({ scarcity }: Scenario): SimulatedLimitType {
  return ({ estimate: 'tpm', refund: 'itpm', requests: 'rpm' } as const)[scarcity];
}

export function costRule({ scarcity }: Scenario): CostRuleName {
  return scarcity === 'refund' ? 'metered-output' : 'azure';
}

/** What the provider enforces. */
export function providerLimits(scenario: Scenario): SimulatedLimit[] {
  const { tokens, requests } = sizes(scenario);
  const { counting, scarcity } = scenario;
  const mechanism: Mechanism = counting === 'slices-10s' || counting === 'slices-1s' ? 'fixed' : counting;
  const subWindowMs = SLICES[counting];
  const slices = subWindowMs === undefined ? { mechanism } : ({ mechanism: 'subwindow', subWindowMs } as const);
  return [
    { type: scarcity === 'refund' ? 'itpm' : 'tpm', limit: tokens, windowMs: WINDOW_MS, mechanism },
    { type: 'rpm', limit: requests, windowMs: WINDOW_MS, ...slices },
  ];
}

/** The same as Headgate is told it: the published numbers, and whether the provider keeps to the estimate it charged. */
export function headgateLimits(scenario: Scenario): NonNullable<ModelConfig['rateLimiters']> {
  const { tokens, requests } = sizes(scenario);
  const refund = scenario.scarcity === 'refund';
  const timePeriod = WINDOW_MS / 1000;
  const subWindowMs = SLICES[scenario.counting];
  const slices = subWindowMs === undefined ? {} : { subWindowSeconds: subWindowMs / 1000 };
  return [
    { type: refund ? 'itpm' : 'tpm', limit: tokens, timePeriod, chargedUpFront: !refund, countedWithinMs: scenario.countedWithinMs },
    { type: 'rpm', limit: requests, timePeriod, ...slices },
  ];
}
