import type { LimitObservation } from '../../domain/limit-observation.ts';
import type { ReplyHeaders } from '../provider.ts';
import { limitReader } from './limit-headers.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const read = limitReader([{ type: 'rpm', limit: 'x-ratelimit-limit', remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' }]);

/**
 * OpenRouter sends one limit, on errors only, and its reset as milliseconds since 1970. Which of its two limits it is
 * (20 a minute, or 50 or 1,000 a day) is told by how far away that is.
 */
export function readOpenRouterLimits(headers: ReplyHeaders, wallMs?: number): readonly LimitObservation[] {
  return read(headers, wallMs).flatMap((seen) => {
    if (seen.resetMs === undefined) return [];
    const isDaily = seen.resetMs > MINUTE_MS;
    return [{ ...seen, type: isDaily ? ('rpd' as const) : seen.type, windowMs: isDaily ? DAY_MS : MINUTE_MS }];
  });
}
