import process from 'node:process';
import type { HeadgateConfig } from '../config/headgate-config-types.ts';
import { loadHeadgateConfig } from '../config/load-config.ts';
import { InvalidConfiguration } from '../domain/errors.ts';
import { deploymentProblem } from '../providers/deployment-problem.ts';
import { missingKeys } from './missing-keys.ts';
import { UsageError } from './usage-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The file that a command takes its configuration from. */
export interface ConfigSource {
  readonly path: string;
  /** Which one, and why that. */
  readonly says: string;
}

const VARIABLE = 'HEADGATE_CONFIG';

/** The configuration that the flag names, else the environment; undefined: none is given. */
export function findConfig(flag: string | undefined, environment: Environment): ConfigSource | undefined {
  if (flag !== undefined) return { path: flag, says: `Configuration: ${flag}` };
  const path = environment[VARIABLE]?.trim();
  return path === undefined || path === '' ? undefined : { path, says: `Configuration: ${path} (${VARIABLE})` };
}

/** Says on standard error which keys are missing. @throws UsageError with the first problem */
export async function readConfig(path: string, env: Environment): Promise<HeadgateConfig> {
  try {
    const config = await loadHeadgateConfig(path, { env, checkDeployment: deploymentProblem });
    for (const line of missingKeys(config, env)) process.stderr.write(`headgate: ${line}\n`);
    return config;
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    const [first = '', ...others] = error.message.split('\n');
    const more = others.length === 0 ? '' : ` (and ${others.length} more; \`headgate check ${path}\` shows all)`;
    throw new UsageError(`${first}${more}`, { cause: error });
  }
}

export function unknownModel(model: string, path: string, known: readonly string[]): UsageError {
  const names = known.map((id) => `'${id}'`).join(', ');
  return new UsageError(`${path} has no model '${model}'. It has: ${names || 'none'}.`);
}
