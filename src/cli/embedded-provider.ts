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
const SIMULATION: Simulation = { keys: ['simulated-key-1', 'simulated-key-2'], rpm: 600, tpm: 200_000 };
/** Milliseconds to the first word, and for the rest. */
const LATENCY = '80-300/100-600';

/** How the simulated provider behaves that stands in where no configuration is given: flags of `headgate simulate`. */
export const EMBEDDED_FLAGS: readonly string[] = [
  ...['--preset', 'openai', '--rpm', `${SIMULATION.rpm}`, '--tpm', `${SIMULATION.tpm}`],
  ...['--api-keys', SIMULATION.keys.join(','), '--model', EMBEDDED_MODEL, '--latency', LATENCY],
];

/** One model over two keys of the simulated provider at `url`. */
export function embeddedConfig(url: string): HeadgateConfig {
  const { keys, rpm, tpm } = SIMULATION;
  const rateLimiters = [
    { type: 'rpm', limit: rpm },
    { type: 'tpm', limit: tpm },
  ] as const;
  const deployments = keys.map((apiKey) => ({ provider: 'openai', baseUrl: `${url}/v1`, apiKey, rateLimiters: [...rateLimiters] }));
  return parseHeadgateConfig({ models: { [EMBEDDED_MODEL]: { deployments } } }, { env: {} });
}
