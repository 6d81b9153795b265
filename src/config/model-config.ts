import { z } from 'zod';
import { RateLimiterMode, RateLimiterType } from '../domain/limit-types.ts';
import { parseConfiguration } from './parse.ts';

const whole = (what: string) => z.int(`expected ${what}, a whole number > 0`).positive(`expected ${what}, a whole number > 0`);
const seconds = (what: string) => z.number(`expected ${what} in seconds, > 0`).positive(`expected ${what} in seconds, > 0`);

/** One limit of a model. */
export const rateLimiterConfigSchema = z
  .strictObject({
    /** Which quantity is limited. */
    type: z.enum(RateLimiterType, `expected one of ${Object.values(RateLimiterType).join(', ')}`),
    /** The most per window (or at once); a whole number > 0. */
    limit: whole('a limit'),
    /** Window in seconds; default 60 for `…m`, 86400 for `…d`. */
    timePeriod: seconds('a window').optional(),
    /** Default `sliding-window`. */
    algorithm: z
      .enum(['sliding-window', 'token-bucket', 'calendar-day'], 'expected sliding-window, token-bucket or calendar-day')
      .optional(),
    /** Bucket size of a token bucket; default a tenth of the limit, refilled so that no window exceeds the limit. */
    burst: whole('a bucket size').optional(),
    /** Time zone of a calendar day, as in the IANA database; default UTC. */
    timeZone: z.string().refine(isTimeZone, 'expected a time zone such as America/Los_Angeles').optional(),
    /** The provider enforces the limit evenly over stretches of this many seconds too. */
    subWindowSeconds: seconds('a sub-window').optional(),
    /** Whether the provider gives back what was estimated and not used; default true. */
    refund: z.boolean().optional(),
    /** The provider charges its own estimate when it admits a call and never corrects it, as OpenAI and Azure do; default false. */
    chargedUpFront: z.boolean().optional(),
    /** Longest time in ms in which the provider counts a request once it is written; default 1000, 200 for windows up to 10 s; Infinity: until the call ends. */
    countedWithinMs: z.custom<number>((value) => typeof value === 'number' && value >= 0, 'expected milliseconds ≥ 0').optional(),
    /** Limiters with the same domain and type are one limiter, whatever model uses them. */
    domain: z.string().min(1, 'expected a name').optional(),
  })
  .superRefine((config, context) => {
    const problem = limiterProblem(config);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: [problem.path], message: problem.message });
  });

/** How often a failed request is tried again. */
const retryConfigSchema = z.strictObject({
  /** Attempts in all, the first included; default 1: no retry. */
  maxAttempts: whole('a number of attempts').default(1),
  /** First wait; default 1000. */
  baseDelayMs: z.number().nonnegative('expected milliseconds ≥ 0').default(1_000),
  /** Longest wait; default 60000. */
  maxDelayMs: z.number().nonnegative('expected milliseconds ≥ 0').default(60_000),
  /** Growth of the wait; default 2. */
  factor: z.number().min(1, 'expected a factor ≥ 1').default(2),
  /** Full jitter: each wait is anywhere between 0 and the grown one. */
  jitter: z.literal('full').default('full'),
});

const zodSchema = z.custom<z.ZodType>((value) => isParser(value), 'expected a zod schema');

/** One model's queue. */
export const modelConfigSchema = z
  .strictObject({
    modelId: z.string('expected a model id').min(1, 'expected a model id'),
    /** The limits, all kept at once. */
    rateLimiters: z.array(rateLimiterConfigSchema).min(1, 'expected at least one limit').readonly().optional(),
    /** System A's first form: one limit … */
    rateLimit: whole('a limit').optional(),
    /** … counted per period (default) or at once … */
    rateLimiterMode: z.enum(RateLimiterMode, `expected one of ${Object.values(RateLimiterMode).join(', ')}`).optional(),
    /** … with a period in seconds, default 60. */
    timePeriod: seconds('a period').optional(),
    /** Most requests that may wait; default unbounded. */
    maxQueueSize: whole('a queue size').optional(),
    /** Longest wait in the queue; default none. */
    requestTimeoutSeconds: seconds('a time limit').optional(),
    /** Longest attempt; default 600. */
    attemptTimeoutSeconds: seconds('a time limit').default(600),
    retry: retryConfigSchema.prefault({}),
    /** How many requests are tried behind a head that has to wait; default 32, 0: strictly first in, first dispatched. */
    lookAhead: z.int('expected a whole number ≥ 0').nonnegative('expected a whole number ≥ 0').default(32),
    /** Shares of tenants; default weight 1. */
    tenants: z.record(z.string(), z.strictObject({ weight: z.number().positive('expected a weight > 0').default(1) })).default({}),
    /** Checks and transforms `params` at submit. */
    paramsSchema: zodSchema.optional(),
    /** Checks and transforms what the processor returns. */
    resultSchema: zodSchema.optional(),
  })
  .superRefine((config, context) => {
    const first = config.rateLimit !== undefined || config.rateLimiterMode !== undefined || config.timePeriod !== undefined;
    if (config.rateLimiters !== undefined && first) {
      const path = (['rateLimit', 'rateLimiterMode', 'timePeriod'] as const).filter((key) => config[key] !== undefined).slice(0, 1);
      context.addIssue({ code: 'custom', path, message: 'expected either rateLimiters or rateLimit with its mode and period, not both' });
    }
    if (config.rateLimiters === undefined && config.rateLimit === undefined) {
      context.addIssue({ code: 'custom', path: ['rateLimiters'], message: 'expected rateLimiters (or rateLimit)' });
    }
    duplicateTypes(config.rateLimiters ?? []).forEach((index) => {
      context.addIssue({ code: 'custom', path: ['rateLimiters', index], message: 'expected each type once per domain and window' });
    });
  });

export type RateLimiterConfig = z.input<typeof rateLimiterConfigSchema>;
export type ModelConfig = z.input<typeof modelConfigSchema>;
export type ParsedModelConfig = Omit<z.output<typeof modelConfigSchema>, 'rateLimiters'> & {
  readonly rateLimiters: readonly RateLimiterConfig[];
};

/** Checks a model's configuration; both forms of limits come out as `rateLimiters`. Throws `InvalidConfiguration`. */
export function parseModelConfig(config: unknown): ParsedModelConfig {
  const parsed = parseConfiguration(modelConfigSchema, config, 'Model configuration');
  return { ...parsed, rateLimiters: parsed.rateLimiters ?? [fromFirstForm(parsed)] };
}

/** Checks one limit. Throws `InvalidConfiguration`. */
export function parseRateLimiterConfig(config: unknown): RateLimiterConfig {
  return parseConfiguration(rateLimiterConfigSchema, config, 'Rate limiter configuration');
}

/** The same limit with its defaults spelled out, so that two ways to write one limit are told to be one. */
export function spelledOut(config: RateLimiterConfig): RateLimiterConfig {
  return {
    ...config,
    timePeriod: windowOf(config),
    algorithm: config.algorithm ?? 'sliding-window',
    refund: config.refund ?? true,
    chargedUpFront: config.chargedUpFront ?? false,
    ...(config.algorithm === 'calendar-day' && { timeZone: config.timeZone ?? 'UTC' }),
  };
}

function windowOf({ type, timePeriod }: Pick<RateLimiterConfig, 'type' | 'timePeriod'>): number {
  return timePeriod ?? (type.endsWith('d') ? 86_400 : 60);
}

function fromFirstForm(config: z.output<typeof modelConfigSchema>): RateLimiterConfig {
  const limit = config.rateLimit ?? 1;
  if (config.rateLimiterMode === 'concurrent_requests') return { type: 'concurrent', limit };
  return { type: 'rpm', limit, timePeriod: config.timePeriod ?? 60 };
}

type LimiterFields = z.input<z.ZodObject<typeof rateLimiterConfigSchema.shape>>;

function limiterProblem(config: LimiterFields): { path: string; message: string } | undefined {
  const window = windowOf(config);
  const given = (key: keyof LimiterFields): boolean => config[key] !== undefined;
  if (config.type === 'concurrent') {
    const useless = (
      ['timePeriod', 'algorithm', 'burst', 'timeZone', 'subWindowSeconds', 'countedWithinMs', 'refund', 'chargedUpFront'] as const
    ).find(given);
    if (useless !== undefined) return { path: useless, message: 'expected nothing: a concurrent limit has no window' };
  }
  if (given('burst') && config.algorithm !== 'token-bucket') return { path: 'burst', message: 'expected only with algorithm token-bucket' };
  if (given('burst') && (config.burst ?? 0) > config.limit)
    return { path: 'burst', message: `expected at most the limit of ${config.limit}` };
  if (given('timeZone') && config.algorithm !== 'calendar-day')
    return { path: 'timeZone', message: 'expected only with algorithm calendar-day' };
  if (config.subWindowSeconds !== undefined) {
    if (config.subWindowSeconds >= window) return { path: 'subWindowSeconds', message: `expected less than the window of ${window} s` };
    const least = window / config.limit;
    if (config.subWindowSeconds < least) {
      return { path: 'subWindowSeconds', message: `expected at least ${least} s: a shorter stretch of this limit holds less than one` };
    }
  }
  return undefined;
}

function duplicateTypes(limiters: readonly RateLimiterConfig[]): number[] {
  const seen = new Set<string>();
  const duplicates: number[] = [];
  limiters.forEach((limiter, index) => {
    const key = JSON.stringify([limiter.type, limiter.domain, windowOf(limiter)]);
    if (seen.has(key)) duplicates.push(index);
    seen.add(key);
  });
  return duplicates;
}

function isTimeZone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

function isParser(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'safeParse' in value && typeof value.safeParse === 'function';
}
