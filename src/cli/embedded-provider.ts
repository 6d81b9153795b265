import { parseHeadgateConfig } from '../config/headgate-config.ts';
import type { HeadgateConfig } from '../config/headgate-config-types.ts';

/** What the simulated provider is told and what a configuration says of it. */
interface Simulation {
  readonly keys: readonly string[];
  /** Requests and tokens per minute and key. */
  readonly rpm: number;
  readonly tpm: number;
}

const EMBEDDED_MODEL = 'simulated';
/** Spoken to in Anthropic's protocol; the gateway offers it too. */
const ANTHROPIC_MODEL = 'simulated-anthropic';
const SIMULATION: Simulation = { keys: ['simulated-key-1', 'simulated-key-2'], rpm: 600, tpm: 200_000 };
/** Milliseconds to the first word, and for the rest. */
const LATENCY = '80-300/100-600';

/** How the simulated provider behaves that stands in where no configuration is given: flags of `headgate simulate`. */
export const EMBEDDED_FLAGS: readonly string[] = [
  ...['--preset', 'openai', '--rpm', `${SIMULATION.rpm}`, '--tpm', `${SIMULATION.tpm}`],
  ...['--api-keys', SIMULATION.keys.join(','), '--model', `${EMBEDDED_MODEL},${ANTHROPIC_MODEL}`, '--latency', LATENCY],
];

/** One model over two keys of the simulated provider at `url`. */
export function embeddedConfig(url: string): HeadgateConfig {
  return parseHeadgateConfig({ models: { [EMBEDDED_MODEL]: { deployments: deployments('openai', `${url}/v1`) } } }, { env: {} });
}

/** The same, and a model of Anthropic's protocol. */
export function embeddedGatewayConfig(url: string): HeadgateConfig {
  const models = {
    [EMBEDDED_MODEL]: { deployments: deployments('openai', `${url}/v1`) },
    [ANTHROPIC_MODEL]: { deployments: deployments('anthropic', url) },
  };
  return parseHeadgateConfig({ models }, { env: {} });
}

function deployments(provider: string, baseUrl: string) {
  const { keys, rpm, tpm } = SIMULATION;
  const rateLimiters = [
    { type: 'rpm' as const, limit: rpm },
    { type: 'tpm' as const, limit: tpm },
  ];
  return keys.map((apiKey) => ({ provider, baseUrl, apiKey, rateLimiters: [...rateLimiters] }));
}
