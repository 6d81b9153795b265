import type { CallCost, PartCost, RateLimiterType } from '../domain/limit-types.ts';

/**
 * What one attempt costs a limiter of `type`, in the limiter's own unit.
 * @param part the part of the request that the limiter counts, where it counts only one
 */
export function costOf(type: RateLimiterType, cost: CallCost, part?: string): number {
  const own: PartCost = part === undefined ? cost : (cost.parts?.[part] ?? cost);
  switch (type) {
    case 'rpm':
    case 'rpd':
      return own.calls ?? 1;
    case 'concurrent':
      return 1;
    case 'tpm':
    case 'tpd':
      return (own.inputTokens ?? cost.inputTokens) + (own.outputTokens ?? cost.outputTokens);
    case 'itpm':
      return own.inputTokens ?? cost.inputTokens;
    case 'otpm':
      return own.outputTokens ?? cost.outputTokens;
  }
}

/** Whether a limiter of `type` counts tokens, so that usage reported later corrects it. */
export function countsTokens(type: RateLimiterType): boolean {
  return type === 'tpm' || type === 'tpd' || type === 'itpm' || type === 'otpm';
}
