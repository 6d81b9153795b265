import type { RateLimiterType, TokenCounts } from '../domain/limit-types.ts';

/** What one attempt with these tokens costs a limiter of `type`, in the limiter's own unit. */
export function costOf(type: RateLimiterType, tokens: TokenCounts): number {
  switch (type) {
    case 'rpm':
    case 'rpd':
    case 'concurrent':
      return 1;
    case 'tpm':
    case 'tpd':
      return tokens.inputTokens + tokens.outputTokens;
    case 'itpm':
      return tokens.inputTokens;
    case 'otpm':
      return tokens.outputTokens;
  }
}

/** Whether a limiter of `type` counts tokens, so that usage reported later corrects it. */
export function countsTokens(type: RateLimiterType): boolean {
  return type === 'tpm' || type === 'tpd' || type === 'itpm' || type === 'otpm';
}
