import { InvalidConfiguration } from '../../domain/errors.ts';

/** What a limit counts: requests, tokens, input tokens or output tokens, per minute or per day. */
export type SimulatedLimitType = 'rpm' | 'rpd' | 'tpm' | 'tpd' | 'itpm' | 'otpm';

/**
 * How the simulated provider enforces a limit: continuously refilled token bucket, fixed window of random phase,
 * exact sliding log, or the limit's part on short slices of random phase plus the whole window's counter.
 */
export type Mechanism = 'bucket' | 'fixed' | 'sliding' | 'subwindow';

/** One limit of the simulated provider. */
export interface SimulatedLimit {
  readonly type: SimulatedLimitType;
  /** Quantity per window; integer > 0. */
  readonly limit: number;
  readonly windowMs: number;
  readonly mechanism: Mechanism;
  /** Length of a slice with `mechanism: 'subwindow'`; default 1,000. The slice's part is `limit × subWindowMs ÷ windowMs`, at least 1. */
  readonly subWindowMs?: number;
  /** Only for this model. Absent: each model has its own count. */
  readonly model?: string;
  /** `true`: one count for all models together. Default `false`. */
  readonly shared?: boolean;
  /** `true`: one count for all keys together, as an organisation's limit. Default `false`: each of `apiKeys` has its own count. */
  readonly acrossKeys?: boolean;
}

/** A new size for limits that are at work. */
export interface LimitChange {
  readonly type: SimulatedLimitType;
  /** Integer > 0. */
  readonly limit: number;
  /** Only of this model (`*`: only shared limits). Absent: of all. */
  readonly model?: string;
  /** Only in the books of this key, by its place in `apiKeys`. Absent: of all. */
  readonly key?: number;
}

export const LIMIT_TYPES: readonly SimulatedLimitType[] = ['rpm', 'rpd', 'tpm', 'tpd', 'itpm', 'otpm'];
export const MECHANISMS: readonly Mechanism[] = ['bucket', 'fixed', 'sliding', 'subwindow'];
export const DEFAULT_SUB_WINDOW_MS = 1000;

function fail(path: string, value: unknown, expected: string): never {
  throw new InvalidConfiguration(`${path} is ${JSON.stringify(value) ?? String(value)}; expected ${expected}.`, path);
}

/** @throws InvalidConfiguration naming the path, the value and what was expected */
export function checkLimitChange(limit: LimitChange, path: string): void {
  if (!LIMIT_TYPES.includes(limit.type)) fail(`${path}.type`, limit.type, `one of ${LIMIT_TYPES.join(', ')}`);
  if (!Number.isInteger(limit.limit) || limit.limit < 1) fail(`${path}.limit`, limit.limit, 'an integer of at least 1');
}

/** @throws InvalidConfiguration naming the path, the value and what was expected */
export function checkLimit(limit: SimulatedLimit, path: string): void {
  checkLimitChange(limit, path);
  if (!Number.isFinite(limit.windowMs) || limit.windowMs <= 0) fail(`${path}.windowMs`, limit.windowMs, 'milliseconds above 0');
  if (!MECHANISMS.includes(limit.mechanism)) fail(`${path}.mechanism`, limit.mechanism, `one of ${MECHANISMS.join(', ')}`);
  const { subWindowMs } = limit;
  if (subWindowMs !== undefined && !(subWindowMs > 0 && subWindowMs <= limit.windowMs)) {
    fail(`${path}.subWindowMs`, subWindowMs, `milliseconds above 0 and at most windowMs (${limit.windowMs})`);
  }
  if (limit.shared && limit.model !== undefined) fail(`${path}.model`, limit.model, 'no model where shared is true');
}
