import type { DeploymentEntry, HeadgateConfig, ModelEntry, PoolSettings, ProviderSettings } from '../../config/headgate-config-types.ts';
import { LLMConfigurationError } from '../../domain/llm-errors.ts';

/** A model of a client, with those of its deployments that are the client's. */
export interface PlannedModel {
  readonly entry: ModelEntry;
  /** By deployment id. */
  readonly deployments: ReadonlyMap<string, DeploymentEntry>;
}

/** What one client serves, and over which keys. */
export interface ClientPlan {
  /** What it is asked for by: a section's name, or the provider's. */
  readonly name: string;
  /** The preset's name. */
  readonly provider: string;
  readonly settings: ProviderSettings;
  readonly pool: PoolSettings;
  /** Keys in the order of the configuration. */
  readonly deploymentIds: readonly string[];
  readonly models: ReadonlyMap<string, PlannedModel>;
  /** The model of calls that name none; undefined: each key's own first one. */
  readonly defaultModel: string | undefined;
}

/**
 * The clients that a configuration describes: one for each section under `providers`, and one for each provider of the
 * deployments that `models` names.
 */
export function clientPlans({ models, providers, pool }: HeadgateConfig): ReadonlyMap<string, ClientPlan> {
  const plans = new Map<string, ClientPlan>();
  const taken = new Set<string>();
  for (const [name, { provider, deploymentIds, settings }] of Object.entries(providers)) {
    for (const id of deploymentIds) taken.add(id);
    plans.set(name, plan({ name, provider, settings, pool, deploymentIds }, models));
  }
  const others = new Map<string, Set<string>>();
  for (const { deployments } of Object.values(models)) {
    for (const { id, provider } of deployments) {
      if (taken.has(id)) continue;
      const ids = others.get(provider) ?? new Set();
      others.set(provider, ids.add(id));
    }
  }
  for (const [provider, ids] of others) {
    const name = plans.has(provider) ? `${provider} (models)` : provider;
    plans.set(name, plan({ name, provider, settings: {}, pool, deploymentIds: [...ids] }, models));
  }
  return plans;
}

type Head = Pick<ClientPlan, 'name' | 'provider' | 'settings' | 'pool' | 'deploymentIds'>;

function plan(head: Head, models: HeadgateConfig['models']): ClientPlan {
  const own = new Set(head.deploymentIds);
  const planned = new Map<string, PlannedModel>();
  for (const [modelId, entry] of Object.entries(models)) {
    const deployments = entry.deployments.filter(({ id }) => own.has(id));
    if (deployments.length > 0) planned.set(modelId, { entry, deployments: new Map(deployments.map((each) => [each.id, each])) });
  }
  return { ...head, models: planned, defaultModel: defaultModel(planned) };
}

/** Models with limits of their own can't be mixed into one queue: then the first one is meant. */
function defaultModel(models: ReadonlyMap<string, PlannedModel>): string | undefined {
  const usual = usualModels(models);
  const [first] = usual;
  if (usual.length <= 1) return first?.[0];
  return usual.some(([, { entry }]) => entry.rateLimiters.length > 0) ? first?.[0] : undefined;
}

/** Those that chat; where none does, all. */
function usualModels(models: ReadonlyMap<string, PlannedModel>): readonly (readonly [string, PlannedModel])[] {
  const chats = [...models].filter(([id, { entry }]) => !isForEmbeddings(id, entry));
  return chats.length > 0 ? chats : [...models];
}

export function isForEmbeddings(modelId: string, { type }: Pick<ModelEntry, 'type'>): boolean {
  return type === 'embeddings' || /embed/i.test(modelId);
}

/** Which deployment entry a key uses for a model; for no model in particular, its first. */
export function deploymentFor(
  plan: Pick<ClientPlan, 'models'>,
  id: string,
  model: string | undefined,
): { readonly modelId: string; readonly entry: DeploymentEntry } | undefined {
  const named = model === undefined ? undefined : plan.models.get(model);
  for (const [modelId, { deployments }] of named === undefined ? usualModels(plan.models) : [[model ?? '', named] as const]) {
    const entry = deployments.get(id);
    if (entry !== undefined) return { modelId, entry };
  }
  return undefined;
}

/** What a queue of the client is made from: a model's entry, or for no model in particular every key with its own. */
export function entryFor(plan: ClientPlan, model: string | undefined): ModelEntry {
  const [first] = model === undefined ? usualModels(plan.models) : [modelNamed(plan, model)];
  if (first === undefined) throw new LLMConfigurationError(`Client '${plan.name}' has no model.`, { provider: plan.provider });
  const [modelId, { entry }] = first;
  const deployments = plan.deploymentIds.flatMap((id) => deploymentFor(plan, id, model)?.entry ?? []);
  const rateLimiters = entry.rateLimiters.map((limit) => ({ ...limit, domain: limit.domain ?? `model ${modelId}` }));
  return { ...entry, deployments, rateLimiters };
}

function modelNamed(plan: ClientPlan, model: string): readonly [string, PlannedModel] {
  const planned = plan.models.get(model);
  if (planned !== undefined) return [model, planned];
  const known = [...plan.models.keys()].map((id) => `'${id}'`).join(', ');
  throw new LLMConfigurationError(`Client '${plan.name}' has no model '${model}'. Configured: ${known || 'none'}.`, {
    provider: plan.provider,
    model,
  });
}
