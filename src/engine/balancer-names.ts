import type { BalancerName } from '../config/deployment-config.ts';
import { latencyAware, leastLoaded, mostHeadroom, roundRobin, weighted } from '../deployments/balancers.ts';
import type { Balancer } from '../domain/balancer.ts';

/** Makes the balancers that a configuration may name; each model has its own. */
export const BALANCER_BY_NAME: Readonly<Record<BalancerName, () => Balancer>> = {
  'most-headroom': mostHeadroom,
  'least-loaded': leastLoaded,
  'round-robin': roundRobin,
  weighted,
  latency: latencyAware,
};
