import type { CallCost } from '../domain/limit-types.ts';
import { LimitSet } from '../limits/limit-set.ts';
import type { DeploymentUnit } from './deployment-unit.ts';
import type { LimiterUnit } from './limiter-unit.ts';
import type { Visit } from './visit.ts';

/** A deployment that a route passes through, and the part of a request that it serves there. */
export interface Stop {
  readonly deployment: DeploymentUnit;
  /** Absent: all of it. */
  readonly part?: string | undefined;
}

const NO_VISITS: readonly Visit[] = [];

/** One way for a model's requests: usually one deployment, several for combinations, none where the processor alone knows. */
export class Route {
  /** Id of the deployment or combination; empty where there is none. */
  readonly id: string;
  readonly stops: readonly Stop[];
  readonly limits: LimitSet;
  #units: readonly LimiterUnit[] = [];
  #gateUntil = 0;

  /** @param modelUnits limits of the model itself, whichever way its requests take */
  constructor(id: string, modelUnits: readonly LimiterUnit[], stops: readonly Stop[]) {
    this.id = id;
    this.stops = stops;
    this.limits = new LimitSet();
    for (const unit of modelUnits) this.addUnit(unit);
    for (const deployment of new Set(stops.map((stop) => stop.deployment))) {
      deployment.routes.add(this);
      for (const unit of deployment.units) this.addUnit(unit, deployment);
    }
  }

  get units(): readonly LimiterUnit[] {
    return this.#units;
  }

  get deploymentIds(): string[] {
    return this.stops.map(({ deployment }) => deployment.id);
  }

  /** @param deployment whose limit it is; absent: the model's. A domain that both name counts a call once. */
  addUnit(unit: LimiterUnit, deployment?: DeploymentUnit): void {
    if (!this.#units.includes(unit)) this.#units = [...this.#units, unit];
    if (deployment === undefined) this.limits.add(unit.limiter);
    else for (const stop of this.stops) if (stop.deployment === deployment) this.limits.add(unit.limiter, stop.part);
  }

  removeUnit(unit: LimiterUnit): void {
    this.#units = this.#units.filter((each) => each !== unit);
    this.limits.remove(unit.limiter);
  }

  /** The next moment at which its deployments take calls, limits aside; Infinity while nobody knows. */
  availableAt(now: number, cost: CallCost): number {
    let at = Math.max(now, this.#gateUntil);
    for (const { deployment, part } of this.stops) at = Math.max(at, deployment.availableAt(now, partOf(cost, part)));
    return at;
  }

  /** Whether the circuit of one of its deployments lets nothing through, also while a probe is under way. */
  cools(now: number): boolean {
    return this.stops.some(({ deployment }) => deployment.cools(now));
  }

  /** What disabled one of its deployments, if it is disabled. */
  get disabledBy(): Error | undefined {
    for (const { deployment } of this.stops) {
      const { disabledBy } = deployment;
      if (disabledBy !== undefined) return disabledBy;
    }
    return undefined;
  }

  /** Whether what was learned of its deployments waits after a refusal by itself. */
  get pacesRefused(): boolean {
    return this.stops.some(({ deployment }) => deployment.learner?.pacesRefused);
  }

  /** Starts nothing before `until`, after a refusal that named no limit of ours. */
  gate(until: number): void {
    if (this.stops.length === 0) this.#gateUntil = Math.max(this.#gateUntil, until);
    for (const { deployment } of this.stops) deployment.gate(until);
  }

  begin(cost: CallCost): readonly Visit[] {
    return this.stops.length === 0 ? NO_VISITS : this.stops.map(({ deployment, part }) => deployment.begin(partOf(cost, part)));
  }

  /** Leaves its deployments; the model is gone. */
  close(): void {
    for (const { deployment } of this.stops) deployment.routes.delete(this);
  }
}

/** What one part of a request costs; what is not said of it is as for the whole. */
function partOf(cost: CallCost, part: string | undefined): CallCost {
  if (part === undefined) return cost;
  const own = cost.parts?.[part];
  const { inputTokens, outputTokens } = cost;
  return {
    calls: own === undefined ? cost.calls : own.calls,
    inputTokens: own?.inputTokens ?? inputTokens,
    outputTokens: own?.outputTokens ?? outputTokens,
  };
}
