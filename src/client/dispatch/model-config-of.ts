import type { ModelEntry } from '../../config/headgate-config-types.ts';
import type { ModelConfig } from '../../config/model-config.ts';
import { asCountedBy, countingByType } from './provider-counting.ts';
import type { Upstream } from './upstream.ts';

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
          learnLimits: entry.learnLimits !== false && (preset === undefined || countingByType(preset)),
          seekRate: entry.learnLimits ?? preset?.limitsRates ?? true,
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

/** zod fills defaults in for what is absent, and for what is undefined; types tell the two apart. */
function withoutUndefined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  // Only what was undefined is gone.
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
