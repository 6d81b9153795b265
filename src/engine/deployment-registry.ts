import type { ParsedDeploymentConfig } from '../config/deployment-config.ts';
import type { ParsedModelConfig } from '../config/model-config.ts';
import type { RateLimiterConfig } from '../config/rate-limiter-config.ts';
import { InvalidConfiguration } from '../domain/errors.ts';
import { DeploymentUnit } from './deployment-unit.ts';
import type { EngineActors } from './engine-actors.ts';
import type { EngineServices } from './engine-services.ts';
import { LearnedLimits } from './learned-limits.ts';
import { differingField, type LimiterRegistry } from './limiter-registry.ts';
import type { LimiterUnit } from './limiter-unit.ts';
import { Route, type Stop } from './route.ts';

/** The deployments of one engine by id: models that name the same id share one. */
export class DeploymentRegistry {
  readonly #services: EngineServices;
  readonly #actors: EngineActors;
  readonly #limiters: LimiterRegistry;
  readonly #deployments = new Map<string, DeploymentUnit>();

  constructor(services: EngineServices, actors: EngineActors, limiters: LimiterRegistry) {
    this.#services = services;
    this.#actors = actors;
    this.#limiters = limiters;
  }

  values(): Iterable<DeploymentUnit> {
    return this.#deployments.values();
  }

  /** Throws `InvalidConfiguration` for an id that no model brought. */
  deployment(id: string): DeploymentUnit {
    const known = this.#deployments.get(id);
    if (known !== undefined) return known;
    const ids = [...this.#deployments.keys()].map((each) => `'${each}'`).join(', ') || 'none';
    throw new InvalidConfiguration(`Deployment '${id}' is not known. Known: ${ids}. Register a model that names it first.`, 'deploymentId');
  }

  /**
   * Throws `InvalidConfiguration` where a deployment contradicts what was said of it before, or a combination names
   * one that is not there.
   * @param planned what is about to be registered in the same step; grows by this model's deployments
   */
  check({ modelId, deployments }: ParsedModelConfig, planned: Map<string, ParsedDeploymentConfig>): void {
    deployments.forEach((config, index) => {
      const path = `deployments[${index}]`;
      for (const [part, id] of Object.entries(config.parts ?? {})) {
        if (this.#deployments.has(id) || planned.has(id)) continue;
        const message = `Model '${modelId}': '${path}.parts.${part}' is '${id}', which no model brought. Register the model that has it first.`;
        throw new InvalidConfiguration(message, `${path}.parts.${part}`);
      }
      const known = this.#deployments.get(config.id)?.config ?? planned.get(config.id);
      planned.set(config.id, config);
      if (known === undefined || (sameLimits(known, config) && (known.parts === undefined) === (config.parts === undefined))) return;
      const message = `Model '${modelId}': deployment '${config.id}' has other limits than another model gave it. Give both the same, or another id.`;
      throw new InvalidConfiguration(message, `${path}.rateLimiters`);
    });
  }

  /** The ways a model's requests may take; one without deployments has one way. */
  routesOf({ modelId, deployments }: ParsedModelConfig, modelUnits: readonly LimiterUnit[]): Route[] {
    if (deployments.length === 0) return [new Route('', modelUnits, [])];
    // Over several deployments the model's own limits say nothing of each one's.
    const ofOne = deployments.length === 1 ? modelUnits : [];
    return deployments.map((config) => new Route(config.id, modelUnits, this.#stopsOf(modelId, config, ofOne)));
  }

  /** A model is gone: deployments that nobody else uses go with it. */
  release(modelId: string, routes: readonly Route[]): void {
    for (const { deployment } of routes.flatMap(({ stops }) => stops)) {
      const heir = [...deployment.users][0];
      if (heir !== undefined) {
        if (this.#actors.ownerOf(deployment.id) !== modelId) continue;
        this.#show(heir.modelId, deployment);
        deployment.show();
        continue;
      }
      this.#deployments.delete(deployment.id);
      deployment.stop();
      for (const unit of deployment.units) if (unit.config.domain === undefined) this.#limiters.retire(unit);
    }
  }

  stop(): void {
    for (const deployment of this.#deployments.values()) deployment.stop();
  }

  #stopsOf(modelId: string, config: ParsedDeploymentConfig, ofModel: readonly LimiterUnit[]): Stop[] {
    if (config.parts === undefined) return [{ deployment: this.#obtain(modelId, config, ofModel) }];
    return Object.entries(config.parts).map(([part, id]) => ({ part, deployment: this.deployment(id) }));
  }

  #obtain(modelId: string, config: ParsedDeploymentConfig, ofModel: readonly LimiterUnit[]): DeploymentUnit {
    const known = this.#deployments.get(config.id);
    if (known !== undefined) return known;
    const owner = { deploymentId: config.id };
    const limiters = (config.rateLimiters ?? []).map((limit) => this.#limiters.obtain(owner, limit));
    const units = [...new Set(limiters.map(({ unit }) => unit))];
    const deployment = new DeploymentUnit(config, units, this.#services, () => this.#actors.deployment(config.id));
    this.#deployments.set(config.id, deployment);
    this.#show(modelId, deployment);
    if (config.learnLimits !== false || config.limitHeaders !== undefined)
      deployment.learner = new LearnedLimits(deployment, ofModel, this.#actors, this.#services);
    for (const { unit, isNew } of limiters) if (isNew) this.#actors.showInDomain(unit);
    return deployment;
  }

  #show(modelId: string, { id, units }: DeploymentUnit): void {
    const own = units.filter(({ config }) => config.domain === undefined);
    const shared = units.filter(({ config }) => config.domain !== undefined).map((unit) => unit.id);
    this.#actors.addDeployment(modelId, id, own, shared);
  }
}

function sameLimits({ rateLimiters: one }: ParsedDeploymentConfig, { rateLimiters: other }: ParsedDeploymentConfig): boolean {
  // Who names a deployment without limits takes it as it is.
  if (one === undefined || other === undefined) return true;
  if (one.length !== other.length) return false;
  return one.every((limit: RateLimiterConfig, index) => {
    const same = other[index];
    return same !== undefined && differingField(limit, same) === undefined;
  });
}
