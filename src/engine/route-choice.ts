import type { Balancer, BalancerCandidate } from '../domain/balancer.ts';
import type { EasyLogger } from '../domain/logger.ts';
import type { Obstacle } from '../limits/limit-set.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { LimiterUnit } from './limiter-unit.ts';
import type { RequestRecord } from './request-record.ts';
import type { Route, Stop } from './route.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;

/** What stands in a request's way on one route; no obstacle: only an older claim or the balancer. */
interface Hindrance {
  readonly route: Route;
  readonly obstacle: Obstacle | undefined;
}

/** Who claims room while it waits, and the age of its claim, wherever that stands. */
export interface Claimant {
  readonly owner: object;
  readonly seq: number;
}

/** A limit that is smaller than what it is asked for. */
interface Misfit {
  readonly limiter: Limiter;
  readonly cost: number;
}

/** When a request may start on a route, and the limit that it waits for till then. */
export interface Outlook {
  readonly at: number;
  readonly blocking: LimiterUnit | undefined;
  readonly route: Route;
}

/** Which of a model's routes a request takes. */
export class RouteChoice {
  readonly routes: readonly Route[];
  readonly #balancer: Balancer;
  readonly #logger: EasyLogger;
  /** The only route, of a model without deployments: there is nothing to choose. */
  readonly #plain: Route | undefined;
  /** Set by {@link pick} where it found none. */
  hindrances: Hindrance[] = [];

  constructor(routes: readonly Route[], balancer: Balancer, logger: EasyLogger) {
    this.routes = routes;
    this.#balancer = balancer;
    this.#logger = logger;
    this.#plain = routes.length === 1 && routes[0]?.stops.length === 0 ? routes[0] : undefined;
  }

  /** The limiter that a request can never fit, where no route is left that it fits. */
  misfit(record: RequestRecord): Misfit | undefined {
    let first: Misfit | undefined;
    for (const { limits } of this.routes) {
      const index = limits.neverFits(record);
      // Not by the limiter that isn't there: looking up index −1 is slow, and every request comes by here twice.
      if (index < 0) return undefined;
      const limiter = limits.limiters[index] as Limiter;
      first ??= { limiter, cost: limits.costAt(index, record) };
    }
    return first;
  }

  /**
   * Whether no route is left: each is disabled, too small, or failed this request in a way that it would fail again; or
   * is cooling, for a request that another model may take.
   */
  hopeless(record: RequestRecord, now: number): boolean {
    if (this.#plain !== undefined) return false;
    const waits = !record.request.failWhileCooling;
    return this.routes.every(
      (route) => route.disabledBy !== undefined || record.barred?.has(route) || !fitsEver(route, record) || (!waits && route.cools(now)),
    );
  }

  /**
   * When the request may go another way than those that failed it, as far as limits tell; undefined: there is none.
   * What hangs on the end of a call counts as now.
   */
  otherAt(record: RequestRecord, now: number, paced: boolean): number | undefined {
    let earliest: number | undefined;
    for (const route of this.routes) {
      if (record.barred?.has(route) || record.tried?.has(route) || route.availableAt(now, record) > now || !fitsEver(route, record))
        continue;
      const at = route.limits.nextFreeAt(record, now, paced);
      earliest = Math.min(earliest ?? UNKNOWN, at === UNKNOWN ? now : at);
    }
    return earliest;
  }

  /** Whether a route takes calls now that is none for who has just been looked at: others may start there. */
  opensElsewhere(record: RequestRecord, now: number): boolean {
    if (this.routes.length === 1) return false;
    return this.routes.some(
      (route) => !this.hindrances.some((hindrance) => hindrance.route === route) && route.availableAt(now, record) <= now,
    );
  }

  /** The route that `record` takes now; undefined: it has to wait. `claimant` respects older claims than its own; absent: none. */
  pick(record: RequestRecord, claimant: Claimant | undefined, now: number, paced: boolean): Route | undefined {
    if (this.#plain !== undefined) return this.#single(this.#plain, record, claimant, now, paced);
    this.hindrances = [];
    const fitting = this.usable(record, now).filter((route) => this.#fits(route, record, claimant, now, paced));
    const chosen = fitting.length === 0 ? undefined : this.#best(fitting, now);
    if (chosen === undefined) for (const route of fitting) this.hindrances.push({ route, obstacle: undefined });
    return chosen;
  }

  /** Routes that take calls now, limits aside; those that failed the request only where there is no other. */
  usable(record: RequestRecord, now: number): Route[] {
    const open = this.routes.filter(
      (route) =>
        !record.barred?.has(route) && route.availableAt(now, record) <= now && (this.routes.length === 1 || fitsEver(route, record)),
    );
    if (record.tried === undefined) return open;
    const fresh = open.filter((route) => !record.tried?.has(route));
    return fresh.length > 0 ? fresh : open;
  }

  /** When the next route that is closed now opens; Infinity where none will by itself. */
  opensAt(record: RequestRecord, now: number): number {
    return this.routes.reduce((earliest, route) => {
      const at = record.barred?.has(route) ? UNKNOWN : route.availableAt(now, record);
      return at > now ? Math.min(earliest, at) : earliest;
    }, UNKNOWN);
  }

  /** When a request's limits let it start on each route, and what holds it there till then; the earliest first. */
  outlooks(record: RequestRecord, now: number, paced: boolean): Outlook[] {
    const open = this.routes.filter((route) => !record.barred?.has(route));
    return open.map((route) => outlookOn(route, record, now, paced)).sort(byTime);
  }

  /** Whether something in flight, or somebody else's claim, will wake who waits. @param claimed where the one who asks has a claim */
  waitsForSomebody(claimed: Route | undefined): boolean {
    return this.routes.some(
      (route) =>
        route.units.some(({ limiter }) => limiter.inFlight > 0 || limiter.claims.size > (route === claimed ? 1 : 0)) ||
        route.stops.some(({ deployment }) => deployment.inFlight > 0),
    );
  }

  started(route: Route, record: RequestRecord, now: number): void {
    for (const { deployment, part } of route.stops) {
      const calls = (part === undefined ? record.calls : record.parts?.[part]?.calls) ?? 1;
      this.#guarded(() => this.#balancer.started?.(deployment.id, calls, now));
    }
  }

  failed(deploymentId: string, now: number): void {
    this.#guarded(() => this.#balancer.failed?.(deploymentId, now));
  }

  #single(route: Route, record: RequestRecord, claimant: Claimant | undefined, now: number, paced: boolean): Route | undefined {
    if (route.availableAt(now, record) > now) {
      this.hindrances = [];
      return undefined;
    }
    const obstacle = route.limits.obstacle(record, now, paced);
    if (obstacle === undefined && (claimant === undefined || route.limits.respectsClaims(record, claimant.owner, now, claimant.seq)))
      return route;
    this.hindrances = [{ route, obstacle }];
    return undefined;
  }

  #fits(route: Route, record: RequestRecord, claimant: Claimant | undefined, now: number, paced: boolean): boolean {
    const obstacle = route.limits.obstacle(record, now, paced);
    if (obstacle === undefined && (claimant === undefined || route.limits.respectsClaims(record, claimant.owner, now, claimant.seq)))
      return true;
    this.hindrances.push({ route, obstacle });
    return false;
  }

  #best(routes: readonly Route[], now: number): Route | undefined {
    let chosen = routes[0];
    this.#guarded(() => {
      chosen = firstOf(
        this.#balancer.order(
          routes.map((route) => candidateOf(route, now)),
          now,
        ),
        routes,
      );
    });
    return chosen;
  }

  /** A balancer of the user's must not stop the queue. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#logger.error({ error }, 'a balancer threw; the order of the configuration is used');
    }
  }
}

function outlookOn(route: Route, record: RequestRecord, now: number, paced: boolean): Outlook {
  let at = route.availableAt(now, record);
  let blocking: LimiterUnit | undefined;
  route.units.forEach((unit, index) => {
    const freeAt = unit.limiter.nextFreeAt(route.limits.costAt(index, record), now, paced);
    if (freeAt <= at) return;
    at = freeAt;
    blocking = unit;
  });
  return { at, blocking, route };
}

/** Of what nobody knows a limit is the better answer: it has a name. */
function byTime(a: Outlook, b: Outlook): number {
  if (a.at !== b.at) return a.at - b.at;
  return a.at === UNKNOWN ? Number(b.blocking !== undefined) - Number(a.blocking !== undefined) : 0;
}

/** The best that a balancer named; what it made up is passed over. Throws for what is no list. */
function firstOf(order: readonly (BalancerCandidate | undefined)[], routes: readonly Route[]): Route | undefined {
  for (const candidate of order) {
    const route = candidate && routes.find(({ id }) => id === candidate.id);
    if (route !== undefined) return route;
  }
  return undefined;
}

function fitsEver(route: Route, record: RequestRecord): boolean {
  return route.limits.neverFits(record) < 0;
}

function candidateOf({ id, stops }: Route, now: number): BalancerCandidate {
  const [first] = stops;
  if (first === undefined || stops.length > 1) return combined(id, stops, now);
  const { config, inFlight, latencyMs, requestsPerMinute } = first.deployment;
  return { id, weight: config.weight, inFlight, headroom: first.deployment.headroom(now), latencyMs, requestsPerMinute };
}

/** A combination is as loaded and as full as the worst of its deployments. */
function combined(id: string, stops: readonly Stop[], now: number): BalancerCandidate {
  const deployments = stops.map(({ deployment }) => deployment);
  const known = deployments.flatMap(({ latencyMs }) => latencyMs ?? []);
  const rates = deployments.flatMap(({ requestsPerMinute }) => requestsPerMinute ?? []);
  return {
    id,
    weight: Math.min(...deployments.map(({ config }) => config.weight)),
    inFlight: Math.max(...deployments.map(({ inFlight }) => inFlight)),
    headroom: Math.min(...deployments.map((deployment) => deployment.headroom(now))),
    latencyMs: known.length === 0 ? undefined : Math.max(...known),
    requestsPerMinute: rates.length === 0 ? undefined : Math.min(...rates),
  };
}
