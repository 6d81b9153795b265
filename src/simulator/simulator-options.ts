import type { Clock } from '../domain/clock.ts';
import { InvalidConfiguration } from '../domain/errors.ts';
import type { CostRule, CostRuleName } from './cost-rules.ts';
import { checkFaults, type FaultRates } from './faults.ts';
import type { LatencyModel } from './latency.ts';
import { checkLimit, type SimulatedLimit } from './limits/simulated-limit.ts';
import type { Range } from './seeded-random.ts';

/** Whose headers and error bodies are spoken. All three use OpenAI's paths and header names; units and texts differ. */
export type Dialect = 'openai' | 'azure' | 'groq';

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
  /** HTTP only: the key that a caller must send as a bearer token. Absent: any or none. */
  readonly apiKey?: string;
  /** The models that exist; any other gets a 404. Absent: any name, at most 1,000 different ones. */
  readonly models?: readonly string[];
  /** Default `openai`. */
  readonly dialect?: Dialect;
  /** Longest response of a call that says neither `maxOutputTokens` nor `outputTokens`; default 256. */
  readonly defaultMaxOutputTokens?: number;
}

/** @throws InvalidConfiguration where a range is not `0 ≤ min ≤ max` */
function checkRange(range: Range, path: string): void {
  if (!(range.min >= 0 && range.max >= range.min && Number.isFinite(range.max))) {
    throw new InvalidConfiguration(`${path} is ${range.min}-${range.max}; expected 0 <= min <= max.`, path);
  }
}

/** @throws InvalidConfiguration naming the path, the value and what was expected */
export function checkProviderOptions(options: SimulatedProviderOptions): void {
  for (const [index, limit] of options.limits.entries()) checkLimit(limit, `limits[${index}]`);
  if (options.faults) checkFaults(options.faults);
  if (options.countDelayMs) checkRange(options.countDelayMs, 'countDelayMs');
  const { latency } = options;
  if (latency && 'headersMs' in latency) {
    checkRange(latency.headersMs, 'latency.headersMs');
    if (latency.bodyMs) checkRange(latency.bodyMs, 'latency.bodyMs');
  }
  const longest = options.defaultMaxOutputTokens;
  if (longest !== undefined && !(Number.isInteger(longest) && longest > 0)) {
    throw new InvalidConfiguration(`defaultMaxOutputTokens is ${longest}; expected an integer of at least 1.`, 'defaultMaxOutputTokens');
  }
}
