import type { FailureReason } from '../domain/request-status.ts';

/** What is known of a request in any state. */
export interface ResponseFacts {
  readonly requestId: string;
  readonly modelId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** Calls of the processor that count as attempts; refused ones don't. */
  readonly attempts: number;
  /** Seconds from the start of the last attempt to its end. */
  readonly processingTime?: number | undefined;
  /** Seconds it was pending in all. */
  readonly queueTime?: number | undefined;
  readonly inputTokensUsed?: number | undefined;
  readonly outputTokensUsed?: number | undefined;
  /** The deployment that answered, or failed it last. */
  readonly deploymentId?: string | undefined;
}

export interface CompletedResponse<R> extends ResponseFacts {
  readonly status: 'completed';
  readonly result: R;
  readonly error?: undefined;
}

export interface FailedResponse extends ResponseFacts {
  readonly status: 'failed';
  readonly result?: undefined;
  readonly reason: FailureReason;
  /** Message of `cause`. */
  readonly error: string;
  /** Code of `cause`. */
  readonly code: string;
  /** The error itself: of the class that belongs to `reason`, or what the processor threw. */
  readonly cause: Error;
}

/** Only from `getStatus` and fire-and-forget submits. */
export interface UnsettledResponse extends ResponseFacts {
  readonly status: 'pending' | 'processing';
  /** From `getStatus`: what a pending request waits for, in words; absent where that is only its turn. */
  readonly waitsFor?: string | undefined;
  readonly result?: undefined;
  readonly error?: undefined;
}

export type SettledResponse<R = unknown> = CompletedResponse<R> | FailedResponse;
export type QueueResponse<R = unknown> = SettledResponse<R> | UnsettledResponse;
