import type { LimitObservation } from '../../domain/limit-observation.ts';
import type { RateLimiterType } from '../../domain/limit-types.ts';
import type { ReplyHeaders } from '../provider.ts';
import { answeredAtMs, headerNumber, headerText } from './header-values.ts';
import { resetMs, resetRoundedToMs } from './reset-time.ts';

/** The three headers in which a provider tells one of its limits. */
export interface LimitHeaders {
  readonly type: RateLimiterType;
  readonly limit: string;
  readonly remaining: string;
  readonly reset: string;
  /** Where the names, or the provider's documentation of them, say it. */
  readonly windowMs?: number;
  /** Not read where one of these types was seen before it. */
  readonly unless?: readonly RateLimiterType[];
}

/** Makes a preset's `readLimits` from a table of header names. Two rows of one type become one observation, the tighter of both. */
export function limitReader(table: readonly LimitHeaders[]): (headers: ReplyHeaders, wallMs?: number) => readonly LimitObservation[] {
  return (headers, wallMs) => {
    const byType = new Map<RateLimiterType, LimitObservation>();
    const answeredAt = answeredAtMs(headers, wallMs);
    for (const row of table) {
      if (row.unless?.some((type) => byType.has(type))) continue;
      const seen = observed(row, headers, answeredAt);
      if (!seen) continue;
      const before = byType.get(row.type);
      byType.set(row.type, before ? tighter(before, seen) : seen);
    }
    return [...byType.values()];
  };
}

/** For providers that say nothing of their limits in headers. */
export function readNoLimits(): readonly LimitObservation[] {
  return [];
}

function observed(row: LimitHeaders, headers: ReplyHeaders, answeredAt: number | undefined): LimitObservation | undefined {
  const said = headerNumber(headerText(headers, row.limit));
  // Azure has sent limit -1 with remaining -1 and reset 0 for "unknown", and Mistral says 0 for a model that is not on the plan.
  if (said !== undefined && (said < 1 || !Number.isSafeInteger(Math.floor(said)))) return undefined;
  const limit = said === undefined ? undefined : Math.floor(said);
  const remaining = remainingOf(headerNumber(headerText(headers, row.remaining)), limit);
  if (limit === undefined && remaining === undefined) return undefined;
  const reset = headerText(headers, row.reset);
  const wait = resetMs(reset, answeredAt);
  const roundedTo = resetRoundedToMs(reset);
  const seen: { -readonly [K in keyof LimitObservation]: LimitObservation[K] } = { type: row.type };
  if (limit !== undefined) seen.limit = limit;
  if (remaining !== undefined) seen.remaining = remaining;
  if (wait !== undefined) seen.resetMs = wait;
  if (wait !== undefined && roundedTo !== undefined) seen.resetRoundedToMs = roundedTo;
  if (row.windowMs !== undefined) seen.windowMs = row.windowMs;
  return seen;
}

/** -1 is a sentinel too; other negative values are real: Azure counts estimates after the fact. Anthropic rounds up beyond small limits. */
function remainingOf(value: number | undefined, limit: number | undefined): number | undefined {
  if (value === undefined || value === -1 || !Number.isSafeInteger(Math.floor(value))) return undefined;
  return Math.min(value, limit ?? value);
}

function tighter(one: LimitObservation, other: LimitObservation): LimitObservation {
  return {
    ...one,
    limit: least(one.limit, other.limit),
    remaining: least(one.remaining, other.remaining),
    resetMs: one.resetMs === undefined ? other.resetMs : Math.max(one.resetMs, other.resetMs ?? 0),
  };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
