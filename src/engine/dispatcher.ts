import type { TimerHandle } from '../domain/clock.ts';
import type { Limiter } from '../limits/limiter.ts';
import { FairQueue } from '../scheduling/fair-queue.ts';
import type { EngineServices } from './engine-services.ts';
import { HeadClaim } from './head-claim.ts';
import type { LimiterUnit, LimiterUser } from './limiter-unit.ts';
import type { Admitted, Pass } from './pass.ts';
import type { RequestRecord } from './request-record.ts';
import type { Route } from './route.ts';
import type { Claimant, RouteChoice } from './route-choice.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;
/** Stands for requests that start behind a blocked head: they respect every claim. */
const BACKFILL: Claimant = { owner: {}, seq: UNKNOWN };

export interface DispatcherOptions {
  readonly modelId: string;
  readonly lookAhead: number;
  readonly weightOf: (tenant: string) => number;
  readonly choice: RouteChoice;
  /** Starts what a pass admitted. */
  readonly onPass: (pass: Pass) => void;
}

/**
 * Decides who of one model's pending requests starts when, and where. Each pass is one synchronous step: as long as
 * the head fits every limiter of some route it starts; a head that doesn't fit claims its room, and a few behind it
 * may start if that delays no claim. One timer wakes it at the next moment at which something that was tried fits.
 */
export class Dispatcher implements LimiterUser {
  readonly modelId: string;
  readonly queue: FairQueue<RequestRecord>;
  readonly choice: RouteChoice;
  readonly #services: EngineServices;
  readonly #options: DispatcherOptions;
  #enabled = true;
  #passQueued = false;
  #timer: TimerHandle;
  #wakeAt = UNKNOWN;
  #blockedBy: readonly LimiterUnit[] = [];
  /** The head that the last pass could not start. */
  #waitingHead: RequestRecord | undefined;
  readonly #claim: HeadClaim;

  constructor(options: DispatcherOptions, services: EngineServices) {
    this.modelId = options.modelId;
    this.#options = options;
    this.#services = services;
    this.queue = new FairQueue(options.weightOf);
    this.choice = options.choice;
    this.#claim = new HeadClaim(this, services.nextSeq);
    for (const { units, stops } of this.choice.routes) {
      for (const unit of units) unit.users.add(this);
      for (const { deployment } of stops) deployment.users.add(this);
    }
  }

  /** Every limiter that a request of this model may meet. */
  get units(): readonly LimiterUnit[] {
    const [first, ...others] = this.choice.routes;
    if (first === undefined) return [];
    return others.length === 0 ? first.units : [...new Set(this.choice.routes.flatMap(({ units }) => units))];
  }

  /** A limit of the model itself, whichever route its requests take. */
  addUnit(unit: LimiterUnit): void {
    for (const route of this.choice.routes) route.addUnit(unit);
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

  /** Leaves the limiters and deployments; nothing waits and nothing runs any more. */
  stop(): void {
    this.#enabled = false;
    this.#rest();
    for (const route of this.choice.routes) {
      for (const unit of route.units) {
        unit.users.delete(this);
        // Its last call gave room back just now.
        unit.wakeUsers();
      }
      for (const { deployment } of route.stops) deployment.users.delete(this);
      route.close();
    }
  }

  readonly #run = (): void => {
    this.#passQueued = false;
    const now = this.#services.clock.now();
    const pass = { now, admitted: [] as Admitted[], misfits: [] as RequestRecord[], stranded: [] as RequestRecord[] };
    for (const { units } of this.choice.routes) for (const unit of units) unit.resumeIfDue(now);
    if (!this.#enabled || this.queue.size === 0) this.#rest();
    else this.#admit(pass);
    if (pass.admitted.length + pass.misfits.length + pass.stranded.length === 0) return;
    this.#options.onPass(pass);
    // Only now that the calls are written is it known when their room comes back.
    if (this.#blockedBy.length === 0 || this.#blockedBy.some(({ limiter }) => limiter.type !== 'concurrent')) this.requestPass();
  };

  #admit({
    now,
    admitted,
    misfits,
    stranded,
  }: {
    now: number;
    admitted: Admitted[];
    misfits: RequestRecord[];
    stranded: RequestRecord[];
  }): void {
    const isShared = this.#anyShared;
    for (let head = this.queue.head(); head !== undefined; head = this.queue.head()) {
      const lost = this.choice.misfit(head) !== undefined ? misfits : this.choice.hopeless(head, now) ? stranded : undefined;
      if (lost !== undefined) {
        this.queue.remove(head);
        lost.push(head);
        continue;
      }
      // A claim's age is its claimant's: whoever comes after it must not inherit it.
      if (head !== this.#claim.claimant) this.#unclaim();
      const route = this.choice.pick(head, isShared ? { owner: this, seq: this.#claim.seq } : undefined, now, this.paced);
      if (route === undefined) {
        this.#waitBehind(head, now, admitted);
        return;
      }
      admitted.push(this.#take(head, route, now));
    }
    this.#rest();
  }

  /** The head has to wait: claim its room, let others through that don't delay it, and set the timer. */
  #waitBehind(head: RequestRecord, now: number, admitted: Admitted[]): void {
    this.#waitingHead = head;
    const { hindrances } = this.choice;
    const obstacles = hindrances.flatMap(({ obstacle }) => obstacle ?? []);
    this.#blockOn(obstacles.map(({ limiter }) => limiter));
    const opensAt = this.choice.opensAt(head, now);
    // What the head cannot use is there for others.
    const elsewhere = this.choice.opensElsewhere(head, now);
    if (hindrances.length === 0) {
      this.#unclaim();
      this.#wake(
        elsewhere && this.#options.lookAhead > 0
          ? Math.min(opensAt, this.#backfill(head, this.#options.lookAhead, now, admitted))
          : opensAt,
      );
      return;
    }
    const onlySlots = obstacles.length === hindrances.length && obstacles.every(({ limiter }) => limiter.type === 'concurrent');
    // Where only a call's end makes room, nobody can overtake, and a claim would be idle work. One that stands, stands:
    // a head that let go of it whenever something else was in its way would be overtaken for ever.
    if (onlySlots && !elsewhere && !this.#anyShared && this.#claim.claimant !== head) {
      this.#wake(opensAt);
      return;
    }
    const full = !elsewhere && obstacles.length === hindrances.length && obstacles.every((obstacle) => obstacle.full);
    const nextRoomAt = Math.min(UNKNOWN, ...obstacles.map(({ limiter }) => limiter.nextFreeAt(1, now, this.paced)));
    const lookAhead = full ? 0 : this.#options.lookAhead;
    const claimed = this.#claim.route;
    const routes = hindrances.map(({ route }) => route);
    const moments = [opensAt, this.#claim.place(head, routes, now, this.paced)];
    // Whoever waited only for the room that it claimed before can have it.
    if (claimed !== undefined && claimed !== this.#claim.route) this.#wakeSharers();
    if (lookAhead > 0) moments.push(this.#backfill(head, lookAhead, now, admitted));
    // Once a limiter is no longer full, something smaller behind the head may fit before the head does.
    if (full && this.#options.lookAhead > 0) moments.push(nextRoomAt);
    // What would fit now waits for somebody's claim: its end is heard of.
    this.#wake(Math.min(UNKNOWN, ...moments.filter((at) => at > now)));
    if (this.#wakeAt === UNKNOWN) this.#watch(obstacles[0]?.limiter);
  }

  /** Starts what fits behind the head; returns when the next of those that don't fit will. */
  #backfill(head: RequestRecord, lookAhead: number, now: number, admitted: Admitted[]): number {
    for (;;) {
      let started = false;
      let wakeAt = UNKNOWN;
      for (const record of this.queue.first(lookAhead + 1)) {
        if (record === head || this.choice.misfit(record) !== undefined) continue;
        const route = this.choice.pick(record, BACKFILL, now, this.paced);
        if (route !== undefined) {
          admitted.push(this.#take(record, route, now));
          started = true;
          continue;
        }
        const { hindrances } = this.choice;
        for (const { route: closed, obstacle } of hindrances) {
          if (obstacle === undefined) continue;
          const at = obstacle.full ? obstacle.limiter.nextFreeAt(1, now, this.paced) : closed.limits.nextFreeAt(record, now, this.paced);
          wakeAt = Math.min(wakeAt, at);
        }
        if (hindrances.every(({ obstacle }) => obstacle?.full) && !this.choice.opensElsewhere(record, now)) break;
      }
      if (!started) return wakeAt;
    }
  }

  #take(record: RequestRecord, route: Route, now: number): Admitted {
    const held = route.limits.reserve(record, now);
    this.queue.dispatch(record, record.cost);
    if (route.stops.length > 0) this.choice.started(route, record, now);
    return { record, held, route, visits: route.begin(record) };
  }

  /** Whether several tenants wait, so that windows are paced. */
  get paced(): boolean {
    return this.queue.backloggedTenants > 1;
  }

  get #anyShared(): boolean {
    return this.choice.routes.some(({ units }) => units.some((unit) => unit.shared));
  }

  #unclaim(): void {
    if (this.#claim.drop()) this.#wakeSharers();
  }

  #wakeSharers(): void {
    for (const { units } of this.choice.routes) for (const unit of units) if (unit.shared) unit.wakeUsers(this);
  }

  /** Nothing waits, or nothing may start: no claim, no timer. */
  #rest(): void {
    this.#waitingHead = undefined;
    this.#unclaim();
    this.#blockOn([]);
    this.#wake(UNKNOWN);
  }

  #blockOn(limiters: readonly Limiter[]): void {
    if (limiters.length === 0 && this.#blockedBy.length === 0) return;
    const units = this.units.filter(({ limiter }) => limiters.includes(limiter));
    for (const unit of this.#blockedBy) if (!units.includes(unit)) unit.unblock(this);
    for (const unit of units) if (!this.#blockedBy.includes(unit)) unit.block(this);
    this.#blockedBy = units;
  }

  /** Milliseconds until the next request starts as far as its limits tell; undefined while only the end of a call can. */
  nextStartMs(): number | undefined {
    return this.#wakeAt === UNKNOWN ? undefined : Math.max(0, this.#wakeAt - this.#services.clock.now());
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
  #watch(limiter: Limiter | undefined): void {
    if (this.choice.waitsForSomebody(this.#claim.route)) return;
    const { logger } = this.#services;
    logger.error({ modelId: this.modelId, limiter: limiter?.type, waiting: this.queue.size }, 'queue is wedged: nothing will wake it');
  }
}
