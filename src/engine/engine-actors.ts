import { type AnyActorRef, createActor } from 'xstate';
import { childId, engineMachine } from '../../machines/engine-machine.ts';
import { modelSchedulerMachine } from '../../machines/model-scheduler-machine.ts';
import type { RateLimiterConfig } from '../config/rate-limiter-config.ts';
import type { Clock } from '../domain/clock.ts';
import type { Inspection } from './inspection.ts';
import type { LimiterUnit } from './limiter-unit.ts';
import type { SchedulerActor } from './model-queue.ts';
import { supervisorLogic } from './supervisor.ts';

/** One limit of a model and the unit that keeps it. */
export interface PlacedLimiter {
  readonly config: RateLimiterConfig;
  readonly unit: LimiterUnit;
  /** Whether the unit was made for this model; a quota domain's may have been there before. */
  readonly isNew: boolean;
}

/** The engine's tree of actors: what the machines draw, brought to life. */
export class EngineActors {
  readonly #root;

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
  addModel(modelId: string, limiters: readonly PlacedLimiter[]): SchedulerActor {
    const own = limiters.filter(({ config }) => config.domain === undefined);
    const limiterIds = limiters.map(({ unit }) => unit.id);
    this.#root.send({ type: 'QUEUE_REGISTERED', queue: { modelId, ownLimiters: own.map(inputOf), limiterIds } });
    for (const limiter of limiters) if (limiter.isNew) this.#showInDomain(limiter);
    return this.#scheduler(modelId) as SchedulerActor;
  }

  /** Shows a limit that was added while the queue runs. */
  addLimiter(modelId: string, limiter: PlacedLimiter): void {
    if (limiter.config.domain === undefined) this.#scheduler(modelId)?.send({ type: 'LIMITER_ADDED', limiter: inputOf(limiter) });
    else if (limiter.isNew) this.#showInDomain(limiter);
  }

  removeModel(modelId: string): void {
    if (this.active) this.#root.send({ type: 'QUEUE_REMOVED', modelId });
  }

  limiter(modelId: string, domain: string | undefined, unitId: string): AnyActorRef | undefined {
    return childOf(domain === undefined ? this.#scheduler(modelId) : childOf(this.#root, childId.domain(domain)), unitId);
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

  #showInDomain(limiter: PlacedLimiter): void {
    const { domain } = limiter.config;
    if (domain === undefined) return;
    const id = childId.domain(domain);
    if (childOf(this.#root, id) === undefined) this.#root.send({ type: 'DOMAIN_ADDED', domain });
    childOf(this.#root, id)?.send({ type: 'LIMITER_ADDED', limiter: inputOf(limiter) });
  }
}

function inputOf({ config, unit }: PlacedLimiter) {
  return { id: unit.id, type: config.type, domain: config.domain, limit: config.limit };
}

function childOf(parent: AnyActorRef | undefined, id: string): AnyActorRef | undefined {
  return parent?.getSnapshot().children?.[id];
}
