import type { AnyActorRef } from 'xstate';
import type { LimiterEvent } from '../../machines/limiter-machine.ts';
import type { RateLimiterConfig } from '../config/rate-limiter-config.ts';
import type { TimerHandle } from '../domain/clock.ts';
import type { LimiterState } from '../domain/limit-types.ts';
import type { Limiter } from '../limits/limiter.ts';
import { pauseAfterRefusalMs } from '../scheduling/backoff.ts';
import type { EngineSignals } from './engine-signals.ts';

/** Whoever has requests waiting for a limiter. */
export interface LimiterUser {
  readonly modelId: string;
  /** Room may have come free: look again. */
  requestPass(): void;
}

/** A call that the provider refused. */
export interface RefusedCall {
  /** How long the provider asks to wait. */
  readonly retryAfterMs: number | undefined;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Whether it was surely this limit that refused. */
  readonly known: boolean;
}

/**
 * A limiter in a running engine: the pure object that decides, the actor that shows its mode, and the queues that
 * use it. Its actor hears of changes of mode only, never of single reservations.
 */
export class LimiterUnit {
  readonly id: string;
  readonly limiter: Limiter;
  /** As it was configured or learned; the limit may have changed since. */
  readonly config: RateLimiterConfig;
  readonly users = new Set<LimiterUser>();
  readonly #signals: EngineSignals;
  readonly #actor: () => AnyActorRef | undefined;
  readonly #blocked = new Set<LimiterUser>();
  #mode: LimiterState = 'open';
  #refusalsInARow = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #resume: TimerHandle;

  /** @param actor finds the limiter's actor; it may be gone once the engine has stopped */
  constructor(id: string, limiter: Limiter, config: RateLimiterConfig, signals: EngineSignals, actor: () => AnyActorRef | undefined) {
    this.id = id;
    this.limiter = limiter;
    this.config = config;
    this.#signals = signals;
    this.#actor = actor;
    const now = signals.clock.now();
    if (limiter.pausedUntil > now) this.#resumeAt(limiter.pausedUntil);
  }

  get shared(): boolean {
    return this.users.size > 1;
  }

  /** `exhausted` while what some queue wants to start next does not fit here. */
  get state(): LimiterState {
    return this.limiter.pausedUntil > this.#signals.clock.now() ? 'paused' : this.#mode;
  }

  block(user: LimiterUser): void {
    this.#blocked.add(user);
    if (this.#mode === 'open') this.#enter('exhausted');
  }

  unblock(user: LimiterUser): void {
    this.#blocked.delete(user);
    if (this.#mode === 'exhausted' && this.#blocked.size === 0) this.#enter('open');
  }

  /**
   * The provider refused a call. Calls that started before the last refusal belong to the same burst: they say
   * nothing new. Returns how long everybody waits, in milliseconds.
   */
  refused({ retryAfterMs, startedAt, known }: RefusedCall): number {
    const now = this.#signals.clock.now();
    const isNews = startedAt >= this.#refusedAt;
    if (isNews) {
      this.#refusalsInARow++;
      if (known && this.limiter.used(now) <= this.limiter.capacity) this.limiter.distrust(now);
    }
    this.#refusedAt = now;
    const waitMs = pauseAfterRefusalMs(this.#refusalsInARow, retryAfterMs);
    this.pause(waitMs);
    return waitMs;
  }

  /** A call got through that had started after the last refusal. */
  accepted(startedAt: number): void {
    if (startedAt >= this.#refusedAt) this.#refusalsInARow = 0;
  }

  pause(ms: number): void {
    const { clock, events } = this.#signals;
    this.limiter.pause(clock.now() + ms);
    const until = clock.wallMs() + (this.limiter.pausedUntil - clock.now());
    this.#resumeAt(this.limiter.pausedUntil);
    this.#send({ type: 'PAUSED', until });
    events.emit({ type: 'limit-paused', ...this.#facts(), until });
  }

  /** Ends a pause that is over, for whoever looks before the timer rings: first the news, then the next start. */
  resumeIfDue(now: number): void {
    if (this.#mode === 'paused' && this.limiter.pausedUntil <= now) this.#resumed();
  }

  setLimit(limit: number): void {
    this.limiter.setLimit(limit, this.#signals.clock.now());
    this.#send({ type: 'LIMIT_CHANGED', limit });
    this.wakeUsers();
  }

  wakeUsers(except?: LimiterUser): void {
    for (const user of this.users) if (user !== except) user.requestPass();
  }

  sample(): void {
    this.#send({ type: 'SAMPLED', usage: this.limiter.used(this.#signals.clock.now()) });
  }

  /** Its actor was made anew: it learns how things stand. */
  show(): void {
    const { clock } = this.#signals;
    if (this.#mode === 'paused') this.#send({ type: 'PAUSED', until: clock.wallMs() + (this.limiter.pausedUntil - clock.now()) });
    else if (this.#mode === 'exhausted') this.#send({ type: 'EXHAUSTED' });
  }

  /** Forgets its timer; the engine stops. */
  stop(): void {
    this.#signals.clock.clearTimeout(this.#resume);
  }

  /** In the background: whoever waits for the limiter has a timer that keeps the process alive. */
  #resumeAt(at: number): void {
    const { clock } = this.#signals;
    this.#mode = 'paused';
    clock.clearTimeout(this.#resume);
    this.#resume = clock.setTimeout(() => this.#resumed(), at - clock.now(), { background: true });
  }

  #resumed(): void {
    const { pausedUntil } = this.limiter;
    // Timers may ring a little early.
    if (pausedUntil > this.#signals.clock.now()) {
      this.#resumeAt(pausedUntil);
      return;
    }
    this.#signals.clock.clearTimeout(this.#resume);
    this.limiter.resume();
    this.#send({ type: 'RESUMED' });
    this.#mode = 'open';
    this.#signals.events.emit({ type: 'limit-available', ...this.#facts() });
    this.wakeUsers();
    // Whoever was blocked looks again first: most of them start, and nobody needs to hear of exhaustion.
    queueMicrotask(() => {
      if (this.#blocked.size > 0 && this.#mode === 'open') this.#enter('exhausted');
    });
  }

  #enter(mode: 'open' | 'exhausted'): void {
    this.#mode = mode;
    this.#send({ type: mode === 'open' ? 'AVAILABLE' : 'EXHAUSTED' });
    this.#signals.events.emit({ type: mode === 'open' ? 'limit-available' : 'limit-exhausted', ...this.#facts() });
  }

  #send(event: LimiterEvent): void {
    const actor = this.#actor();
    if (actor?.getSnapshot().status === 'active') actor.send(event);
  }

  #facts() {
    const { type, domain } = this.limiter;
    const only = this.users.size === 1 ? [...this.users][0]?.modelId : undefined;
    return { at: this.#signals.clock.wallMs(), limiter: this.id, limitType: type, domain, modelId: only };
  }
}
