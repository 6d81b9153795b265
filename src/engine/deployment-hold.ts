import type { CircuitState } from '../deployments/circuit-breaker.ts';
import type { LearnedHold } from './limit-listener.ts';

/** Why a deployment takes no call now. `at` is when that ends, in monotonic ms; Infinity where only the end of a call can tell. */
export type DeploymentHold = { readonly at: number } & (
  | { readonly kind: 'disabled'; readonly error: Error }
  | {
      readonly kind: 'circuit';
      readonly circuit: CircuitState;
      /** Those that opened it, and its failed probes. */
      readonly failures: number;
      readonly lastError: Error | undefined;
    }
  /** The provider refused, and no limit of ours is to blame. */
  | { readonly kind: 'refused' }
  /** The provider asked for a slower growth of the load. */
  | { readonly kind: 'slowed'; readonly most: number }
  | LearnedHold
);
