import type { Environment } from '../config/expand/environment.ts';
import type { DeploymentEntry, HeadgateConfig } from '../config/headgate-config-types.ts';
import { normaliseBaseUrl } from '../providers/base-url.ts';
import { findPreset } from '../providers/preset-registry.ts';

/** Who calls from a command has no key of their own to bring: a line for each deployment that is without one and is no server of one's own. */
export function missingKeys({ models }: HeadgateConfig, env: Environment): string[] {
  const entries = Object.values(models).flatMap(({ deployments }) => deployments);
  const keyless = new Map(entries.flatMap((entry) => keyNeeded(entry, env)));
  return [...keyless].map(
    ([id, variable]) =>
      `Deployment '${id}' has no key: set the environment variable ${variable}, or give it an apiKey. It is called without one.`,
  );
}

function keyNeeded({ id, provider, baseUrl, apiKey }: DeploymentEntry, env: Environment): [id: string, variable: string][] {
  const preset = findPreset(provider);
  const { keyVariable } = preset;
  if (apiKey !== undefined || keyVariable === undefined || preset.limitsRates === false) return [];
  if ((env[keyVariable]?.trim() ?? '') !== '' || isOwnMachine(normaliseBaseUrl(preset, baseUrl))) return [];
  return [[id, keyVariable]];
}

/** A server on this machine, such as a simulator or a local model, needs no key. */
export function isOwnMachine(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}
