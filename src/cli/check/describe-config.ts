import { maskKey, maskUrl } from '../../config/expand/mask-key.ts';
import type { DeploymentEntry, HeadgateConfig, ModelEntry } from '../../config/headgate-config-types.ts';
import { type RateLimiterConfig, windowOf } from '../../config/rate-limiter-config.ts';
import { counted } from '../../lib/counted.ts';
import { normaliseBaseUrl } from '../../providers/base-url.ts';
import { findPreset } from '../../providers/preset-registry.ts';
import { count } from '../format.ts';
import { telemetryRows } from './telemetry-rows.ts';
import { tenantRows } from './tenant-rows.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a configuration was understood as, line by line; keys are masked. */
export function describeConfig(config: HeadgateConfig, fileName: string, env: Environment): string[] {
  const models = Object.entries(config.models);
  const ids = new Set(models.flatMap(([, { deployments }]) => deployments.map(({ id }) => id)));
  return [
    `${fileName}: ${counted(models.length, 'model')}, ${counted(ids.size, 'deployment')}`,
    ...models.flatMap(([id, model]) => ['', modelLine(id, model), ...columns(deploymentRows(model, env)).map((line) => `  ${line}`)]),
    ...section(
      'domains',
      Object.entries(config.domains).map(([name, { rateLimiters }]) => [name, limitsText(rateLimiters)]),
    ),
    ...section('clients', clientRows(config)),
    ...section(
      'custom models',
      config.customModels.map((model) => [
        model.uniqueModelId,
        model.modelType,
        model.modulePath ?? 'no module',
        limitsText(model.rateLimiters),
      ]),
    ),
    ...section('users and queue', userRows(config)),
    ...section('tenants', tenantRows(config)),
    ...section('telemetry', telemetryRows(config)),
    ...section(
      'warnings',
      config.warnings.map((warning) => [warning]),
    ),
  ];
}

/** Rows in columns, all of them to the left. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ['', title, ...columns(rows).map((line) => `  ${line}`)];
}

function modelLine(id: string, model: ModelEntry): string {
  const { type, deployments, balancer = 'most-headroom', retry, fallbacks, rateLimiters, maxQueueSize, learnLimits } = model;
  const says = [
    type,
    ...(deployments.length > 1 ? [typeof balancer === 'string' ? balancer : 'own balancer'] : []),
    counted(retry.maxAttempts, 'attempt'),
    ...(rateLimiters.length > 0 ? [`in all ${limitsText(rateLimiters)}`] : []),
    ...(maxQueueSize === undefined ? [] : [`at most ${count(maxQueueSize)} waiting`]),
    ...timeLimits(model),
    ...(fallbacks.length > 0 ? [`then ${fallbacks.join(', ')}`] : []),
    ...(learnLimits === false ? ['learns no limits'] : []),
  ];
  return `${id}: ${says.join(' · ')}`;
}

function timeLimits({ requestTimeoutSeconds, attemptTimeoutSeconds }: ModelEntry): string[] {
  return [
    ...(requestTimeoutSeconds === undefined ? [] : [`waits at most ${requestTimeoutSeconds} s`]),
    ...(attemptTimeoutSeconds === undefined ? [] : [`runs at most ${attemptTimeoutSeconds} s`]),
  ];
}

function deploymentRows({ deployments, balancer, learnLimits }: ModelEntry, env: Environment): string[][] {
  if (deployments.length === 0) return [["the caller's own endpoint and key"]];
  return deployments.map((deployment) => [
    deployment.id,
    deployment.provider,
    endpointOf(deployment),
    deployment.model,
    keyOf(deployment, env),
    limitsText(deployment.rateLimiters) || learningText(deployment.provider, learnLimits),
    ...(balancer === 'weighted' ? [`weight ${deployment.weight}`] : []),
  ]);
}

function learningText(provider: string, learnLimits: boolean | undefined): string {
  if (learnLimits === false) return 'no limits';
  const seeksRate = learnLimits ?? findPreset(provider).limitsRates ?? true;
  return seeksRate ? 'limits are learned' : 'no limits of its own';
}

function endpointOf({ provider, baseUrl }: DeploymentEntry): string {
  return maskUrl(normaliseBaseUrl(findPreset(provider), baseUrl));
}

function keyOf({ provider, apiKey }: DeploymentEntry, env: Environment): string {
  if (apiKey !== undefined) return maskKey(apiKey);
  const { keyVariable } = findPreset(provider);
  if (keyVariable === undefined) return 'no key';
  const key = env[keyVariable]?.trim() ?? '';
  return key === '' ? `no key (${keyVariable} is not set)` : `${maskKey(key)} (${keyVariable})`;
}

/** `500 rpm, 30,000 tpm (org), 10 rpm per 5 s`. */
function limitsText(limits: readonly RateLimiterConfig[]): string {
  return limits
    .map((limit) => `${count(limit.limit)} ${limit.type}${windowText(limit)}${limit.domain === undefined ? '' : ` (${limit.domain})`}`)
    .join(', ');
}

function windowText(limit: RateLimiterConfig): string {
  if (limit.type === 'concurrent' || limit.timePeriod === undefined) return '';
  return windowOf(limit) === windowOf({ type: limit.type, timePeriod: undefined }) ? '' : ` per ${limit.timePeriod} s`;
}

function clientRows({ providers, pool, global }: HeadgateConfig): string[][] {
  const sections = Object.entries(providers);
  if (sections.length === 0) return [];
  const rows = sections.map(([name, { models, deploymentIds, settings }]) => [
    name === global.defaultProvider ? `${name} (default)` : name,
    `${counted(deploymentIds.length, 'key')} for ${models.join(', ')}`,
    settingsText(settings),
  ]);
  const { minSize, maxSize, acquireTimeout, healthCheckInterval } = pool;
  const health = healthCheckInterval === 0 ? 'no health checks' : `checked every ${healthCheckInterval} s`;
  return [...rows, ['pool', `${minSize} to ${counted(maxSize, 'client')}`, `waits at most ${acquireTimeout} s for one, ${health}`]];
}

function settingsText(settings: HeadgateConfig['providers'][string]['settings']): string {
  const { temperature, maxTokens, timeout, maxRetries } = settings;
  return Object.entries({ temperature, maxTokens, timeout, maxRetries })
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(', ');
}

function userRows({ userLimits, schedulerLimits }: HeadgateConfig): string[][] {
  return [
    ...(userLimits
      ? [['one user', `${counted(userLimits.maxNumRequestsInTimeWindow, 'request')} per ${userLimits.timeWindowInSeconds} s`]]
      : []),
    ...(schedulerLimits
      ? [['queue', `${counted(schedulerLimits.maxQueueSize, 'request')}, waiting at most ${schedulerLimits.requestTimeoutSeconds} s`]]
      : []),
  ];
}
