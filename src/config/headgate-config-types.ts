import type { Balancer } from '../domain/balancer.ts';
import type { BalancerName } from './deployment-config.ts';
import type { GatewaySettings } from './gateway-config.ts';
import type { LogLevel } from './headgate-config-pool.ts';
import type { RateLimiterConfig } from './rate-limiter-config.ts';
import type { ModelPrice, TenantEntry } from './tenants-config.ts';

export type { GatewaySettings, ModelPrice, TenantEntry };

export type ModelType = 'chat' | 'completion' | 'embeddings';

/** What system B's file says of a model at an Azure resource. */
export interface AzureDescription {
  readonly apiType: string;
  readonly azureEndpoint: string;
  readonly modelNameInAzure: string;
  readonly deploymentNameInAzure: string;
  readonly modelType: ModelType;
}

export interface CircuitSettings {
  readonly failuresInARow?: number | undefined;
  readonly failureShare?: number | undefined;
  readonly window?: number | undefined;
}

/** One deployment of a model. Its key is left out where it is logged, inspected or turned into JSON. */
export interface DeploymentEntry {
  /** The same id in several models is one deployment: same endpoint, key and limits. */
  readonly id: string;
  readonly provider: string;
  readonly baseUrl?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly apiVersion?: string | undefined;
  /** The provider's own name of the model. */
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Its own limits and those of its domains, these with `domain` set. Empty: none are configured. */
  readonly rateLimiters: readonly RateLimiterConfig[];
  readonly domains: readonly string[];
  readonly weight: number;
  readonly errorBackoffInSeconds: number;
  readonly circuit?: CircuitSettings | undefined;
  /** Set where it comes from `azureOpenAi`. */
  readonly azure?: AzureDescription | undefined;
}

export interface RetrySettings {
  readonly maxAttempts: number;
  readonly baseDelayMs?: number | undefined;
  readonly maxDelayMs?: number | undefined;
  readonly factor?: number | undefined;
  readonly jitter?: 'full' | undefined;
}

/** One model with everything that serves it. */
export interface ModelEntry {
  /** Empty: callers bring their own endpoint and key. */
  readonly deployments: readonly DeploymentEntry[];
  /** Limits over all of its deployments together. */
  readonly rateLimiters: readonly RateLimiterConfig[];
  readonly type: ModelType;
  readonly fallbacks: readonly string[];
  readonly balancer?: BalancerName | Balancer | undefined;
  readonly retry: RetrySettings;
  readonly requestTimeoutSeconds?: number | undefined;
  readonly attemptTimeoutSeconds?: number | undefined;
  readonly firstTokenTimeoutSeconds?: number | undefined;
  readonly idleTimeoutSeconds?: number | undefined;
  readonly maxQueueSize?: number | undefined;
  readonly tenants: Readonly<Record<string, { readonly weight: number }>>;
  readonly lookAhead?: number | undefined;
  /** Undefined: as its providers are, see `limitsRates` of a preset. */
  readonly learnLimits?: boolean | undefined;
}

export interface ProviderSettings {
  readonly baseUrl?: string | undefined;
  readonly temperature?: number | undefined;
  readonly maxTokens?: number | undefined;
  /** Seconds. */
  readonly timeout?: number | undefined;
  readonly maxRetries?: number | undefined;
}

/** A section under `providers`: which deployments its keys became. */
export interface ProviderEntry {
  readonly provider: string;
  readonly models: readonly string[];
  /** One for each key, in their order. */
  readonly deploymentIds: readonly string[];
  readonly settings: ProviderSettings;
}

/** System C's pool; times in seconds. */
export interface PoolSettings {
  readonly minSize: number;
  readonly maxSize: number;
  readonly acquireTimeout: number;
  readonly idleTimeout: number;
  readonly maxLifetime: number;
  readonly healthCheckInterval: number;
  readonly retryOnError: boolean;
  readonly enableMetrics: boolean;
}

export interface GlobalSettings {
  readonly defaultProvider?: string | undefined;
  readonly enableLogging: boolean;
  readonly logLevel: LogLevel;
  readonly metricsEnabled: boolean;
}

/** A model that the user's own code calls. */
export interface CustomModelEntry {
  readonly uniqueModelId: string;
  readonly modelType: ModelType;
  readonly modulePath?: string | undefined;
  readonly exportName?: string | undefined;
  readonly rateLimiters: readonly RateLimiterConfig[];
  readonly errorBackoffInSeconds: number;
}

export interface UserLimits {
  readonly maxNumRequestsInTimeWindow: number;
  readonly timeWindowInSeconds: number;
}

/** A server that is named by a URL, which may hold a password: it is left out where this is logged, inspected or turned into JSON. */
export interface ServerAddress {
  readonly url: string;
}

/** What the gateway keeps and sends of its calls. */
export interface TelemetrySettings {
  readonly sink: 'sqlite' | 'postgres' | 'csv' | 'none';
  /** Where the sink is a file. */
  readonly path?: string | undefined;
  /** Where it is Postgres. */
  readonly database?: ServerAddress | undefined;
  readonly payloads: boolean;
  readonly bufferSize: number;
  readonly openTelemetry: {
    readonly endpoint?: string | undefined;
    readonly serviceName?: string | undefined;
    readonly sampleRatio: number;
  };
}

export interface SchedulerLimits {
  readonly maxQueueSize: number;
  readonly requestTimeoutSeconds: number;
}

/** A configuration as the parts of Headgate read it: whatever form it was written in, everything is models with deployments. */
export interface HeadgateConfig {
  readonly models: Readonly<Record<string, ModelEntry>>;
  readonly domains: Readonly<Record<string, { readonly rateLimiters: readonly RateLimiterConfig[] }>>;
  readonly providers: Readonly<Record<string, ProviderEntry>>;
  readonly pool: PoolSettings;
  readonly global: GlobalSettings;
  readonly customModels: readonly CustomModelEntry[];
  readonly userLimits?: UserLimits | undefined;
  readonly schedulerLimits?: SchedulerLimits | undefined;
  readonly gateway: GatewaySettings;
  /** What the gateway lets tenants do. */
  readonly tenants: Readonly<Record<string, TenantEntry>>;
  /** By model. */
  readonly prices: Readonly<Record<string, ModelPrice>>;
  /** A Redis server. */
  readonly limitsStore?: ServerAddress | undefined;
  readonly telemetry: TelemetrySettings;
  /** What is accepted but does something else than one might think. */
  readonly warnings: readonly string[];
}
