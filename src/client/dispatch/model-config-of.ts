import type { ModelEntry } from '../../config/headgate-config-types.ts';
import type { ModelConfig } from '../../config/model-config.ts';
import { type RateLimiterConfig, windowOf } from '../../config/rate-limiter-config.ts';
import { countsTokens } from '../../limits/cost.ts';
import type { ProviderPreset } from '../../providers/provider.ts';
import { chargesRealUsage } from '../../scheduling/estimates/charge-of.ts';
import type { Upstream } from './upstream.ts';

/** Shorter windows have a default of their own: a preset's delay would eat half of them. */
const LONG_WINDOW_SECONDS = 10;

/** The engine's configuration of a model: the entry's own words, completed by what is known of the providers. */
export function modelConfigOf(modelId: string, entry: ModelEntry, upstreams: readonly Upstream[]): ModelConfig {
  const presets = new Map(upstreams.map(({ id, endpoint }) => [id, endpoint.preset]));
  const first = upstreams[0]?.endpoint.preset;
  const isOne = first !== undefined && upstreams.every(({ endpoint }) => endpoint.preset.name === first.name);
  return {
    modelId,
    // Over deployments of several providers no one's rules hold.
    ...(entry.rateLimiters.length > 0 && { rateLimiters: entry.rateLimiters.map((limit) => (isOne ? asCountedBy(first, limit) : limit)) }),
    ...(entry.deployments.length > 0 && {
      deployments: entry.deployments.map(({ id, rateLimiters, weight, errorBackoffInSeconds, circuit }) => {
        const preset = presets.get(id);
        return {
          id,
          rateLimiters: rateLimiters.map((limit) => (preset === undefined ? limit : asCountedBy(preset, limit))),
          weight,
          errorBackoffInSeconds,
          circuit: withoutUndefined(circuit ?? {}),
          learnLimits: entry.learnLimits,
        };
      }),
    }),
    ...(entry.balancer !== undefined && { balancer: entry.balancer }),
    retry: withoutUndefined(entry.retry),
    requestTimeoutSeconds: entry.requestTimeoutSeconds,
    ...(entry.attemptTimeoutSeconds !== undefined && { attemptTimeoutSeconds: entry.attemptTimeoutSeconds }),
    maxQueueSize: entry.maxQueueSize,
    tenants: entry.tenants,
    ...(entry.lookAhead !== undefined && { lookAhead: entry.lookAhead }),
  };
}

/** A limit with what its provider's way of counting means for it; what the configuration says itself stays. */
function asCountedBy({ cost, countedWithinMs }: ProviderPreset, limit: RateLimiterConfig): RateLimiterConfig {
  if (limit.type === 'concurrent') return limit;
  const isMetered = cost === 'metered-output' && limit.type === 'otpm';
  const delayMs = isMetered ? Number.POSITIVE_INFINITY : windowOf(limit) > LONG_WINDOW_SECONDS ? countedWithinMs : undefined;
  return {
    ...(countsTokens(limit.type) && !chargesRealUsage(cost) && { chargedUpFront: true }),
    ...(delayMs !== undefined && { countedWithinMs: delayMs }),
    ...limit,
  };
}

/** zod fills defaults in for what is absent, and for what is undefined; types tell the two apart. */
function withoutUndefined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  // Only what was undefined is gone.
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
