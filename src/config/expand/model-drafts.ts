import type { CheckedConfig } from '../headgate-config-schema.ts';
import type { DeploymentIds } from './deployment-ids.ts';
import type { Draft } from './draft.ts';

/** The deployments that are written under `models`. */
export function modelDrafts({ models, domains: declared }: Pick<CheckedConfig, 'models' | 'domains'>, ids: DeploymentIds): Draft[] {
  return Object.entries(models).flatMap(([modelId, { deployments = [] }]) =>
    deployments.map(({ id, domain, domains = [], apiKey, ...given }, index): Draft => {
      const named = [...new Set([...(domain === undefined ? [] : [domain]), ...domains])];
      const shared = named.flatMap((name) => {
        const limits = Object.hasOwn(declared, name) ? declared[name]?.rateLimiters : undefined;
        return (limits ?? []).map((limiter) => ({ ...limiter, domain: name }));
      });
      const own = given.rateLimiters;
      return {
        modelId,
        path: ['models', modelId, 'deployments', index],
        id: id ?? ids.next(given.provider),
        given: {
          ...given,
          apiKey: apiKey === '' ? undefined : apiKey,
          rateLimiters: own === undefined && named.length === 0 ? undefined : [...(own ?? []), ...shared],
          domains: named.length === 0 ? undefined : named,
        },
      };
    }),
  );
}
