import type { Balancer, BalancerCandidate } from '../domain/balancer.ts';

type Candidates = readonly BalancerCandidate[];

/** Most free room first, as a part of each one's tightest limit; among equals the least loaded. */
export function mostHeadroom(): Balancer {
  return { order: (candidates) => [...candidates].sort((a, b) => b.headroom - a.headroom || load(a) - load(b)) };
}

/** Fewest calls in flight for its weight first. */
export function leastLoaded(): Balancer {
  return { order: (candidates) => [...candidates].sort((a, b) => load(a) - load(b)) };
}

/**
 * Evenly spaced round robin: in turn, but one that took a call less than its share of a minute ago (60 s ÷ its
 * requests per minute × the calls that its last request counted as) comes after those that are due.
 */
export function roundRobin(): Balancer {
  const last = new Map<string, { readonly at: number; readonly calls: number; readonly turn: number }>();
  let turn = 0;
  const dueAt = ({ id, requestsPerMinute }: BalancerCandidate): number => {
    const before = last.get(id);
    if (before === undefined || requestsPerMinute === undefined) return Number.NEGATIVE_INFINITY;
    return before.at + (60_000 / requestsPerMinute) * before.calls;
  };
  return {
    order: (candidates, now) =>
      [...candidates].sort(
        (a, b) => Math.max(0, dueAt(a) - now) - Math.max(0, dueAt(b) - now) || (last.get(a.id)?.turn ?? 0) - (last.get(b.id)?.turn ?? 0),
      ),
    started: (id, calls, now) => {
      last.set(id, { at: now, calls, turn: ++turn });
    },
  };
}

/** In proportion to the weights, as evenly mixed as they allow: whoever is furthest behind its share is next. */
export function weighted(): Balancer {
  const served = new Map<string, number>();
  let present: ReadonlySet<string> = new Set();
  const ahead = ({ id, weight }: BalancerCandidate): number => (served.get(id) ?? 0) / weight;
  return {
    order: (candidates) => {
      catchUp(candidates, served, present);
      present = new Set(candidates.map(({ id }) => id));
      return [...candidates].sort((a, b) => ahead(a) - ahead(b));
    },
    started: (id, calls) => {
      served.set(id, (served.get(id) ?? 0) + calls);
    },
  };
}

/**
 * One that joins or comes back must not get everything until it has caught up: it starts level with the one furthest
 * behind of those that were there.
 */
function catchUp(candidates: Candidates, served: Map<string, number>, present: ReadonlySet<string>): void {
  const levels = candidates.flatMap(({ id, weight }) => (present.has(id) ? (served.get(id) ?? 0) / weight : []));
  const level = levels.length === 0 ? 0 : Math.min(...levels);
  for (const { id, weight } of candidates) {
    if (!present.has(id)) served.set(id, Math.max(served.get(id) ?? 0, level * weight));
  }
}

/** Shortest expected wait first: latency × (calls in flight + 1) ÷ weight; whose latency is unknown is tried first. */
export function latencyAware(): Balancer {
  const wait = ({ latencyMs, inFlight, weight }: BalancerCandidate): number => (latencyMs ?? 0) * ((inFlight + 1) / weight);
  return { order: (candidates) => [...candidates].sort((a, b) => wait(a) - wait(b) || load(a) - load(b)) };
}

function load({ inFlight, weight }: BalancerCandidate): number {
  return inFlight / weight;
}
