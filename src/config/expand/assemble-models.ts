import type { ConfigPath, Problem } from '../headgate-config-problems.ts';
import type { CheckedConfig } from '../headgate-config-schema.ts';
import type { DeploymentEntry, ModelEntry, ModelType, ProviderSettings } from '../headgate-config-types.ts';
import type { Draft } from './draft.ts';
import { dumpingMasked } from './masked-dump.ts';
import { sameValue } from './same-value.ts';

const DEFAULT_ATTEMPTS = 4;
/** What belongs to a deployment itself, whatever model it serves. */
const SHARED = [
  'provider',
  'baseUrl',
  'apiKey',
  'apiVersion',
  'headers',
  'rateLimiters',
  'domains',
  'errorBackoffInSeconds',
  'circuit',
] as const;

interface Assembled {
  readonly models: Readonly<Record<string, ModelEntry>>;
  readonly problems: readonly Problem[];
}

/** Puts the deployments of each model together, and what all mentions of one id say. */
export function assembleModels(
  { models, tenants: everywhere }: Pick<CheckedConfig, 'models' | 'tenants'>,
  drafts: readonly Draft[],
  timing: ReadonlyMap<string, readonly ProviderSettings[]>,
): Assembled {
  const problems: Problem[] = [];
  const described = describeOnce(drafts, problems);
  const byModel = new Map<string, Draft[]>(Object.keys(models).map((id) => [id, []]));
  for (const draft of drafts) {
    const list = byModel.get(draft.modelId) ?? [];
    if (list.length === 0) byModel.set(draft.modelId, list);
    list.push(draft);
  }
  const weighted = Object.fromEntries(Object.entries(everywhere).filter(([, { weight }]) => weight !== undefined));
  const entries = [...byModel].map(([modelId, ofModel]): [string, ModelEntry] => {
    const { deployments: _, tenants = {}, ...given } = models[modelId] ?? {};
    const settings = timing.get(modelId) ?? [];
    return [
      modelId,
      {
        ...given,
        deployments: onceEach(ofModel, problems).map((draft) => entryOf(draft, described.get(draft.id) ?? draft.given)),
        rateLimiters: given.rateLimiters ?? [],
        type: given.type ?? typeOf(ofModel, problems) ?? 'chat',
        fallbacks: given.fallbacks ?? [],
        retry: { ...given.retry, maxAttempts: given.retry?.maxAttempts ?? attemptsOf(settings) },
        attemptTimeoutSeconds: given.attemptTimeoutSeconds ?? largest(settings.map(({ timeout }) => timeout)),
        tenants: Object.fromEntries(Object.entries({ ...weighted, ...tenants }).map(([name, { weight = 1 }]) => [name, { weight }])),
      },
    ];
  });
  return { models: Object.fromEntries(entries), problems };
}

/** One description for each id: the first mention's, completed by the others. */
function describeOnce(drafts: readonly Draft[], problems: Problem[]): ReadonlyMap<string, Draft['given']> {
  const described = new Map<string, { given: Draft['given']; modelId: string }>();
  for (const { id, given, path, modelId } of drafts) {
    const before = described.get(id);
    const other =
      before &&
      SHARED.find((key) => given[key] !== undefined && before.given[key] !== undefined && !sameValue(given[key], before.given[key]));
    if (before !== undefined && other !== undefined) {
      const message = `expected the same as where deployment ${JSON.stringify(id)} of model ${JSON.stringify(before.modelId)} is described: one id is one deployment`;
      problems.push({ path: [...path, other], message });
    }
    if (before === undefined) described.set(id, { given, modelId });
    else described.set(id, { ...before, given: { ...given, ...withoutUndefined(before.given) } });
  }
  return new Map([...described].map(([id, { given }]) => [id, given]));
}

function withoutUndefined(given: Draft['given']): Draft['given'] {
  return { ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), provider: given.provider };
}

function entryOf({ id, modelId, given }: Draft, shared: Draft['given']): DeploymentEntry {
  return dumpingMasked({
    ...shared,
    id,
    model: given.model ?? modelId,
    headers: shared.headers ?? {},
    rateLimiters: shared.rateLimiters ?? [],
    domains: shared.domains ?? [],
    weight: given.weight ?? 1,
    errorBackoffInSeconds: shared.errorBackoffInSeconds ?? 60,
    azure: given.azure,
  });
}

function onceEach(drafts: readonly Draft[], problems: Problem[]): readonly Draft[] {
  const seen = new Map<string, ConfigPath>();
  for (const { id, path } of drafts) {
    if (seen.has(id))
      problems.push({ path: [...path, 'id'], message: `expected another id: the model has a deployment ${JSON.stringify(id)} already` });
    seen.set(id, path);
  }
  return drafts;
}

/** What the deployments' sections say that the model does. */
function typeOf(drafts: readonly Draft[], problems: Problem[]): ModelType | undefined {
  const typed = drafts.filter(({ type }) => type !== undefined);
  const [first] = typed;
  const other = typed.find(({ type }) => (type === 'embeddings') !== (first?.type === 'embeddings'));
  if (other !== undefined) {
    problems.push({
      path: [...other.path, 'modelType'],
      message: `expected ${first?.type}, as at the model's other deployments, not ${other.type}`,
    });
  }
  return first?.type;
}

function attemptsOf(settings: readonly ProviderSettings[]): number {
  const retries = largest(settings.map(({ maxRetries }) => maxRetries));
  return retries === undefined ? DEFAULT_ATTEMPTS : retries + 1;
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.max(...given);
}
