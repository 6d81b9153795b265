import { type AnyActorRef, createActor } from 'xstate';
import { childId, engineMachine } from '../../machines/engine-machine.ts';
import { deploymentChildId, modelSchedulerMachine } from '../../machines/model-scheduler-machine.ts';
import type { Clock } from '../domain/clock.ts';
import type { Inspection } from './inspection.ts';
import type { LimiterOwner } from './limiter-registry.ts';
import type { LimiterUnit } from './limiter-unit.ts';
import type { SchedulerActor } from './model-queue.ts';
import { supervisorLogic } from './supervisor.ts';

/** A limiter that something needs; a quota domain's may have been there before. */
export interface ObtainedLimiter {
  readonly unit: LimiterUnit;
  readonly isNew: boolean;
}

/** The engine's tree of actors: what the machines draw, brought to life. */
export class EngineActors {
  readonly #root;
  readonly #owners = new Map<string, string>();

  constructor(clock: Clock, inspection: Inspection | undefined) {
    const modelScheduler = modelSchedulerMachine.provide({ actors: { supervisor: supervisorLogic as never } });
    const logic = engineMachine.provide({ actors: { modelScheduler } });
    this.#root = createActor(logic, { clock, ...(inspection && { inspect: inspection.inspect }) });
    this.#root.start();
    this.#root.send({ type: 'STARTED' });
  }

  get root(): AnyActorRef {
    return this.#root;
  }

  get active(): boolean {
    return this.#root.getSnapshot().status === 'active';
  }

  /** Makes the scheduler of a model with the limiters that are its own, and shows new shared ones in their domain. */
  addModel(modelId: string, limiters: readonly ObtainedLimiter[]): SchedulerActor {
    const own = limiters.filter(({ unit }) => unit.config.domain === undefined);
    const limiterIds = limiters.map(({ unit }) => unit.id);
    this.#root.send({ type: 'QUEUE_REGISTERED', queue: { modelId, ownLimiters: own.map(({ unit }) => inputOf(unit)), limiterIds } });
    for (const { unit, isNew } of limiters) if (isNew) this.showInDomain(unit);
    return this.#scheduler(modelId) as SchedulerActor;
  }

  /** Shows a limit that was added while the queue runs. */
  addLimiter(owner: LimiterOwner, { unit, isNew }: ObtainedLimiter): void {
    if (unit.config.domain === undefined) this.#ownerActor(owner)?.send({ type: 'LIMITER_ADDED', limiter: inputOf(unit) });
    else if (isNew) this.showInDomain(unit);
  }

  removeLimiter(deploymentId: string, unit: LimiterUnit): void {
    this.deployment(deploymentId)?.send({ type: 'LIMITER_REMOVED', limiterId: unit.id });
  }

  /** Makes a deployment's actor, with the limiters that are its own, below a model that uses it. */
  addDeployment(modelId: string, deploymentId: string, own: readonly LimiterUnit[], sharedIds: readonly string[]): void {
    this.#owners.set(deploymentId, modelId);
    this.#scheduler(modelId)?.send({ type: 'DEPLOYMENT_ADDED', deployment: { deploymentId, limiterIds: sharedIds } });
    for (const unit of own) this.deployment(deploymentId)?.send({ type: 'LIMITER_ADDED', limiter: inputOf(unit) });
  }

  /** The model below which a deployment is shown. */
  ownerOf(deploymentId: string): string | undefined {
    return this.#owners.get(deploymentId);
  }

  deployment(deploymentId: string): AnyActorRef | undefined {
    const owner = this.#owners.get(deploymentId);
    return owner === undefined ? undefined : childOf(this.#scheduler(owner), deploymentChildId(deploymentId));
  }

  removeModel(modelId: string): void {
    if (this.active) this.#root.send({ type: 'QUEUE_REMOVED', modelId });
  }

  limiter(owner: LimiterOwner, domain: string | undefined, unitId: string): AnyActorRef | undefined {
    return childOf(domain === undefined ? this.#ownerActor(owner) : childOf(this.#root, childId.domain(domain)), unitId);
  }

  drain(): void {
    this.#root.send({ type: 'DRAIN' });
  }

  stop(): void {
    this.#root.send({ type: 'STOP' });
  }

  #scheduler(modelId: string): AnyActorRef | undefined {
    return childOf(this.#root, childId.queue(modelId));
  }

  #ownerActor(owner: LimiterOwner): AnyActorRef | undefined {
    return 'modelId' in owner ? this.#scheduler(owner.modelId) : this.deployment(owner.deploymentId);
  }

  /** Shows a new limiter of a quota domain; one that is nobody's domain's stays where it is. */
  showInDomain(unit: LimiterUnit): void {
    const { domain } = unit.config;
    if (domain === undefined) return;
    const id = childId.domain(domain);
    if (childOf(this.#root, id) === undefined) this.#root.send({ type: 'DOMAIN_ADDED', domain });
    childOf(this.#root, id)?.send({ type: 'LIMITER_ADDED', limiter: inputOf(unit) });
  }
}

function inputOf({ id, config, limiter }: LimiterUnit) {
  return { id, type: config.type, domain: config.domain, limit: limiter.limit };
}

function childOf(parent: AnyActorRef | undefined, id: string): AnyActorRef | undefined {
  return parent?.getSnapshot().children?.[id];
}
