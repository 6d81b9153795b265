import type { LimitObservation } from '../domain/limit-observation.ts';

/** Hears what calls of a deployment tell about its limits. */
export interface LimitListener {
  observed(observations: readonly LimitObservation[], startedAt: number, now: number): void;
  accepted(startedAt: number, now: number): void;
  refused(
    refusal: { readonly limitType?: string | undefined; readonly retryAfterMs?: number | undefined },
    startedAt: number,
    now: number,
  ): void;
}
