/** Which quantity a limit counts. `…m` per minute and `…d` per day name the default window. */
export const RateLimiterType = {
  /** Requests per minute. */
  RPM: 'rpm',
  /** Requests per day. */
  RPD: 'rpd',
  /** Input and output tokens per minute. */
  TPM: 'tpm',
  /** Input and output tokens per day. */
  TPD: 'tpd',
  /** Input tokens per minute. */
  ITPM: 'itpm',
  /** Output tokens per minute. */
  OTPM: 'otpm',
  /** Requests in flight at once. */
  CONCURRENT: 'concurrent',
} as const;

export type RateLimiterType = (typeof RateLimiterType)[keyof typeof RateLimiterType];

/** System A's first form of a limit: one number and what it means. */
export const RateLimiterMode = {
  REQUESTS_PER_PERIOD: 'requests_per_period',
  CONCURRENT_REQUESTS: 'concurrent_requests',
} as const;

export type RateLimiterMode = (typeof RateLimiterMode)[keyof typeof RateLimiterMode];

/** Tokens of one request: estimated before it ran, or used after. */
export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What one part of a request costs where a request needs several deployments at once; what is not said is as for the whole. */
export interface PartCost {
  readonly calls?: number | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** What one attempt costs. */
export interface CallCost extends TokenCounts {
  /** How many requests it counts as; default 1, fractions allowed. */
  readonly calls?: number | undefined;
  /** What each part of it costs, by the part's name. */
  readonly parts?: Readonly<Record<string, PartCost>> | undefined;
}

/** Whether something that a user's code said can be an amount of tokens. */
export function isTokenCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** What a limiter does when asked for room. */
export type LimiterState = 'open' | 'exhausted' | 'paused';
