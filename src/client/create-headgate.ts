import process from 'node:process';
import { parseHeadgateConfig } from '../config/headgate-config.ts';
import type { HeadgateConfigInput } from '../config/headgate-config-schema.ts';
import type { HeadgateConfig } from '../config/headgate-config-types.ts';
import { loadHeadgateConfig } from '../config/load-config.ts';
import type { HttpTransport } from '../domain/http-transport.ts';
import type { QueueManagerOptions } from '../engine/engine-options.ts';
import { QueueManager } from '../engine/queue-manager.ts';
import { systemClock } from '../lib/system-clock.ts';
import { deploymentProblem } from '../providers/deployment-problem.ts';
import { loadTokenizer } from '../providers/tokenizer.ts';
import { OutputForecast } from '../scheduling/estimates/output-forecast.ts';
import type { Tokenizer } from '../scheduling/estimates/tokenizer.ts';
import { UsageCalibration } from '../scheduling/estimates/usage-calibration.ts';
import { GuestCalls } from './ai-sdk/guest-calls.ts';
import { requireConfig, requireOptions } from './check-input.ts';
import { CallDispatcher } from './dispatch/call-dispatcher.ts';
import { ModelCatalogue } from './dispatch/model-catalogue.ts';
import { CallRouting } from './fetch/call-routing.ts';
import { CallerUpstreams } from './fetch/caller-upstreams.ts';
import { Headgate } from './headgate.ts';

export interface CreateHeadgateOptions extends Omit<QueueManagerOptions, 'estimator'> {
  /** Variables that keys are looked up in (`${NAME}`, `env:NAME`, `OPENAI_API_KEY` …); default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Sends the calls in place of connections over the network; for tests. */
  readonly transport?: HttpTransport | undefined;
  /**
   * How inputs are estimated that a provider charges by what they really use: from `characters`, corrected by what usage
   * reports (default), or counted as `tokens` with OpenAI's o200k vocabulary, 2 MB that are loaded for it.
   */
  readonly estimates?: 'characters' | 'tokens' | undefined;
}

/** What {@link assembleHeadgate} is given besides. */
interface AssemblyOptions extends Omit<CreateHeadgateOptions, 'estimates'> {
  readonly tokenizer?: Tokenizer | undefined;
}

/**
 * Puts model queues and their deployments together.
 *
 * @param config a configuration, the path of a YAML or JSON file with one, or nothing: then model, key and endpoint are
 * taken from each call, and limits are learned from the answers
 * @throws InvalidConfiguration (rejects) naming the path, for a file with line and column
 */
export async function createHeadgate(config: HeadgateConfigInput | string = {}, options: CreateHeadgateOptions = {}): Promise<Headgate> {
  requireOptions(options);
  const { env = process.env, estimates = 'characters', ...others } = options;
  const parsing = { env, checkDeployment: deploymentProblem };
  const resolved = typeof config === 'string' ? await loadHeadgateConfig(config, parsing) : parseHeadgateConfig(config, parsing);
  const tokenizer = estimates === 'tokens' ? await loadTokenizer() : undefined;
  return assembleHeadgate(resolved, { env, tokenizer, ...others });
}

/** The same from a configuration that is resolved already. Throws `InvalidConfiguration`. */
export function assembleHeadgate(config: HeadgateConfig, options: AssemblyOptions = {}): Headgate {
  requireOptions(options);
  requireConfig(config);
  const { env = process.env, transport, tokenizer, ...engine } = options;
  const clock = engine.clock ?? systemClock;
  const queues = new QueueManager({ ...engine, clock });
  const catalogue = new ModelCatalogue(queues, { clock, env, transport });
  const learning = {
    calibration: new UsageCalibration(),
    forecast: new OutputForecast(),
    tokenizer,
  };
  const dispatcher = new CallDispatcher({ queues, routes: catalogue.routes, learning, clock });
  const callers = new CallerUpstreams({ clock, transport, onForgotten: (upstream): Promise<void> => routing.forget(upstream) });
  const discovers = Object.keys(config.models).length === 0;
  const routing: CallRouting = new CallRouting(catalogue, callers, discovers);
  const guests = new GuestCalls({ catalogue, queues, learning, clock, discovers });
  catalogue.addAll(config);
  return new Headgate({ config, clock, queues, catalogue, dispatcher, callers, routing, guests });
}
