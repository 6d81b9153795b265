import { parseHeadgateConfig } from '../../config/headgate-config.ts';
import type { HeadgateConfig } from '../../config/headgate-config-types.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Logger } from '../../domain/logger.ts';
import type { TelemetrySink } from '../../domain/telemetry.ts';
import type { UserLimitStore } from '../../domain/user-limit-store.ts';
import { hasMethods, refuseSetting, requireOptions } from '../check-input.ts';
import type { RequestExecutor } from './base-request-controller.ts';
import type { LoadBalancer } from './load-balancer.ts';
import type { RequestScheduler } from './scheduler.ts';

export interface LLMQueueOptions {
  /**
   * What `loadHeadgateConfig` or `parseHeadgateConfig` returned, or the object as it stands in a file, in either spelling:
   * `azureOpenAi`, `customModels`, `models`, `userLimits`, `schedulerLimits`. References to variables are read from `process.env`.
   */
  readonly llmConfig: HeadgateConfig | Readonly<Record<string, unknown>>;
  /** By request type; more may be registered later. */
  readonly requestExecutors?: Readonly<Record<string, RequestExecutor>>;
  /** Default: in this process's memory, where the configuration has `userLimits`; given without them, it counts 40 requests per 60 s. */
  readonly userRateLimitsStoreAdapter?: UserLimitStore | undefined;
  /** Default: none. */
  readonly telemetryStoreAdapter?: TelemetrySink | undefined;
  /** Whether telemetry holds the requests' data; default false: it says `[redacted]`. */
  readonly telemetryPayload?: boolean | undefined;
  /** Replaces the order: by default first in, first out for each combination of models. */
  readonly scheduler?: RequestScheduler | undefined;
  /** Replaces the choice of language models: by default evenly spaced round robin. */
  readonly llmLoadBalancer?: LoadBalancer | undefined;
  /** The same for embedding models. */
  readonly embeddingLoadBalancer?: LoadBalancer | undefined;
  readonly clock?: Clock | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

/** The longest wait in the queue where the configuration says nothing. */
export const REQUEST_TIMEOUT_SECONDS = 300;
/** Requests of one user per window, and the window in seconds, where a store is given and the configuration says nothing. */
export const USER_LIMITS = { maxNumRequestsInTimeWindow: 40, timeWindowInSeconds: 60 };

const BALANCER = ['hasAvailableLlm', 'getAvailableLlmId', 'registerError'];
const METHODS: Readonly<Record<string, readonly string[]>> = {
  userRateLimitsStoreAdapter: ['connect', 'disconnect', 'checkAndAddRequest'],
  telemetryStoreAdapter: ['connect', 'disconnect', 'insertTelemetryData'],
  scheduler: ['addRequest', 'popTopNewRequest', 'popTopWaitingRequest', 'removeRequestById', 'getTopRequestsModelPrefs'],
  llmLoadBalancer: BALANCER,
  embeddingLoadBalancer: BALANCER,
};

/** Throws `InvalidConfiguration` for a part that lacks what it is called for. */
export function checkQueueOptions(options: object): void {
  requireOptions(options);
  for (const [name, methods] of Object.entries(METHODS)) {
    const part: unknown = Reflect.get(options, name);
    if (part !== undefined && !hasMethods(part, ...methods)) refuseSetting(`options.${name}`, part, `an object with ${methods.join(', ')}`);
  }
}

/** Throws `InvalidConfiguration`. */
export function configOf(given: LLMQueueOptions['llmConfig']): HeadgateConfig {
  return isParsed(given) ? given : parseHeadgateConfig(given, { env: process.env });
}

/** Only a configuration that was parsed has warnings. */
function isParsed(given: LLMQueueOptions['llmConfig']): given is HeadgateConfig {
  return typeof given === 'object' && given !== null && 'warnings' in given && Array.isArray(given.warnings);
}
