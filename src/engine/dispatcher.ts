import type { TimerHandle } from '../domain/clock.ts';
import { LimitSet, type Obstacle, type Reservation } from '../limits/limit-set.ts';
import { FairQueue } from '../scheduling/fair-queue.ts';
import type { EngineServices } from './engine-services.ts';
import type { LimiterUnit, LimiterUser } from './limiter-unit.ts';
import type { RequestRecord } from './request-record.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;
/** Stands for requests that start behind a blocked head: they respect every claim. */
const BACKFILL = {};

/** A request that has room in every limiter and may start now. */
export interface Admitted {
  readonly record: RequestRecord;
  readonly held: Reservation;
}

/** What one look at the queue decided. */
export interface Pass {
  readonly now: number;
  readonly admitted: readonly Admitted[];
  /** Requests that can never fit a limit. */
  readonly misfits: readonly RequestRecord[];
}

export interface DispatcherOptions {
  readonly modelId: string;
  readonly lookAhead: number;
  readonly weightOf: (tenant: string) => number;
  readonly units: readonly LimiterUnit[];
  /** Starts what a pass admitted. */
  readonly onPass: (pass: Pass) => void;
}

/**
 * Decides who of one model's pending requests starts when. Each pass is one synchronous step: as long as the head
 * fits every limiter it starts; a head that doesn't fit claims its room, and a few behind it may start if that
 * delays no claim. One timer wakes it at the next moment at which something that was tried fits.
 */
export class Dispatcher implements LimiterUser {
  readonly modelId: string;
  readonly queue: FairQueue<RequestRecord>;
  readonly limits: LimitSet;
  readonly #services: EngineServices;
  readonly #options: DispatcherOptions;
  #units: readonly LimiterUnit[];
  #enabled = true;
  #gateUntil = 0;
  #passQueued = false;
  #timer: TimerHandle;
  #wakeAt = UNKNOWN;
  #blockedBy: LimiterUnit | undefined;
  /** The head that the last pass could not start. */
  #waitingHead: RequestRecord | undefined;
  #claimant: RequestRecord | undefined;
  #claimSeq = 0;
  #claiming = false;

  constructor(options: DispatcherOptions, services: EngineServices) {
    this.modelId = options.modelId;
    this.#options = options;
    this.#services = services;
    this.#units = options.units;
    this.queue = new FairQueue(options.weightOf);
    this.limits = new LimitSet(options.units.map((unit) => unit.limiter));
    for (const unit of options.units) unit.users.add(this);
  }

  get units(): readonly LimiterUnit[] {
    return this.#units;
  }

  addUnit(unit: LimiterUnit): void {
    this.#units = [...this.#units, unit];
    this.limits.add(unit.limiter);
    unit.users.add(this);
    this.requestPass();
  }

  push(record: RequestRecord): void {
    this.queue.push(record);
    this.requestPass();
  }

  remove(record: RequestRecord): boolean {
    if (!this.queue.remove(record)) return false;
    // Without the head, or without a second tenant to pace for, something else may start at once.
    if (record === this.#waitingHead || this.queue.backloggedTenants <= 1) this.requestPass(true);
    return true;
  }

  /** Moves a waiting request to another place; one that is under way already stays as it is. */
  rekey(record: RequestRecord, key: number): void {
    if (!this.queue.has(record)) {
      record.key = key;
      return;
    }
    this.queue.rekey(record, key);
    this.requestPass();
  }

  /** Stops or resumes starting; what waits keeps its place. */
  enable(enabled: boolean): void {
    this.#enabled = enabled;
    this.requestPass(true);
  }

  /** Monotonic time before which nothing starts, after a refusal that named no limiter of ours. */
  get gateUntil(): number {
    return this.#gateUntil;
  }

  /** Starts nothing before `until`, for refusals that name no limiter of ours. */
  gate(until: number): void {
    this.#gateUntil = Math.max(this.#gateUntil, until);
  }

  requestPass(evenIfEmpty = false): void {
    if (this.#passQueued || (this.queue.size === 0 && !evenIfEmpty)) return;
    this.#passQueued = true;
    queueMicrotask(this.#run);
  }

  /** Room came free in limiters: every queue that shares one looks again. */
  roomCameFree(): void {
    this.requestPass();
    this.#wakeSharers();
  }

  /** Leaves the limiters; nothing waits and nothing runs any more. */
  stop(): void {
    this.#enabled = false;
    this.#rest();
    for (const unit of this.#units) unit.users.delete(this);
  }

  readonly #run = (): void => {
    this.#passQueued = false;
    const now = this.#services.clock.now();
    const admitted: Admitted[] = [];
    const misfits: RequestRecord[] = [];
    for (const unit of this.#units) unit.resumeIfDue(now);
    if (!this.#enabled || this.queue.size === 0) this.#rest();
    else if (this.#gateUntil > now) {
      this.#rest();
      this.#wake(this.#gateUntil);
    } else this.#admit(now, admitted, misfits);
    if (admitted.length === 0 && misfits.length === 0) return;
    this.#options.onPass({ now, admitted, misfits });
    // Only now that the calls are written is it known when their room comes back.
    if (this.#blockedBy?.limiter.type !== 'concurrent') this.requestPass();
  };

  #admit(now: number, admitted: Admitted[], misfits: RequestRecord[]): void {
    for (let head = this.queue.head(); head !== undefined; head = this.queue.head()) {
      if (this.limits.neverFits(head) !== undefined) {
        this.queue.remove(head);
        misfits.push(head);
        continue;
      }
      // A claim's age is its claimant's: whoever comes after it must not inherit it.
      if (head !== this.#claimant) this.#unclaim();
      const obstacle = this.limits.obstacle(head, now, this.#paced);
      if (obstacle !== undefined || (this.#anyShared && !this.limits.respectsClaims(head, this, now))) {
        this.#waitBehind(head, obstacle, now, admitted);
        return;
      }
      admitted.push(this.#take(head, now));
    }
    this.#rest();
  }

  /** The head has to wait: claim its room, let others through that don't delay it, and set the timer. */
  #waitBehind(head: RequestRecord, obstacle: Obstacle | undefined, now: number, admitted: Admitted[]): void {
    this.#waitingHead = head;
    this.#blockOn(obstacle);
    // Where only a call's end makes room, nobody can overtake, and a claim would be idle work. One that stands, stands:
    // a head that let go of it whenever something else was in its way would be overtaken for ever.
    if (obstacle?.limiter.type === 'concurrent' && !this.#anyShared && this.#claimant !== head) {
      this.#wake(UNKNOWN);
      return;
    }
    const lookAhead = obstacle?.full ? 0 : this.#options.lookAhead;
    let wakeAt = this.#claim(head, now);
    if (lookAhead > 0) wakeAt = Math.min(wakeAt, this.#backfill(head, lookAhead, now, admitted));
    // Once a limiter is no longer full, something smaller behind the head may fit before the head does.
    if (obstacle?.full && this.#options.lookAhead > 0) wakeAt = Math.min(wakeAt, obstacle.limiter.nextFreeAt(1, now, this.#paced));
    this.#wake(wakeAt > now ? wakeAt : UNKNOWN);
    if (this.#wakeAt === UNKNOWN) this.#watch(obstacle);
  }

  /** Starts what fits behind the head; returns when the next of those that don't fit will. */
  #backfill(head: RequestRecord, lookAhead: number, now: number, admitted: Admitted[]): number {
    for (;;) {
      let started = false;
      let wakeAt = UNKNOWN;
      for (const record of this.queue.first(lookAhead + 1)) {
        if (record === head || this.limits.neverFits(record) !== undefined) continue;
        const obstacle = this.limits.obstacle(record, now, this.#paced);
        if (obstacle !== undefined) {
          wakeAt = Math.min(
            wakeAt,
            obstacle.full ? obstacle.limiter.nextFreeAt(1, now, this.#paced) : this.limits.nextFreeAt(record, now, this.#paced),
          );
          if (obstacle.full) break;
        } else if (this.limits.respectsClaims(record, BACKFILL, now)) {
          admitted.push(this.#take(record, now));
          started = true;
        }
      }
      if (!started) return wakeAt;
    }
  }

  #take(record: RequestRecord, now: number): Admitted {
    const held = this.limits.reserve(record, now);
    this.queue.dispatch(record, record.cost);
    return { record, held };
  }

  get #paced(): boolean {
    return this.queue.backloggedTenants > 1;
  }

  get #anyShared(): boolean {
    return this.#units.some((unit) => unit.shared);
  }

  #claim(head: RequestRecord, now: number): number {
    if (this.#claimant !== head) {
      this.#claimant = head;
      this.#claimSeq = this.#services.nextSeq();
    }
    this.#claiming = true;
    return this.limits.claim(head, this, this.#claimSeq, now, this.#paced);
  }

  #unclaim(): void {
    this.#claimant = undefined;
    if (!this.#claiming) return;
    this.#claiming = false;
    this.limits.dropClaims(this);
    this.#wakeSharers();
  }

  #wakeSharers(): void {
    for (const unit of this.#units) if (unit.shared) unit.wakeUsers(this);
  }

  /** Nothing waits, or nothing may start: no claim, no timer. */
  #rest(): void {
    this.#waitingHead = undefined;
    this.#unclaim();
    this.#blockOn(undefined);
    this.#wake(UNKNOWN);
  }

  #blockOn(obstacle: Obstacle | undefined): void {
    const unit = obstacle && this.#units.find(({ limiter }) => limiter === obstacle.limiter);
    if (unit === this.#blockedBy) return;
    this.#blockedBy?.unblock(this);
    this.#blockedBy = unit;
    unit?.block(this);
  }

  /** Sets the timer; one that rings earlier may stay, since a pass that finds nothing costs little. */
  #wake(at: number): void {
    if (at !== UNKNOWN && this.#wakeAt <= at) return;
    if (this.#wakeAt !== UNKNOWN) this.#services.clock.clearTimeout(this.#timer);
    this.#wakeAt = at;
    if (at === UNKNOWN) return;
    this.#timer = this.#services.clock.setTimeout(() => {
      this.#wakeAt = UNKNOWN;
      this.requestPass();
    }, at - this.#services.clock.now());
  }

  /** Something waits, no timer is set and nothing in flight can wake it: that would be a bug of ours. */
  #watch(obstacle: Obstacle | undefined): void {
    const waitsForSomebody = this.#units.some(({ limiter }) => limiter.inFlight > 0 || limiter.claims.size > (this.#claiming ? 1 : 0));
    if (waitsForSomebody) return;
    const { logger } = this.#services;
    logger.error(
      { modelId: this.modelId, limiter: obstacle?.limiter.type, waiting: this.queue.size },
      'queue is wedged: nothing will wake it',
    );
  }
}
