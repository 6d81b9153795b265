import { type RateLimiterConfig, windowOf } from '../../../config/rate-limiter-config.ts';
import type { QueueManager } from '../../../index.ts';
import { defaultCountedWithinMs } from '../../../limits/create-limiter.ts';
import type { SentLedger, WindowLimit } from '../sent-ledger.ts';
import type { BatchModel } from './batch-models.ts';

/** Longest attempt of a model that says nothing else. */
const ATTEMPT_TIMEOUT_SECONDS = 600;

/** What is sent to a deployment is recorded once for all its limits, those of its domains included. */
export function deploymentKey(id: string): string {
  return `deployment ${id}`;
}

/** What is sent of a model is recorded for the limits that hold for all its deployments together. */
export function modelKey(id: string): string {
  return `model ${id}`;
}

/** The configured limits over windows, as far as they have to hold across restarts: one of a type for each key. */
export function keptLimits(models: readonly BatchModel[]): readonly WindowLimit[] {
  const kept = new Map<string, WindowLimit>();
  for (const { id, config } of models) {
    const timeoutMs = (config.attemptTimeoutSeconds ?? ATTEMPT_TIMEOUT_SECONDS) * 1000;
    const keep = (key: string, limits: readonly RateLimiterConfig[] = []): void => {
      for (const limit of limits) {
        if (limit.type === 'concurrent') continue;
        const name = `${key} ${limit.type}`;
        kept.set(name, widest(windowLimit(key, limit, timeoutMs), kept.get(name)));
      }
    };
    keep(modelKey(id), config.rateLimiters);
    for (const { id: deploymentId, rateLimiters } of config.deployments ?? []) keep(deploymentKey(deploymentId), rateLimiters);
  }
  return [...kept.values()];
}

function windowLimit(key: string, limit: RateLimiterConfig, timeoutMs: number): WindowLimit {
  const windowMs = windowOf(limit) * 1000;
  const countedWithinMs = limit.countedWithinMs ?? defaultCountedWithinMs(limit.type, windowMs);
  return { model: key, type: limit.type, limit: limit.limit, windowMs, countedWithinMs: Math.min(countedWithinMs, timeoutMs) };
}

/** A deployment's own limit and its domain's may have different windows: what is kept has to do for both. */
function widest(one: WindowLimit, other: WindowLimit | undefined): WindowLimit {
  if (other === undefined) return one;
  return {
    ...one,
    limit: Math.max(one.limit, other.limit),
    windowMs: Math.max(one.windowMs, other.windowMs),
    countedWithinMs: Math.max(one.countedWithinMs, other.countedWithinMs),
  };
}

/**
 * Counts in what earlier runs sent. The engine restores usage by model, into every limit that the model's requests meet:
 * a model that stands for one deployment, or for a model's own limits, has just the right ones. It goes at once.
 */
export async function restoreSent(manager: QueueManager, models: readonly BatchModel[], ledger: SentLedger, wallMs: number): Promise<void> {
  const deployments = new Set(models.flatMap(({ config }) => (config.deployments ?? []).map(({ id }) => id)));
  const standIns = [
    ...[...deployments].map((id) => ({ key: deploymentKey(id), limits: { deployments: [{ id }] } })),
    ...models.flatMap(({ id, config }) =>
      config.rateLimiters === undefined ? [] : [{ key: modelKey(id), limits: { rateLimiters: config.rateLimiters } }],
    ),
  ];
  for (const { key, limits } of standIns) {
    const usage = ledger.earlierUsage(key, wallMs);
    if (usage.length === 0) continue;
    const modelId = `what was sent before to ${key}`;
    manager.registerQueue({ modelId, ...limits }, () => undefined);
    manager.restoreUsage(modelId, usage);
    await manager.unregisterQueue(modelId);
  }
}
