import process from 'node:process';
import { parseHeadgateConfig } from '../config/headgate-config.ts';
import type { HeadgateConfigInput } from '../config/headgate-config-schema.ts';
import { loadHeadgateConfig } from '../config/load-config.ts';
import { deploymentProblem } from '../providers/deployment-problem.ts';
import { assembleGateway, type GatewayOptions } from './assemble-gateway.ts';
import type { Gateway } from './gateway.ts';

/**
 * Puts a gateway together; `listen()` starts it.
 *
 * @param config a configuration with models, or the path of a YAML or JSON file with one
 * @throws InvalidConfiguration (rejects) naming the path, for a file with line and column
 */
export async function createGateway(config: HeadgateConfigInput | string, options: GatewayOptions = {}): Promise<Gateway> {
  const parsing = { env: options.env ?? process.env, checkDeployment: deploymentProblem };
  const resolved = typeof config === 'string' ? await loadHeadgateConfig(config, parsing) : parseHeadgateConfig(config, parsing);
  return assembleGateway(resolved, options);
}
