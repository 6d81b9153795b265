/** The four states of a request, exactly. Why it failed and what it waits for are fields, never a fifth status. */
export type RequestStatus = 'pending' | 'processing' | 'completed' | 'failed';

/** What a request is doing inside its status. */
export type RequestPhase =
  /** Pending: in its queue. */
  | 'queued'
  /** Pending: waits before another attempt; holds no slot. */
  | 'backoff'
  /** Processing: the call is under way. */
  | 'calling'
  /** Processing: the response has started. */
  | 'responding';

/** Why a request failed. */
export type FailureReason = 'error' | 'timeout' | 'cancelled' | 'rejected' | 'shutdown';
