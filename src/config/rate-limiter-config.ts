import { z } from 'zod';
import { RateLimiterType } from '../domain/limit-types.ts';
import { parseConfiguration } from './parse.ts';

export const whole = (what: string) => z.int(`expected ${what}, a whole number > 0`).positive(`expected ${what}, a whole number > 0`);
export const seconds = (what: string) => z.number(`expected ${what} in seconds, > 0`).positive(`expected ${what} in seconds, > 0`);

/** One limit of a model. */
export const rateLimiterConfigSchema = z
  .strictObject({
    /** Which quantity is limited. */
    type: z.enum(RateLimiterType, `expected one of ${Object.values(RateLimiterType).join(', ')}`),
    /** The most per window (or at once); a whole number > 0. */
    limit: whole('a limit'),
    /** Window in seconds; default 60 for `…m`, 86400 for `…d`. */
    timePeriod: seconds('a window').optional(),
    /** Default `sliding-window`. `evenly-spaced`: one at a time, each after the time that the last one's share of the limit takes. */
    algorithm: z
      .enum(
        ['sliding-window', 'token-bucket', 'evenly-spaced', 'calendar-day'],
        'expected sliding-window, token-bucket, evenly-spaced or calendar-day',
      )
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

export type RateLimiterConfig = z.input<typeof rateLimiterConfigSchema>;

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

/** The window in seconds. */
export function windowOf({ type, timePeriod }: Pick<RateLimiterConfig, 'type' | 'timePeriod'>): number {
  return timePeriod ?? (type.endsWith('d') ? 86_400 : 60);
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
  if (config.subWindowSeconds !== undefined && config.algorithm === 'evenly-spaced')
    return { path: 'subWindowSeconds', message: 'expected nothing: what is evenly spaced fits every sub-window' };
  if (config.subWindowSeconds !== undefined) {
    if (config.subWindowSeconds >= window) return { path: 'subWindowSeconds', message: `expected less than the window of ${window} s` };
    const least = window / config.limit;
    if (config.subWindowSeconds < least) {
      return { path: 'subWindowSeconds', message: `expected at least ${least} s: a shorter stretch of this limit holds less than one` };
    }
  }
  return undefined;
}

/** Whether it is a time zone of the IANA database. */
export function isTimeZone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}
