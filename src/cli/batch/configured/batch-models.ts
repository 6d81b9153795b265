import { modelConfigOf } from '../../../client/dispatch/model-config-of.ts';
import { type ModelRoute, modelRoute } from '../../../client/dispatch/model-route.ts';
import { openUpstream, type UpstreamParts } from '../../../client/dispatch/open-upstream.ts';
import type { ModelEntry } from '../../../config/headgate-config-types.ts';
import type { ModelConfig } from '../../../config/model-config.ts';
import type { WireFormatName } from '../../../domain/wire-format.ts';
import type { ConfiguredOptions } from '../batch-options.ts';

/** One model of the configuration as a batch uses it. */
export interface BatchModel {
  readonly id: string;
  readonly route: ModelRoute;
  /** Formats that at least one of its deployments speaks. */
  readonly formats: ReadonlySet<WireFormatName>;
  /** Its queue, less {@link CONCURRENCY_DOMAIN}. */
  readonly config: ModelConfig;
}

/** All models of a run share the number of calls at once. */
const CONCURRENCY_DOMAIN = 'headgate run';

/** The models of a configuration; nothing is sent before the first call. Throws `InvalidConfiguration`. */
export function batchModels(options: ConfiguredOptions, parts: UpstreamParts): ReadonlyMap<string, BatchModel> {
  return new Map(Object.entries(options.config.models).map(([id, entry]) => [id, batchModel(id, entry, options, parts)]));
}

function batchModel(id: string, entry: ModelEntry, options: ConfiguredOptions, parts: UpstreamParts): BatchModel {
  const upstreams = entry.deployments.map((deployment) => openUpstream(id, entry, deployment, parts));
  const config = modelConfigOf(id, forABatch(id, entry, options), upstreams);
  const formats = new Set(upstreams.flatMap(({ endpoint }) => endpoint.preset.formats));
  return { id, route: modelRoute(id, upstreams, entry.fallbacks), formats, config };
}

/**
 * Limits on the queue and on waiting are for callers who wait for an answer; a batch has none, and keeps few requests in
 * the queue anyway. The model's own limits get a name by which they can be told from those of its deployments.
 */
function forABatch(id: string, entry: ModelEntry, { maxAttempts, attemptTimeoutSeconds }: ConfiguredOptions): ModelEntry {
  return {
    ...entry,
    rateLimiters: entry.rateLimiters.map((limit) => ({ ...limit, domain: limit.domain ?? `model ${id}` })),
    retry: maxAttempts === undefined ? entry.retry : { ...entry.retry, maxAttempts },
    attemptTimeoutSeconds: attemptTimeoutSeconds ?? entry.attemptTimeoutSeconds,
    maxQueueSize: undefined,
    requestTimeoutSeconds: undefined,
  };
}

/** The model's queue with the number of calls at once that all models share. */
export function queueConfig({ config }: BatchModel, concurrency: number): ModelConfig {
  const shared = { type: 'concurrent', limit: concurrency, domain: CONCURRENCY_DOMAIN } as const;
  return { ...config, rateLimiters: [...(config.rateLimiters ?? []), shared] };
}

/** The models that a run may call: those that it names, and what stands in for them. */
export function withFallbacks(named: readonly string[], models: ReadonlyMap<string, BatchModel>): readonly BatchModel[] {
  const all = new Set(named.flatMap((id) => [id, ...(models.get(id)?.route.fallbacks ?? [])]));
  return [...all].flatMap((id) => models.get(id) ?? []);
}
