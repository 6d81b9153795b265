import { type ParseConfigOptions, parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import type { DeploymentEntry, HeadgateConfig } from '../../src/config/headgate-config-types.ts';
import { parseConfigText } from '../../src/config/load-config.ts';
import { InvalidConfiguration } from '../../src/domain/errors.ts';

/** The configuration in some lines of YAML, called `config.yaml`. */
export function fromYaml(text: string, options: Omit<ParseConfigOptions, 'locate'> = {}): HeadgateConfig {
  return parseConfigText(text, 'config.yaml', options);
}

/** What is wrong with a configuration, a line for each problem; fails where nothing is. */
export function complaints(value: unknown, options: Omit<ParseConfigOptions, 'locate'> = {}): string[] {
  const read = (): HeadgateConfig => (typeof value === 'string' ? fromYaml(value, options) : parseHeadgateConfig(value, options));
  return invalid(read).message.split('\n');
}

/** The `InvalidConfiguration` that `action` throws; fails where it throws another or none. */
export function invalid(action: () => unknown): InvalidConfiguration {
  try {
    action();
  } catch (error) {
    if (error instanceof InvalidConfiguration && error.code === 'invalid_configuration') return error;
    throw error;
  }
  throw new Error('Expected InvalidConfiguration, and nothing was thrown.');
}

/** A model's deployments; fails where there is no such model. */
export function deploymentsOf(config: HeadgateConfig, modelId: string): readonly DeploymentEntry[] {
  const model = Object.hasOwn(config.models, modelId) ? config.models[modelId] : undefined;
  if (model === undefined) throw new Error(`There is no model ${modelId}: ${Object.keys(config.models).join(', ')}`);
  return model.deployments;
}
