import type { HeadgateConfig } from '../../config/headgate-config-types.ts';
import type { RateLimiterType } from '../../domain/limit-types.ts';
import type { InputFormat } from './interpret-line.ts';

/** One limit as given by a flag; it holds for each model on its own. */
export interface LimitFlag {
  readonly type: Exclude<RateLimiterType, 'concurrent'>;
  readonly limit: number;
}

/** What every batch run is told. */
interface CommonOptions {
  /** For `OUT.run.json`: who made the output. */
  readonly command: 'run' | 'demo';
  /** A path, or `-` for standard input. */
  readonly input: string;
  readonly output: string;
  readonly format: InputFormat;
  /** For lines that name none. */
  readonly model: string | undefined;
  /** Calls at once, over all models. */
  readonly concurrency: number;
  /** Only the first so many lines. */
  readonly lineLimit: number | undefined;
}

/** A run against one endpoint with one key, whose limits are flags. */
export interface EndpointOptions extends CommonOptions {
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Where the key came from, for messages. */
  readonly apiKeyEnv: string;
  readonly limits: readonly LimitFlag[];
  /** Window of the per-minute limits; default 60. */
  readonly windowSeconds: number | undefined;
  /** Longest time between a call's writing and its being counted; default the engine's for the window. */
  readonly countedWithinMs: number | undefined;
  readonly maxAttempts: number;
  readonly attemptTimeoutSeconds: number;
  readonly config?: undefined;
}

/** A run over a configuration's models and deployments. */
export interface ConfiguredOptions extends CommonOptions {
  readonly config: HeadgateConfig;
  /** For messages and `OUT.run.json`. */
  readonly configPath: string;
  /** Variables that the keys of deployments without one are looked up in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** In place of the models' own; default: theirs. */
  readonly maxAttempts: number | undefined;
  readonly attemptTimeoutSeconds: number | undefined;
}

export type BatchOptions = EndpointOptions | ConfiguredOptions;
