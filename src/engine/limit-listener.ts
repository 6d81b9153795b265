import type { LimitObservation } from '../domain/limit-observation.ts';
import type { CallCost, RateLimiterType } from '../domain/limit-types.ts';

/** A call as whoever learns a deployment's limits sees it. */
export interface SentCall {
  readonly startedAt: number;
  readonly cost: CallCost;
  /** What each limiter held when it was sent, itself included. */
  readonly heldAtSend: ReadonlyMap<RateLimiterType, number>;
  /** The provider has counted it, or never will. */
  counted: boolean;
  answered: boolean;
}

/** How a call was answered. */
export interface CallAnswer {
  readonly outcome: 'accepted' | 'refused';
  readonly observations: readonly LimitObservation[];
  readonly limitType?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Learns a deployment's limits from its answers, and keeps those that no limiter can keep. */
export interface LimitListener {
  /** Whether it waits after a refusal by itself. */
  readonly pacesRefused: boolean;
  /** When a call of this cost may start as far as is learned; Infinity while only the end of a call can tell. */
  availableAt(cost: CallCost, inFlight: number, now: number): number;
  started(cost: CallCost, now: number): SentCall;
  /** The call no longer lies between us and the provider's books. */
  counted(call: SentCall): void;
  answered(call: SentCall, answer: CallAnswer, now: number): void;
}
