import type { Clock } from '../domain/clock.ts';
import { InvalidConfiguration } from '../domain/errors.ts';
import type { CostRule, CostRuleName } from './cost-rules.ts';
import { checkFaults, type FaultRates } from './faults.ts';
import type { LatencyModel } from './latency.ts';
import { checkLimit, type SimulatedLimit } from './limits/simulated-limit.ts';
import type { SimulatedScript } from './request-script.ts';
import type { Range } from './seeded-random.ts';

/**
 * Whose headers and error bodies are spoken. The first three use OpenAI's header names; units and texts differ. Over HTTP
 * Anthropic's paths always speak `anthropic` and Azure's always `azure`.
 */
export type Dialect = 'openai' | 'azure' | 'groq' | 'anthropic';

/** What Azure has been seen to do. */
export interface AzureQuirks {
  /** Limits and what remains of them are sent as -1, resets as 0, and no `retry-after`. Default `false`. */
  readonly sentinels?: boolean;
  /** A refusal shows what remains less what was asked for: a negative number. Default `false`. */
  readonly negativeRemaining?: boolean;
  /** A stream is refused with status 200 and `retry-after`, then an error event. Default `false`. */
  readonly refuseInStream?: boolean;
}

/** What the server's own script is told of a request over HTTP. */
export interface ScriptedRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The caller's key, if any. */
  readonly apiKey: string | undefined;
}

/** What a {@link SimulatedProvider} is made from. */
export interface SimulatedProviderOptions {
  readonly clock: Clock;
  /** Everything random follows from it; default 1. */
  readonly seed?: number;
  /** All are checked together: a call counts on all of them or on none. None: everything is admitted. */
  readonly limits: readonly SimulatedLimit[];
  /** What a call costs; default `exact`. */
  readonly cost?: CostRuleName | CostRule;
  /** The call is decided and counted at a random moment this long after its arrival; default 0 to 50 ms. */
  readonly countDelayMs?: Range;
  /** Default: headers as soon as the call is decided, the body at once. */
  readonly latency?: LatencyModel;
  readonly faults?: FaultRates;
  /** `true`: a refused call costs one request on the request limits, where one fits. Default `false`. */
  readonly chargeRefusals?: boolean;
  /** The only key there is; over HTTP it must be sent as the dialect has it. Absent: any or none. */
  readonly apiKey?: string;
  /** The keys there are, each with limits of its own, so that two keys have twice the capacity. In place of `apiKey`. */
  readonly apiKeys?: readonly string[];
  /** The models that exist; any other gets a 404. Absent: any name, at most 1,000 different ones. */
  readonly models?: readonly string[];
  /** Default `openai`. */
  readonly dialect?: Dialect;
  /** `true`: no rate-limit headers, and refusals don't say how large the limit is. Default `false`. */
  readonly hideHeaders?: boolean;
  /** `true`: refusals don't say when to come back. Default `false`. */
  readonly hideRetryAfter?: boolean;
  /** Anthropic: remaining tokens are shown to the nearest thousand. Default `true`. */
  readonly roundRemaining?: boolean;
  readonly azure?: AzureQuirks;
  /** Tokens that fit in a model's context; a longer input gets a 400. Absent: any. */
  readonly contextTokens?: number;
  /** HTTP only: a larger body gets a 413; default 16 MiB. */
  readonly maxBodyBytes?: number;
  /** HTTP only: no response has more tokens, whatever `max_tokens` says; default 16,384. */
  readonly maxResponseTokens?: number;
  /** HTTP only: scripts requests from the server's side, before `metadata.simulate` and `[[simulate: …]]` are looked at. */
  readonly script?: (request: ScriptedRequest) => SimulatedScript | undefined;
  /** Longest response of a call that says neither `maxOutputTokens` nor `outputTokens`; default 256. */
  readonly defaultMaxOutputTokens?: number;
}

/** @throws InvalidConfiguration where a range is not `0 ≤ min ≤ max` */
function checkRange(range: Range, path: string): void {
  if (!(range.min >= 0 && range.max >= range.min && Number.isFinite(range.max))) {
    throw new InvalidConfiguration(`${path} is ${range.min}-${range.max}; expected 0 <= min <= max.`, path);
  }
}

/** @throws InvalidConfiguration without repeating a key */
function checkKeys({ apiKey, apiKeys }: SimulatedProviderOptions): void {
  if (apiKeys === undefined) return;
  if (apiKey !== undefined) throw new InvalidConfiguration('Both apiKey and apiKeys are given; expected one of them.', 'apiKeys');
  if (apiKeys.length === 0 || apiKeys.includes('') || new Set(apiKeys).size < apiKeys.length) {
    throw new InvalidConfiguration(`apiKeys has ${apiKeys.length} keys; expected at least one, none empty and no two the same.`, 'apiKeys');
  }
}

/** @throws InvalidConfiguration naming the path, the value and what was expected */
export function checkProviderOptions(options: SimulatedProviderOptions): void {
  for (const [index, limit] of options.limits.entries()) checkLimit(limit, `limits[${index}]`);
  if (options.faults) checkFaults(options.faults);
  if (options.faults?.retryAfterMs) checkRange(options.faults.retryAfterMs, 'faults.retryAfterMs');
  checkKeys(options);
  if (options.countDelayMs) checkRange(options.countDelayMs, 'countDelayMs');
  const { latency } = options;
  if (latency && 'headersMs' in latency) {
    checkRange(latency.headersMs, 'latency.headersMs');
    if (latency.bodyMs) checkRange(latency.bodyMs, 'latency.bodyMs');
  }
  for (const name of ['defaultMaxOutputTokens', 'maxResponseTokens', 'contextTokens'] as const) {
    const tokens = options[name];
    if (tokens !== undefined && !(Number.isInteger(tokens) && tokens > 0))
      throw new InvalidConfiguration(`${name} is ${tokens}; expected an integer of at least 1.`, name);
  }
}
