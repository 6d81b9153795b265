import type { Problem } from '../headgate-config-problems.ts';
import type { CheckedConfig } from '../headgate-config-schema.ts';
import type { ProviderEntry, ProviderSettings } from '../headgate-config-types.ts';
import type { DeploymentIds } from './deployment-ids.ts';
import type { Draft } from './draft.ts';
import { perMinute } from './per-minute.ts';
import { type KeyLimits, rowsOf } from './provider-rows.ts';

/** What system C's sections became. */
interface ProviderDrafts {
  readonly drafts: readonly Draft[];
  readonly entries: Readonly<Record<string, ProviderEntry>>;
  /** By model: the settings of the sections that serve it. */
  readonly timing: ReadonlyMap<string, readonly ProviderSettings[]>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  readonly isTooLarge: boolean;
}

const MOST_DEPLOYMENTS = 10_000;

/** System C's providers: each key a deployment of its models, under one id, with one set of limits. */
export function providerDrafts(providers: CheckedConfig['providers'], ids: DeploymentIds): ProviderDrafts {
  const drafts: Draft[] = [];
  const entries = new Map<string, ProviderEntry>();
  const timing = new Map<string, ProviderSettings[]>();
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const [name, section] of Object.entries(providers)) {
    const path = ['providers', name];
    const { rows, problem } = rowsOf(section, path);
    if (problem !== undefined) problems.push(problem);
    const settings = section.settings ?? {};
    const deploymentIds: string[] = [];
    for (const { key, models, limits, index } of rows) {
      if (drafts.length + models.length > MOST_DEPLOYMENTS) {
        return { drafts: [], entries: {}, timing, problems, warnings, isTooLarge: true };
      }
      const id = ids.next(name);
      deploymentIds.push(id);
      const domain = models.length > 1 ? id : undefined;
      const given = {
        provider: section.provider ?? name,
        baseUrl: settings.baseUrl,
        apiKey: key,
        rateLimiters: limitersOf(limits, domain),
      };
      for (const modelId of models) drafts.push({ modelId, path: [...path, 'apiKeys', index], id, given: { ...given, model: modelId } });
    }
    const models = [...new Set(rows.flatMap((row) => row.models))];
    for (const model of models) timing.set(model, [...(timing.get(model) ?? []), settings]);
    warnings.push(...warningsOf(name, section, rows));
    entries.set(name, { provider: section.provider ?? name, models, deploymentIds, settings });
  }
  return { drafts, entries: Object.fromEntries(entries), timing, problems, warnings, isTooLarge: false };
}

function limitersOf(limits: KeyLimits | undefined, domain: string | undefined): ReturnType<typeof perMinute> {
  return perMinute(
    {
      rpm: limits?.requestsPerMinute,
      itpm: limits?.inputTokensPerMinute,
      otpm: limits?.outputTokensPerMinute,
      tpm: limits?.totalTokensPerMinute,
    },
    domain,
  );
}

function warningsOf(
  name: string,
  section: CheckedConfig['providers'][string],
  rows: readonly { readonly key: string | undefined }[],
): string[] {
  const warnings: string[] = [];
  const limits = section.rateLimits === undefined ? [] : [section.rateLimits].flat();
  if (limits.some(({ burstMultiplier = 1 }) => burstMultiplier !== 1)) {
    warnings.push(`providers.${name}: burstMultiplier is not applied: Headgate never lets a window exceed its limit.`);
  }
  const keys = rows.flatMap(({ key }) => key ?? []);
  const written = [section.apiKeys ?? []].flat().filter((key) => key !== '');
  if (new Set(written).size < written.length) {
    warnings.push(`providers.${name}: a key stands there twice; its limits count for each of the two.`);
  }
  if (keys.length === 0 && section.settings?.baseUrl === undefined) {
    warnings.push(`providers.${name}: no key is configured.`);
  }
  return warnings;
}
