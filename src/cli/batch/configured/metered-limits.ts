import { windowOf } from '../../../config/rate-limiter-config.ts';
import type { LimiterInfo, QueueManager } from '../../../index.ts';
import type { BatchModel } from './batch-models.ts';
import { deploymentKey, modelKey } from './kept-limits.ts';
import type { MeteredLimit } from './use-meter.ts';

interface Place {
  readonly model: string;
  readonly deployment?: string | undefined;
  readonly key: string;
}

/** Every limit over a window that the queues have now, learned ones included; one that several share stands there once. */
export function meteredLimits(manager: QueueManager, models: readonly BatchModel[]): readonly MeteredLimit[] {
  const found = new Map<string, MeteredLimit>();
  const add = (limiter: LimiterInfo, { model, deployment, key }: Place): void => {
    const { type, limit, domain } = limiter;
    if (type === 'concurrent') return;
    const own = deployment ?? (domain === `model ${model}` ? model : undefined);
    const name = JSON.stringify([domain ?? own, type, limit]);
    const before = found.get(name);
    const names = new Set(before === undefined ? [model] : [...before.named.model.split(', '), model]);
    found.set(name, {
      type,
      limit,
      named: { model: [...names].join(', '), ...(domain === undefined ? { deployment } : domain !== `model ${model}` && { domain }) },
      keys: [...new Set([...(before?.keys ?? []), key])],
      windowMs: before?.windowMs ?? windowMsOf(limiter, models),
    });
  };
  for (const { id: model, config } of models) {
    const info = manager.getQueueInfo(model);
    const ownDomains = new Set((config.rateLimiters ?? []).map(({ domain }) => domain));
    for (const limiter of info.rateLimiters) if (ownDomains.has(limiter.domain)) add(limiter, { model, key: modelKey(model) });
    for (const { id: deployment, rateLimiters } of info.deployments)
      for (const limiter of rateLimiters) add(limiter, { model, deployment, key: deploymentKey(deployment) });
  }
  return [...found.values()];
}

/** Of a configured limit; undefined for one that was learned. */
function windowMsOf({ type, limit, domain }: LimiterInfo, models: readonly BatchModel[]): number | undefined {
  for (const { config } of models) {
    const limits = [...(config.rateLimiters ?? []), ...(config.deployments ?? []).flatMap(({ rateLimiters = [] }) => rateLimiters)];
    const same = limits.find((each) => each.type === type && each.limit === limit && each.domain === domain);
    if (same !== undefined) return windowOf(same) * 1000;
  }
  return undefined;
}
