import type { Failure } from '../scheduling/classify-failure.ts';
import type { LimiterUnit } from './limiter-unit.ts';

export type Refusal = Failure & { readonly kind: 'refused' };

/**
 * Pauses exactly the limiters that refused a call: those the refusal names, else all windows of the model, since any
 * of them may have. Returns how long they pause, in milliseconds; undefined where no limit of ours can be meant.
 * @param startedAt when the refused call started
 */
export function pauseRefusing(refusal: Refusal, units: readonly LimiterUnit[], startedAt: number): number | undefined {
  const { retryAfterMs, limitType, domain } = refusal;
  const windows = units.filter(({ limiter }) => limiter.type !== 'concurrent');
  const named = windows.filter(
    ({ limiter }) => (limitType === undefined || limiter.type === limitType) && (domain === undefined || limiter.domain === domain),
  );
  const refusing = named.length > 0 ? named : windows;
  if (refusing.length === 0) return undefined;
  // Whose books are wrong is known only where one limit can be meant.
  const known = refusing.length === 1;
  return Math.max(...refusing.map((unit) => unit.refused({ retryAfterMs, startedAt, known })));
}
