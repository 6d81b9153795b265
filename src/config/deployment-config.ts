import { z } from 'zod';
import type { Balancer } from '../domain/balancer.ts';
import { RateLimiterType } from '../domain/limit-types.ts';
import { type RateLimiterConfig, rateLimiterConfigSchema } from './rate-limiter-config.ts';

/** When a deployment that keeps failing gets a rest. */
const circuitConfigSchema = z.strictObject({
  /** So many failures one after another open the circuit; default 5. */
  failuresInARow: z.int('expected a whole number > 0').positive('expected a whole number > 0').default(5),
  /** So does this share of the last `window` calls; default 0.5. */
  failureShare: z.number().gt(0, 'expected a share above 0, at most 1').max(1, 'expected a share above 0, at most 1').default(0.5),
  /** How many calls the share is taken of; default 20. */
  window: z.int('expected a whole number > 0').positive('expected a whole number > 0').default(20),
});

/** What a limit's type does not tell of how it is counted. */
const countingSchema = z.strictObject({
  refund: z.boolean().optional(),
  chargedUpFront: z.boolean().optional(),
  countedWithinMs: z.custom<number>((value) => typeof value === 'number' && value >= 0, 'expected milliseconds ≥ 0').optional(),
});

/** One place that can serve a model: an endpoint and a key. */
export const deploymentConfigSchema = z
  .strictObject({
    /** Models that name the same id share one deployment: its limits, its circuit and its actor. */
    id: z.string('expected a deployment id').min(1, 'expected a deployment id'),
    /** Its own limits; those with a `domain` are shared with whoever names the domain. Default none. */
    rateLimiters: z.array(rateLimiterConfigSchema).readonly().optional(),
    /** Share of the load under the `weighted` balancer; default 1. */
    weight: z.number('expected a weight > 0').positive('expected a weight > 0').default(1),
    /** How long it rests once its circuit opens, in seconds; default 60. */
    errorBackoffInSeconds: z.number('expected seconds ≥ 0').nonnegative('expected seconds ≥ 0').default(60),
    circuit: circuitConfigSchema.prefault({}),
    /**
     * Finds limits that are not configured from the provider's headers or, without any, from its refusals; default false. Instead of
     * `true`: how the provider counts, for limits of each type that are found.
     */
    learnLimits: z.union([z.boolean(), z.partialRecord(z.enum(RateLimiterType), countingSchema)]).default(false),
    /**
     * How the provider spells its limits in headers: those that a processor hands to `responseStarted` are read then, and limits are learned from
     * them, without `learnLimits` too. `any`: names that several share. Default: headers are not read. Nor are they in a call that a combination
     * serves: nobody can tell whose they are.
     */
    limitHeaders: z
      .enum(['openai', 'anthropic', 'groq', 'mistral', 'any'], 'expected one of openai, anthropic, groq, mistral, any')
      .optional(),
    /**
     * Whether, where no header tells a limit, the rate is sought that the provider sustains, from 10 calls a second; default true. Without it
     * what headers and refusals name is still learned.
     */
    seekRate: z.boolean().default(true),
    /**
     * Instead of a place of its own: deployments of other models that one request needs all at once, by the part of the request that each
     * serves, as `{ embedding: 'ada', llm: 'gpt-4o-east' }`.
     */
    parts: z.record(z.string(), z.string().min(1, 'expected a deployment id')).optional(),
  })
  .superRefine((config, context) => {
    if (config.parts === undefined) return;
    if (config.rateLimiters !== undefined) {
      context.addIssue({ code: 'custom', path: ['rateLimiters'], message: 'expected nothing: a combination has the limits of its parts' });
    }
    if (config.limitHeaders !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['limitHeaders'],
        message: 'expected nothing: a combination cannot tell whose headers they are',
      });
    }
    if (Object.keys(config.parts).length === 0) {
      context.addIssue({ code: 'custom', path: ['parts'], message: 'expected at least one part' });
    }
  });

export const BALANCERS = ['most-headroom', 'least-loaded', 'round-robin', 'weighted', 'latency'] as const;

/** Name of a balancer that comes with Headgate. */
export type BalancerName = (typeof BALANCERS)[number];

export const balancerSchema = z.custom<BalancerName | Balancer>(
  (value) => BALANCERS.some((name) => name === value) || (typeof value === 'object' && value !== null && 'order' in value),
  `expected one of ${BALANCERS.join(', ')}, or an object with order()`,
);

export type DeploymentConfig = z.input<typeof deploymentConfigSchema>;
export type ParsedDeploymentConfig = Omit<z.output<typeof deploymentConfigSchema>, 'rateLimiters'> & {
  readonly rateLimiters?: readonly RateLimiterConfig[] | undefined;
};
