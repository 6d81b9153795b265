import type { LimitObservation } from '../domain/limit-observation.ts';
import type { CallCost, RateLimiterType } from '../domain/limit-types.ts';

/** A call as whoever learns a deployment's limits sees it. */
export interface SentCall {
  readonly startedAt: number;
  readonly cost: CallCost;
  /** What each limiter held when it was sent, itself included; forgotten with its first answer, since a stream may last. */
  heldAtSend: ReadonlyMap<RateLimiterType, number> | undefined;
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

/** What a deployment learned keeps a call away. `at`: monotonic ms, Infinity while only the end of a call can tell. */
export type LearnedHold = { readonly at: number } & (
  | { readonly kind: 'learned-rate'; readonly rate: LearnedRate }
  | { readonly kind: 'learning'; readonly most: number }
);

/** A rate that was found where no header tells a limit. */
export interface LearnedRate {
  readonly type: RateLimiterType;
  /** In the type's unit: requests or tokens. */
  readonly perSecond: number;
  /** Whether something was refused: until then it grows with every acceptance. */
  readonly refused: boolean;
}

/** What a deployment has learned beside the limits among its `rateLimiters`. */
export interface LearnedInfo {
  /** `nothing`: the first answers are awaited; `headers`: they tell the limits, or a configuration does; `answers`: they don't, and the rate is sought. */
  readonly from: 'nothing' | 'headers' | 'answers';
  /** Calls start no faster than this. */
  readonly rates: readonly LearnedRate[];
  /** The most calls at once until more is known; null: as many as there are. */
  readonly mostInFlight: number | null;
}

/** Learns a deployment's limits from its answers, and keeps those that no limiter can keep. */
export interface LimitListener {
  /** Whether it waits after a refusal by itself. */
  readonly pacesRefused: boolean;
  /** When a call of this cost may start as far as is learned; Infinity while only the end of a call can tell. */
  availableAt(cost: CallCost, inFlight: number, now: number): number;
  /** What makes {@link availableAt} later than now. */
  hold(cost: CallCost, inFlight: number, now: number): LearnedHold | undefined;
  readonly info: LearnedInfo;
  started(cost: CallCost, now: number): SentCall;
  /** The call no longer lies between us and the provider's books. */
  counted(call: SentCall): void;
  answered(call: SentCall, answer: CallAnswer, now: number): void;
}
