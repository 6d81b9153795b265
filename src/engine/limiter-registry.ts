import type { AnyActorRef } from 'xstate';
import { type RateLimiterConfig, spelledOut } from '../config/rate-limiter-config.ts';
import { InvalidConfiguration } from '../domain/errors.ts';
import { createLimiter, type LimiterOptions } from '../limits/create-limiter.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { EngineServices } from './engine-services.ts';
import { countedIn, isSomething, type LimitTotal, type LimitUsage, restoreTo } from './limit-usage.ts';
import { LimiterUnit } from './limiter-unit.ts';

/** Converts a limit as users write it (seconds) to what a limiter is made of (milliseconds). */
export function limiterOptions(config: RateLimiterConfig): LimiterOptions {
  return {
    type: config.type,
    limit: config.limit,
    windowMs: config.timePeriod === undefined ? undefined : config.timePeriod * 1000,
    algorithm: config.algorithm,
    burst: config.burst,
    timeZone: config.timeZone,
    subWindowMs: config.subWindowSeconds === undefined ? undefined : config.subWindowSeconds * 1000,
    refund: config.refund,
    chargedUpFront: config.chargedUpFront,
    countedWithinMs: config.countedWithinMs,
    domain: config.domain,
  };
}

/** Whose a limit is, unless it is a domain's. */
export type LimiterOwner = { readonly modelId: string } | { readonly deploymentId: string };

/** Finds a limiter's actor, if it runs. */
export type FindLimiterActor = (owner: LimiterOwner, domain: string | undefined, unitId: string) => AnyActorRef | undefined;

interface Shared {
  readonly unit: LimiterUnit;
  readonly config: RateLimiterConfig;
}

/** Makes the limiters of models; those that name a domain are one per domain and type, whatever model uses them. */
export class LimiterRegistry {
  readonly #services: EngineServices;
  readonly #findActor: FindLimiterActor;
  readonly #shared = new Map<string, Shared>();
  /** Those that models have now, by {@link limitName}. */
  readonly #units = new Map<string, LimiterUnit>();
  readonly #retired = new Map<string, { readonly limiter: Limiter; readonly config: RateLimiterConfig }>();

  constructor(services: EngineServices, findActor: FindLimiterActor) {
    this.#services = services;
    this.#findActor = findActor;
  }

  /**
   * Throws `InvalidConfiguration` where a domain's limit contradicts what was said of it before.
   * @param planned what is about to be registered in the same step; grows by `configs`
   * @param place path of `configs`
   */
  check(configs: readonly RateLimiterConfig[], planned = new Map<string, RateLimiterConfig>(), place = 'rateLimiters'): void {
    configs.forEach((config, index) => {
      if (config.domain === undefined) return;
      const key = sharedKey(config);
      const known = this.#shared.get(key)?.config ?? planned.get(key);
      planned.set(key, config);
      const field = known && differingField(known, config);
      if (field === undefined) return;
      throw new InvalidConfiguration(
        `Model configuration: '${place}[${index}].${field}' is ${String(config[field])}, but quota domain '${config.domain}' already has ` +
          `a ${config.type} limit with ${field} ${String(known?.[field])}. Give both the same, or another domain.`,
        `${place}[${index}].${field}`,
      );
    });
  }

  /** The unit for one limit; `isNew` tells whether it was made now. */
  obtain(owner: LimiterOwner, config: RateLimiterConfig): { readonly unit: LimiterUnit; readonly isNew: boolean } {
    const known = config.domain === undefined ? undefined : this.#shared.get(sharedKey(config));
    if (known !== undefined) return { unit: known.unit, isNew: false };
    const id = unitId('modelId' in owner ? owner.modelId : owner.deploymentId, config);
    const unit = new LimiterUnit(id, this.#limiterFor(id, config), config, this.#services, () => this.#findActor(owner, config.domain, id));
    if (config.domain !== undefined) this.#shared.set(sharedKey(config), { unit, config });
    this.#units.set(limitName(owner, config), unit);
    return { unit, isNew: true };
  }

  /**
   * A limiter of a model's or a deployment's own is no longer used. What it counted still counts at the provider, so it is kept until
   * that has gone, for the case that the model is registered again.
   */
  retire(unit: LimiterUnit): void {
    unit.stop();
    for (const [name, other] of this.#units) if (other === unit) this.#units.delete(name);
    const now = this.#services.clock.now();
    for (const [id, { limiter }] of this.#retired) if (isUnused(limiter, now)) this.#retired.delete(id);
    if (!isUnused(unit.limiter, now)) this.#retired.set(unit.id, { limiter: unit.limiter, config: unit.config });
  }

  #limiterFor(id: string, config: RateLimiterConfig): Limiter {
    const { clock } = this.#services;
    const now = clock.now();
    const retired = this.#retired.get(id);
    this.#retired.delete(id);
    if (retired !== undefined && differingField({ ...retired.config, limit: config.limit }, config) === undefined) {
      retired.limiter.setLimit(config.limit, now);
      return retired.limiter;
    }
    const limiter = createLimiter(limiterOptions(config), now, () => clock.wallMs());
    // Kept in another way from now on: what was counted before counts as if it had been just now.
    if (retired !== undefined) limiter.restore(retired.limiter.used(now), now);
    return limiter;
  }

  /** A domain's limit was changed: models registered later must say the new one. */
  changed(unit: LimiterUnit, limit: number): void {
    for (const [key, shared] of this.#shared) {
      if (shared.unit === unit) this.#shared.set(key, { unit, config: { ...shared.config, limit } });
    }
  }

  /** What counts now in every limit over a window, configured ones only; works after the stop too. */
  usage(): readonly LimitUsage[] {
    const { clock } = this.#services;
    return [...this.#units].map(([limit, { limiter }]) => ({ limit, counted: countedIn(limiter, clock) })).filter(isSomething);
  }

  /** Of every limit over a window; cheap, since it is asked ten times a second. */
  totals(): ReadonlyMap<string, LimitTotal> {
    const windows = [...this.#units].filter(([, { limiter }]) => limiter.type !== 'concurrent');
    return new Map(windows.map(([name, { limiter }]) => [name, { size: limiter.limit, taken: limiter.taken }]));
  }

  /** Counts what {@link usage} told; of limits that there are no more, nothing. */
  restore(usage: readonly LimitUsage[]): void {
    for (const { limit, counted } of usage) {
      const unit = this.#units.get(limit);
      if (unit !== undefined) restoreTo([unit.limiter], counted, this.#services.clock);
    }
  }

  stop(): void {
    for (const { unit } of this.#shared.values()) unit.stop();
  }
}

/** The first field in which two limits differ, however they are written. */
export function differingField(one: RateLimiterConfig, other: RateLimiterConfig): keyof RateLimiterConfig | undefined {
  const [first, second] = [spelledOut(one), spelledOut(other)];
  return (Object.keys({ ...first, ...second }) as (keyof RateLimiterConfig)[]).find((name) => first[name] !== second[name]);
}

function isUnused(limiter: Limiter, now: number): boolean {
  return limiter.used(now) === 0 && limiter.pausedUntil <= now;
}

function sharedKey(config: RateLimiterConfig): string {
  return JSON.stringify([config.domain, config.type]);
}

/** Unlike a unit's id it tells a model from a deployment of the same name. */
function limitName(owner: LimiterOwner, config: RateLimiterConfig): string {
  const [kind, name] =
    config.domain !== undefined
      ? ['domain', config.domain]
      : 'modelId' in owner
        ? ['model', owner.modelId]
        : ['deployment', owner.deploymentId];
  return `${kind} ${unitId(name, config)}`;
}

function unitId(owner: string, config: RateLimiterConfig): string {
  const window = config.timePeriod === undefined ? '' : `/${config.timePeriod}s`;
  return `${config.domain ?? owner}/${config.type}${window}`;
}
