/** A deployment that could take a request now, as a balancer sees it. */
export interface BalancerCandidate {
  readonly id: string;
  /** As configured; default 1. */
  readonly weight: number;
  /** Calls that run there now. */
  readonly inFlight: number;
  /** Free part of its tightest limit, 0 to 1; 1 where it has no limit. */
  readonly headroom: number;
  /** Moving average of the time to the response's start, in ms; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** Its limit on requests per minute; undefined where it has none. */
  readonly requestsPerMinute: number | undefined;
}

/** Chooses between deployments. Called once for each start; must not block, and a throw counts as the order given. */
export interface Balancer {
  /** The candidates, best first; those that are left out are not used for this request. `now` is monotonic, in ms. */
  order(candidates: readonly BalancerCandidate[], now: number): readonly BalancerCandidate[];
  /** A request starts there; `calls` is how many calls it counts as. */
  started?(id: string, calls: number, now: number): void;
  /** A call there failed in a way that counts for the circuit. */
  failed?(id: string, now: number): void;
}
