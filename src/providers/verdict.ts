import type { RateLimiterType } from '../domain/limit-types.ts';

/** What an answer means for the request that got it. */
export type Verdict = { readonly kind: 'completed' } | Refused | Retryable | Final;

/** Not now: come back later. No attempt is used. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
  /** In one line, at most 500 characters; so are those of the other kinds. */
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  /** Which limit refused, where the provider says so. */
  readonly limitType: RateLimiterType | undefined;
  /** The load grows too fast for the provider: run fewer calls at once, besides waiting. */
  readonly slowDown?: true;
  /** The provider's capacity is used up, not our quota: another deployment first, waiting second. */
  readonly capacity?: true;
}

/** The same request may succeed, here after backoff or elsewhere at once. */
export interface Retryable {
  readonly kind: 'retryable';
  readonly code: string;
  readonly message: string;
  /** Whether it speaks against the deployment. */
  readonly scope: 'deployment' | 'request';
  /** The least wait before it is tried there again, where the provider says so. */
  readonly retryAfterMs?: number;
}

/** The same request never succeeds with this account. */
export interface Final {
  readonly kind: 'final';
  readonly code: string;
  readonly message: string;
  /** Whether another deployment may take it. */
  readonly failOver: boolean;
  /** `account`: no other request succeeds there either. */
  readonly scope: 'request' | 'account';
  /** When the account may succeed again, in ms since 1970, where the provider names a day or a wait. */
  readonly untilMs?: number;
}
