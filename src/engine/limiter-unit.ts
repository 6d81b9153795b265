import type { AnyActorRef } from 'xstate';
import type { LimiterEvent } from '../../machines/limiter-machine.ts';
import type { LimiterState } from '../domain/limit-types.ts';
import type { Limiter } from '../limits/limiter.ts';
import { pauseAfterRefusalMs } from '../scheduling/backoff.ts';
import type { Alarm } from './alarms.ts';
import type { EngineServices } from './engine-services.ts';

/** Whoever has requests waiting for a limiter. */
export interface LimiterUser {
  readonly modelId: string;
  /** Room may have come free: look again. */
  requestPass(): void;
}

/**
 * A limiter in a running engine: the pure object that decides, the actor that shows its mode, and the queues that
 * use it. Its actor hears of changes of mode only, never of single reservations.
 */
export class LimiterUnit {
  readonly id: string;
  readonly limiter: Limiter;
  readonly users = new Set<LimiterUser>();
  readonly #services: EngineServices;
  readonly #actor: () => AnyActorRef | undefined;
  readonly #blocked = new Set<LimiterUser>();
  #mode: LimiterState = 'open';
  #refusalsInARow = 0;
  #resume: Alarm | undefined;

  /** @param actor finds the limiter's actor; it may be gone once the engine has stopped */
  constructor(id: string, limiter: Limiter, services: EngineServices, actor: () => AnyActorRef | undefined) {
    this.id = id;
    this.limiter = limiter;
    this.#services = services;
    this.#actor = actor;
  }

  get shared(): boolean {
    return this.users.size > 1;
  }

  /** `exhausted` while what some queue wants to start next does not fit here. */
  get state(): LimiterState {
    return this.limiter.pausedUntil > this.#services.clock.now() ? 'paused' : this.#mode;
  }

  block(user: LimiterUser): void {
    this.#blocked.add(user);
    if (this.#mode === 'open') this.#enter('exhausted');
  }

  unblock(user: LimiterUser): void {
    this.#blocked.delete(user);
    if (this.#mode === 'exhausted' && this.#blocked.size === 0) this.#enter('open');
  }

  /** The provider refused although our books had room. Returns how long everybody waits, in milliseconds. */
  refused(retryAfterMs: number | undefined): number {
    this.#refusalsInARow++;
    this.limiter.distrust();
    const waitMs = pauseAfterRefusalMs(this.#refusalsInARow, retryAfterMs);
    this.pause(waitMs);
    return waitMs;
  }

  /** A call got through. */
  accepted(): void {
    this.#refusalsInARow = 0;
  }

  pause(ms: number): void {
    const { clock, alarms, events } = this.#services;
    this.limiter.pause(clock.now() + ms);
    const until = clock.wallMs() + (this.limiter.pausedUntil - clock.now());
    alarms.clear(this.#resume);
    this.#resume = alarms.set(this.limiter.pausedUntil, () => this.#resumed());
    this.#mode = 'paused';
    this.#send({ type: 'PAUSED', until });
    events.emit({ type: 'limit-paused', ...this.#facts(), until });
  }

  setLimit(limit: number): void {
    this.limiter.setLimit(limit, this.#services.clock.now());
    this.#send({ type: 'LIMIT_CHANGED', limit });
    this.wakeUsers();
  }

  wakeUsers(except?: LimiterUser): void {
    for (const user of this.users) if (user !== except) user.requestPass();
  }

  sample(): void {
    this.#send({ type: 'SAMPLED', usage: this.limiter.used(this.#services.clock.now()) });
  }

  /** Forgets its timer; the engine stops. */
  stop(): void {
    this.#services.alarms.clear(this.#resume);
  }

  #resumed(): void {
    this.limiter.resume();
    this.#send({ type: 'RESUMED' });
    this.#mode = 'open';
    this.#services.events.emit({ type: 'limit-available', ...this.#facts() });
    this.wakeUsers();
    // Whoever was blocked looks again first: most of them start, and nobody needs to hear of exhaustion.
    queueMicrotask(() => {
      if (this.#blocked.size > 0 && this.#mode === 'open') this.#enter('exhausted');
    });
  }

  #enter(mode: 'open' | 'exhausted'): void {
    this.#mode = mode;
    this.#send({ type: mode === 'open' ? 'AVAILABLE' : 'EXHAUSTED' });
    this.#services.events.emit({ type: mode === 'open' ? 'limit-available' : 'limit-exhausted', ...this.#facts() });
  }

  #send(event: LimiterEvent): void {
    const actor = this.#actor();
    if (actor?.getSnapshot().status === 'active') actor.send(event);
  }

  #facts() {
    const { type, domain } = this.limiter;
    const only = this.users.size === 1 ? [...this.users][0]?.modelId : undefined;
    return { at: this.#services.clock.wallMs(), limiter: this.id, limitType: type, domain, modelId: only };
  }
}
