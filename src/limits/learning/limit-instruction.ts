import type { RateLimiterType } from '../../domain/limit-types.ts';
import type { GateWindow } from './rate-gate.ts';

/** What the engine is to do with the limiters of a deployment. */
export type LimitInstruction =
  /** Keep this limit. A limiter of the type that exists becomes this one, and what it counts stays counted, as of now. */
  | {
      readonly kind: 'set';
      readonly type: RateLimiterType;
      readonly limit: number;
      readonly windowMs: number;
      readonly algorithm: 'sliding-window' | 'token-bucket';
      /** Of a token bucket. */
      readonly burst?: number | undefined;
    }
  /** So much more was used, as of now: by somebody else, or because estimates are too low. */
  | { readonly kind: 'used'; readonly type: RateLimiterType; readonly amount: number }
  /** Start calls of this type's cost at this rate (see `RateGate`), none before `pausedUntil`. Replaces the rate before. */
  | {
      readonly kind: 'rate';
      readonly type: RateLimiterType;
      /** In the type's unit. */
      readonly perSecond: number;
      readonly burst: number;
      readonly window: GateWindow;
      /** Something was refused: until then the rate is only how fast to find out. */
      readonly refused: boolean;
      /** Monotonic milliseconds. */
      readonly pausedUntil: number;
    }
  /** At most so many calls in flight; undefined: as many as there are. */
  | { readonly kind: 'concurrent'; readonly limit: number | undefined }
  /** Keep no limit and no rate of this type that was learned. */
  | { readonly kind: 'remove'; readonly type: RateLimiterType };
