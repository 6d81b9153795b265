import { counted } from '../../lib/counted.ts';
import { logLevelOf } from '../headgate-config-pool.ts';
import type { Problem } from '../headgate-config-problems.ts';
import type { CheckedConfig } from '../headgate-config-schema.ts';
import type { CustomModelEntry, HeadgateConfig, ModelEntry } from '../headgate-config-types.ts';
import { assembleModels } from './assemble-models.ts';
import { azureDrafts } from './azure-drafts.ts';
import { limitProblems } from './check-limits.ts';
import { tenantProblems, tenantWarnings } from './check-tenants.ts';
import { DeploymentIds } from './deployment-ids.ts';
import type { Draft } from './draft.ts';
import { addressOf, gatewayOf } from './masked-dump.ts';
import { modelDrafts } from './model-drafts.ts';
import { suggestion } from './near-key.ts';
import { perMinute } from './per-minute.ts';
import { providerDrafts } from './provider-drafts.ts';
import { telemetrySettings } from './telemetry-settings.ts';

interface Expanded {
  readonly config: Omit<HeadgateConfig, 'warnings'>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

const MOST_DEPLOYMENTS = 10_000;

/** Says what is wrong with a deployment's provider or address; undefined: nothing. */
export type DeploymentCheck = (deployment: { readonly provider: string; readonly baseUrl?: string | undefined }) => string | undefined;

/** Turns what a checked configuration says, in whichever form, into models with deployments, and checks what one field alone can't show. */
export function expandConfig(checked: CheckedConfig, checkDeployment?: DeploymentCheck): Expanded {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const ids = new DeploymentIds(checked);
  const sections = providerDrafts(checked.providers, ids);
  problems.push(...sections.problems);
  warnings.push(...sections.warnings);
  const drafts: Draft[] = [...sections.drafts, ...azureDrafts(checked.azureOpenAi, ids), ...modelDrafts(checked, ids)];
  if (drafts.length > MOST_DEPLOYMENTS || sections.isTooLarge) {
    problems.push({ path: [], message: `expected at most ${MOST_DEPLOYMENTS} deployments` });
    return { config: emptyOf(checked), problems, warnings };
  }
  if (checkDeployment !== undefined) {
    problems.push(
      ...drafts.flatMap(({ path, given }) => {
        const message = checkDeployment(given);
        return message === undefined ? [] : [{ path, message }];
      }),
    );
  }
  const { models, problems: assembling } = assembleModels(checked, drafts, sections.timing);
  problems.push(...assembling, ...referenceProblems(checked, models, Object.keys(sections.entries)), ...limitProblems(checked));
  problems.push(...tenantProblems(checked, models));
  warnings.push(...tenantWarnings(checked, models));
  for (const [section, { deploymentIds }] of Object.entries(sections.entries)) {
    if (deploymentIds.length > checked.pool.maxSize) {
      warnings.push(
        `pool.maxSize is ${checked.pool.maxSize}: of the ${counted(deploymentIds.length, 'key')} of '${section}' no more are used at once.`,
      );
    }
  }
  if (drafts.length === 0 && Object.keys(models).length === 0 && checked.customModels.length === 0)
    warnings.push('No models are configured.');
  return {
    config: { ...emptyOf(checked), models, providers: sections.entries, customModels: customModelsOf(checked) },
    problems,
    warnings,
  };
}

function emptyOf(checked: CheckedConfig): Omit<HeadgateConfig, 'warnings'> {
  const { defaultProvider = Object.keys(checked.providers)[0], logLevel, ...global } = checked.global;
  return {
    models: {},
    domains: checked.domains,
    providers: {},
    pool: checked.pool,
    global: { ...global, defaultProvider, logLevel: logLevelOf(logLevel) },
    customModels: [],
    userLimits: checked.userLimits,
    schedulerLimits: checked.schedulerLimits,
    gateway: gatewayOf(checked.gateway),
    tenants: checked.tenants,
    prices: checked.prices,
    ...(checked.limitsStore !== undefined && { limitsStore: addressOf(checked.limitsStore) }),
    telemetry: telemetrySettings(checked.telemetry),
  };
}

function customModelsOf({ customModels }: CheckedConfig): CustomModelEntry[] {
  return customModels.map(({ reqPerMin, tokensPerMin, ...model }) => ({
    ...model,
    rateLimiters: perMinute({ rpm: reqPerMin, tpm: tokensPerMin }),
  }));
}

/** Names that must be the name of something. */
function referenceProblems(checked: CheckedConfig, models: Readonly<Record<string, ModelEntry>>, providers: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const known = Object.keys(models);
  for (const [id, { fallbacks = [] }] of Object.entries(checked.models)) {
    fallbacks.forEach((fallback, index) => {
      const path = ['models', id, 'fallbacks', index];
      if (fallback === id) problems.push({ path, message: 'expected another model: a model is no fallback of itself' });
      else if (!Object.hasOwn(models, fallback))
        problems.push({ path, message: `expected one of the models${suggestion(fallback, known)}` });
    });
  }
  const { defaultProvider } = checked.global;
  if (defaultProvider !== undefined && !providers.includes(defaultProvider)) {
    problems.push({
      path: ['global', 'defaultProvider'],
      message: `expected a section under providers${suggestion(defaultProvider, providers)}`,
    });
  }
  if (checked.pool.minSize > checked.pool.maxSize) {
    problems.push({ path: ['pool', 'minSize'], message: `expected at most maxSize, ${checked.pool.maxSize}, not ${checked.pool.minSize}` });
  }
  return problems;
}
