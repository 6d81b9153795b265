import { existsSync } from 'node:fs';
import process from 'node:process';
import { providersInEnvironment } from '../../config/expand/environment-defaults.ts';
import { parseHeadgateConfig } from '../../config/headgate-config.ts';
import type { HeadgateConfigInput } from '../../config/headgate-config-schema.ts';
import type { HeadgateConfig } from '../../config/headgate-config-types.ts';
import { loadHeadgateConfig } from '../../config/load-config.ts';
import { requireOptions } from '../check-input.ts';
import { LLMManager } from './llm-manager.ts';
import type { LLMManagerOptions } from './llm-manager-options.ts';

const DEFAULT_PATH = './config/llm.yaml';

let current: Promise<LLMManager> | undefined;

/**
 * The process's manager, made on first use; after `close` the next call makes a new one. While one is open its own
 * configuration holds, whatever is passed.
 *
 * @param config a configuration, or the path of a YAML or JSON file; default: the file that `HEADGATE_CONFIG` names, else
 * `./config/llm.yaml` where it exists, else what variables say (`OPENAI_API_KEY` and `OPENAI_MODEL`, `ANTHROPIC_…`)
 * @throws InvalidConfiguration (rejects) with the path to what is wrong
 */
export function getLlmManager(config?: HeadgateConfigInput | string, options?: LLMManagerOptions): Promise<LLMManager> {
  const made: Promise<LLMManager> = openOrNew(current, config, options);
  current = made;
  // One that could not be made must not be handed out again.
  made.catch(() => {
    if (current === made) current = undefined;
  });
  return made;
}

/** A manager of one's own, beside the process's. */
export async function createLlmManager(config?: HeadgateConfigInput | string, options: LLMManagerOptions = {}): Promise<LLMManager> {
  requireOptions(options);
  return new LLMManager(await resolved(config, options.env ?? process.env), options);
}

async function openOrNew(
  before: Promise<LLMManager> | undefined,
  config: HeadgateConfigInput | string | undefined,
  options: LLMManagerOptions | undefined,
): Promise<LLMManager> {
  const manager = await before?.catch(() => undefined);
  return manager === undefined || manager.isClosed ? createLlmManager(config, options) : manager;
}

async function resolved(
  config: HeadgateConfigInput | string | undefined,
  env: NonNullable<LLMManagerOptions['env']>,
): Promise<HeadgateConfig> {
  if (typeof config === 'object') return parseHeadgateConfig(config, { env });
  const path = config ?? env['HEADGATE_CONFIG'] ?? (existsSync(DEFAULT_PATH) ? DEFAULT_PATH : undefined);
  if (path !== undefined) return loadHeadgateConfig(path, { env });
  return parseHeadgateConfig({ providers: providersInEnvironment(env) }, { env });
}
