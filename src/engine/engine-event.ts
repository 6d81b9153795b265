import type { RateLimiterType } from '../domain/limit-types.ts';
import type { FailureReason } from '../domain/request-status.ts';

interface Happened {
  /** Epoch milliseconds. */
  readonly at: number;
}

interface RequestHappened extends Happened {
  readonly modelId: string;
  readonly requestId: string;
  readonly tenant?: string | undefined;
}

interface LimitHappened extends Happened {
  readonly modelId?: string | undefined;
  readonly limiter: string;
  readonly limitType: RateLimiterType;
  readonly domain?: string | undefined;
}

/** What `manager.events$` tells. Never carries params, results or error texts. */
export type EngineEvent =
  | (RequestHappened & { readonly type: 'request-submitted' })
  | (RequestHappened & { readonly type: 'request-admitted'; readonly attempt: number; readonly queueMs: number })
  | (RequestHappened & { readonly type: 'request-refused'; readonly retryAfterMs: number; readonly limitType?: string | undefined })
  | (RequestHappened & { readonly type: 'request-retried'; readonly attempt: number; readonly delayMs: number })
  | (RequestHappened & { readonly type: 'request-completed'; readonly attempts: number; readonly queueMs: number })
  | (RequestHappened & {
      readonly type: 'request-failed';
      readonly attempts: number;
      readonly queueMs: number;
      readonly reason: FailureReason;
      readonly code: string;
    })
  | (LimitHappened & { readonly type: 'limit-exhausted' | 'limit-available' })
  | (LimitHappened & { readonly type: 'limit-paused'; readonly until: number })
  | (Happened & { readonly type: 'deployment-cooling'; readonly deploymentId: string; readonly until: number })
  | (Happened & { readonly type: 'deployment-disabled'; readonly deploymentId: string; readonly until: number; readonly reason: string })
  | (Happened & { readonly type: 'deployment-available'; readonly deploymentId: string })
  | (Happened & { readonly type: 'queue-paused' | 'queue-resumed' | 'queue-drained'; readonly modelId: string });
