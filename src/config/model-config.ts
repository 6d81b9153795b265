import { z } from 'zod';
import { RateLimiterMode } from '../domain/limit-types.ts';
import { balancerSchema, deploymentConfigSchema, type ParsedDeploymentConfig } from './deployment-config.ts';
import { parseConfiguration } from './parse.ts';
import { type RateLimiterConfig, rateLimiterConfigSchema, seconds, whole, windowOf } from './rate-limiter-config.ts';

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
    /** The places that can serve it; default: wherever the processor calls. */
    deployments: z.array(deploymentConfigSchema).min(1, 'expected at least one deployment').readonly().optional(),
    /** Chooses between deployments that could take a request now; default `most-headroom`. */
    balancer: balancerSchema.default('most-headroom'),
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
    if (config.rateLimiters === undefined && config.rateLimit === undefined && config.deployments === undefined) {
      context.addIssue({ code: 'custom', path: ['rateLimiters'], message: 'expected rateLimiters (or rateLimit)' });
    }
    duplicateIds(config.deployments ?? []).forEach((index) => {
      context.addIssue({ code: 'custom', path: ['deployments', index, 'id'], message: 'expected each deployment id once' });
    });
    duplicateTypes(config.rateLimiters ?? []).forEach((index) => {
      context.addIssue({ code: 'custom', path: ['rateLimiters', index], message: 'expected each type once per domain and window' });
    });
  });

export type ModelConfig = z.input<typeof modelConfigSchema>;
export type ParsedModelConfig = Omit<z.output<typeof modelConfigSchema>, 'rateLimiters' | 'deployments'> & {
  readonly rateLimiters: readonly RateLimiterConfig[];
  readonly deployments: readonly ParsedDeploymentConfig[];
};

/** Checks a model's configuration; both forms of limits come out as `rateLimiters`. Throws `InvalidConfiguration`. */
export function parseModelConfig(config: unknown): ParsedModelConfig {
  const parsed = parseConfiguration(modelConfigSchema, config, 'Model configuration');
  const rateLimiters = parsed.rateLimiters ?? (parsed.rateLimit === undefined ? [] : [fromFirstForm(parsed)]);
  return { ...parsed, rateLimiters, deployments: parsed.deployments ?? [] };
}

function fromFirstForm(config: z.output<typeof modelConfigSchema>): RateLimiterConfig {
  const limit = config.rateLimit ?? 1;
  if (config.rateLimiterMode === 'concurrent_requests') return { type: 'concurrent', limit };
  return { type: 'rpm', limit, timePeriod: config.timePeriod ?? 60 };
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

function duplicateIds(deployments: readonly { readonly id: string }[]): number[] {
  const first = new Map<string, number>();
  return deployments.flatMap(({ id }, index) => {
    if (first.has(id)) return [index];
    first.set(id, index);
    return [];
  });
}

function isParser(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'safeParse' in value && typeof value.safeParse === 'function';
}
