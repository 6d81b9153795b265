import { failureToThrow, movesToFallback, providerFailureIn } from '../../../client/dispatch/failure-chain.ts';
import { rulesFor } from '../../../client/dispatch/model-route.ts';
import { estimateWork } from '../../../client/dispatch/work-estimates.ts';
import type { Clock } from '../../../domain/clock.ts';
import { NoDeploymentAvailable } from '../../../domain/errors.ts';
import { ProviderFailure } from '../../../providers/provider-failure.ts';
import { OutputForecast } from '../../../scheduling/estimates/output-forecast.ts';
import { UsageCalibration } from '../../../scheduling/estimates/usage-calibration.ts';
import { UsageError } from '../../usage-error.ts';
import type { BackendParts, BackendUse, BatchBackend } from '../batch-backend.ts';
import type { ConfiguredOptions } from '../batch-options.ts';
import type { BatchRequest } from '../batch-request.ts';
import type { PreparedRequest } from '../prepared-request.ts';
import type { WindowLimit } from '../sent-ledger.ts';
import { type BatchModel, batchModels, queueConfig, withFallbacks } from './batch-models.ts';
import { deploymentCalls } from './deployment-calls.ts';
import type { DeploymentRequest } from './deployment-request.ts';
import { keptLimits, restoreSent } from './kept-limits.ts';
import { meteredLimits } from './metered-limits.ts';
import { Reachability } from './reachability.ts';
import { UseMeter } from './use-meter.ts';
import { formatOf, KNOWN_URLS, wireFormOf } from './wire-form.ts';

const MOST_NAMED = 20;

/** A configuration's models: each over its deployments, with their limits, failover and fallbacks. */
export class ConfiguredBackend implements BatchBackend {
  readonly #options: ConfiguredOptions;
  readonly #models: ReadonlyMap<string, BatchModel>;
  readonly #learning = { calibration: new UsageCalibration(), forecast: new OutputForecast() };
  readonly #meter = new UseMeter();
  #open: { readonly parts: BackendParts; readonly models: readonly BatchModel[] } | undefined;

  /** Throws `InvalidConfiguration`. */
  constructor(options: ConfiguredOptions, clock: Clock) {
    this.#options = options;
    this.#models = batchModels(options, { clock, env: options.env });
  }

  readonly problemOf = (request: BatchRequest): string | undefined => {
    const { configPath } = this.#options;
    const model = this.#models.get(request.model);
    if (model === undefined) return `${configPath} has no model '${request.model.slice(0, 200)}'. It has: ${this.#namedModels()}.`;
    if (formatOf(request) === undefined) return `no deployment has the endpoint '/v1${request.path}'; expected ${KNOWN_URLS.join(', ')}.`;
    const ways = [model, ...this.#fallbacksOf(model)];
    if (ways.some(({ formats }) => wireFormOf(request, formats) !== undefined)) return undefined;
    const spoken = [...new Set(ways.flatMap(({ formats }) => [...formats]))].join(', ');
    return `no deployment of model '${model.id}' has the endpoint '/v1${request.path}'; they speak ${spoken || 'nothing: it has none'}.`;
  };

  windowLimits(models: readonly string[]): readonly WindowLimit[] {
    return keptLimits(withFallbacks(models, this.#models));
  }

  async open(parts: BackendParts): Promise<void> {
    const { manager, clock, ledger } = parts;
    const models = withFallbacks(parts.models, this.#models);
    const reachability = new Reachability();
    for (const model of models) {
      const processor = deploymentCalls(model, { ...parts, meter: this.#meter, reachability });
      manager.registerQueue<DeploymentRequest, undefined>(queueConfig(model, this.#options.concurrency), processor);
    }
    await restoreSent(manager, models, ledger, clock.wallMs());
    this.#open = { parts, models };
  }

  prepare(request: BatchRequest): DeploymentRequest {
    const model = this.#models.get(request.model);
    const others = model === undefined ? [] : this.#fallbacksOf(model);
    const able = [...(model ? [model] : []), ...others].filter(({ formats }) => wireFormOf(request, formats) !== undefined);
    const [first, ...rest] = able;
    if (first === undefined) throw new UsageError(`Line ${request.line}: nothing serves model '${request.model}'.`);
    return this.#prepared(
      request,
      first,
      rest.map(({ id }) => id),
    );
  }

  afterFailure(request: PreparedRequest, cause: Error): PreparedRequest | UsageError | undefined {
    // Every request here was made by `prepare`.
    const failed = request as DeploymentRequest;
    const [next, ...rest] = failed.fallbacks;
    const model = next === undefined ? undefined : this.#models.get(next);
    if (model !== undefined && movesToFallback(failureToThrow(cause))) return this.#prepared(failed.source, model, rest);
    return this.#outOfKeys(request.model, failureToThrow(cause));
  }

  use(): BackendUse {
    if (this.#open === undefined) return { limits: [], deployments: [] };
    const { parts, models } = this.#open;
    const all = new Map(models.flatMap(({ route }) => route.upstreams.map(({ id, provider }) => [id, { id, provider }] as const)));
    return {
      limits: meteredLimits(parts.manager, models).map((limit) => this.#meter.use(limit)),
      deployments: this.#meter.deployments([...all.values()]),
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#models.values()].flatMap(({ route }) => route.upstreams.map((upstream) => upstream.close())));
  }

  #prepared(request: BatchRequest, model: BatchModel, fallbacks: readonly string[]): DeploymentRequest {
    const call = wireFormOf(request, model.formats);
    if (call === undefined) throw new UsageError(`Line ${request.line}: model '${model.id}' doesn't take it.`);
    const { body: _, ...line } = request;
    const estimate = estimateWork(model.id, rulesFor(model.route, call), call, this.#learning);
    return { ...line, model: model.id, tokens: estimate.tokens, source: request, call, used: estimate.used, fallbacks };
  }

  #fallbacksOf({ route }: BatchModel): readonly BatchModel[] {
    return route.fallbacks.flatMap((id) => this.#models.get(id) ?? []);
  }

  /** Why the run ends where the keys of all deployments are refused: the other lines would fail in the same way. */
  #outOfKeys(modelId: string, failure: Error): UsageError | undefined {
    const isAboutKeys = failure instanceof NoDeploymentAvailable || (failure instanceof ProviderFailure && failure.scope === 'account');
    const { deployments } = this.#open?.parts.manager.getQueueInfo(modelId) ?? { deployments: [] };
    if (!isAboutKeys || !deployments.every(({ state }) => state === 'disabled')) return undefined;
    const ids = deployments.map(({ id }) => `'${id}'`).join(', ');
    const why = providerFailureIn(failure)?.message ?? failure.message;
    return new UsageError(`Model '${modelId}': every key is refused (${ids}). ${why} Stopped; what was finished is kept.`);
  }

  #namedModels(): string {
    const names = [...this.#models.keys()].map((id) => `'${id}'`);
    const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
    return `${names.slice(0, MOST_NAMED).join(', ') || 'none'}${more}`;
  }
}
