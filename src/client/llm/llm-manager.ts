import process from 'node:process';
import { parseHeadgateConfig } from '../../config/headgate-config.ts';
import type { HeadgateConfigInput } from '../../config/headgate-config-schema.ts';
import type { HeadgateConfig } from '../../config/headgate-config-types.ts';
import { LLMQueueException } from '../../domain/errors.ts';
import { LLMConfigurationError } from '../../domain/llm-errors.ts';
import { harmless, silentLogger } from '../../domain/logger.ts';
import { QueueManager, type ShutdownOptions } from '../../engine/queue-manager.ts';
import { uuidSource } from '../../lib/ids.ts';
import { systemClock } from '../../lib/system-clock.ts';
import { OutputForecast } from '../../scheduling/estimates/output-forecast.ts';
import { UsageCalibration } from '../../scheduling/estimates/usage-calibration.ts';
import { requireConfig, requireName, requireOptions, requireShutdown } from '../check-input.ts';
import { clientPlans } from './client-plan.ts';
import type { LLMClient } from './llm-client.ts';
import type { LLMManagerOptions } from './llm-manager-options.ts';
import { type ClientServices, makeClient } from './make-client.ts';
import type { ProviderStatus } from './pool-status.ts';

/** A section under `providers` of a configuration. */
export type ProviderSection = NonNullable<HeadgateConfigInput['providers']>[string];
export type PoolSection = NonNullable<HeadgateConfigInput['pool']>;

/** The clients of a process, or of a part of it: one for each provider, on one engine. Usually had from `getLlmManager`. */
export class LLMManager {
  /** The engine below: queues, limits, events and metrics. */
  readonly queues: QueueManager;
  readonly #services: ClientServices;
  readonly #global: HeadgateConfig['global'];
  readonly #clients = new Map<string, LLMClient>();
  /** Providers that could not be started, and why. */
  readonly #skipped = new Map<string, string>();
  #closing: Promise<void> | undefined;

  /**
   * Starts a client for each provider that the configuration describes; one that can't be started is logged and left
   * out, and asking for it says why.
   */
  constructor(config: HeadgateConfig, options: LLMManagerOptions = {}) {
    requireOptions(options);
    requireConfig(config);
    const { clock = systemClock, logger = silentLogger, random, env = process.env, transport } = options;
    this.queues = new QueueManager({ clock, logger, ...(random !== undefined && { random }) });
    this.#global = config.global;
    this.#services = {
      queues: this.queues,
      clock,
      logger: harmless(logger),
      env,
      transport,
      newId: uuidSource(),
      learning: { calibration: new UsageCalibration(), forecast: new OutputForecast() },
      global: config.global,
    };
    for (const warning of [...config.warnings, ...unusedFallbacks(config)]) this.#services.logger.warn({}, warning);
    this.#start(config);
  }

  /** The client of a provider, by default of `global.defaultProvider` or the first. Throws `LLMConfigurationError` where there is none. */
  getClient(provider?: string): LLMClient {
    const name = provider ?? this.#global.defaultProvider ?? this.listProviders()[0];
    if (name === undefined) {
      const why = [...this.#skipped].map(([skipped, reason]) => ` '${skipped}' was left out: ${reason}`).join('');
      throw new LLMConfigurationError(
        `No provider is configured.${why} Give one under 'providers', or set OPENAI_API_KEY and OPENAI_MODEL.`,
      );
    }
    const client = this.#clients.get(keyOf(name));
    if (client !== undefined) return client;
    if (this.#closing !== undefined) throw new LLMConfigurationError('The manager is closed. Ask getLlmManager for a new one.');
    const reason = this.#skipped.get(keyOf(name));
    const known = this.listProviders()
      .map((each) => `'${each}'`)
      .join(', ');
    throw new LLMConfigurationError(
      reason === undefined
        ? `Provider '${name}' is not configured. Configured: ${known || 'none'}.`
        : `Provider '${name}' was left out: ${reason}`,
      { provider: name },
    );
  }

  /** The client of a provider; started with `section` where there is none. */
  getOrCreateClient(provider: string, section?: ProviderSection, pool?: PoolSection): LLMClient {
    const known = this.#clients.get(keyOf(provider));
    if (known !== undefined || section === undefined) return known ?? this.getClient(provider);
    this.#add(provider, section, pool);
    return this.getClient(provider);
  }

  /** Starts a client for a provider; one that is there already is closed first, when what it has is done. Throws `InvalidConfiguration`. */
  async addProvider(provider: string, section: ProviderSection, pool?: PoolSection): Promise<LLMClient> {
    await this.closeProvider(provider);
    this.#add(provider, section, pool);
    return this.getClient(provider);
  }

  /** Closes a provider's client: it takes nothing new, and finishes or fails what it has. False when there is none. */
  async closeProvider(provider: string, options?: ShutdownOptions): Promise<boolean> {
    requireShutdown(options);
    const client = this.#clients.get(keyOf(provider));
    if (client === undefined) return false;
    this.#clients.delete(keyOf(provider));
    await client.close(options);
    return true;
  }

  /** Names of the providers that have a client. */
  listProviders(): readonly string[] {
    return [...this.#clients.values()].map(({ name }) => name);
  }

  /** How one provider's keys and queue stand; without a name, of all by name. */
  getStatus(provider: string): ProviderStatus;
  getStatus(): Readonly<Record<string, ProviderStatus>>;
  getStatus(provider?: string): ProviderStatus | Readonly<Record<string, ProviderStatus>> {
    if (provider !== undefined) return this.getClient(provider).getStatus();
    return Object.fromEntries([...this.#clients.values()].map((client) => [client.name, client.getStatus()]));
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Takes nothing new, finishes what it has (or fails it, see the options), closes every connection. Idempotent. */
  async close(options?: ShutdownOptions): Promise<void> {
    requireShutdown(options);
    const closed = Promise.all([...this.#clients.values()].map((client) => client.close(options)));
    this.#closing ??= this.#finish(closed);
    await Promise.all([closed, this.#closing]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #finish(closed: Promise<unknown>): Promise<void> {
    await closed;
    this.#clients.clear();
    await this.queues.shutdownAll();
  }

  #start(config: HeadgateConfig): void {
    for (const plan of clientPlans(config).values()) {
      try {
        this.#clients.set(keyOf(plan.name), makeClient(plan, this.#services));
      } catch (error) {
        if (!LLMQueueException.isInstance(error)) throw error;
        this.#skipped.set(keyOf(plan.name), error.message);
        this.#services.logger.warn({ provider: plan.name, error }, 'a provider could not be started');
      }
    }
  }

  #add(provider: string, section: ProviderSection, pool: PoolSection | undefined): void {
    if (this.#closing !== undefined) throw new LLMConfigurationError('The manager is closed. Ask getLlmManager for a new one.');
    const config = parseHeadgateConfig({ providers: { [provider]: section }, ...(pool && { pool }) }, { env: this.#services.env });
    for (const plan of clientPlans(config).values()) this.#clients.set(keyOf(plan.name), makeClient(plan, this.#services));
    this.#skipped.delete(keyOf(provider));
  }
}

/** A client is of one provider, and its caller chose the model: whoever configured another one should hear of it. */
function unusedFallbacks({ models }: HeadgateConfig): string[] {
  const named = Object.entries(models).filter(([, { fallbacks }]) => fallbacks.length > 0);
  return named.map(([id]) => `models.${id}.fallbacks is not used by clients: fallbacks are for fetch() and dispatch() of createHeadgate.`);
}

/** Names are told apart without regard to case. Throws `InvalidRequest` for what is no name. */
function keyOf(provider: string): string {
  requireName('provider', provider, "a provider's name");
  return provider.toLowerCase();
}
