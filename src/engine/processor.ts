import type { TokenCounts } from '../domain/limit-types.ts';
import type { EasyLogger } from '../domain/logger.ts';
import type { QueueRequest } from './queue-request.ts';

/** Tokens that a call really used. */
export interface UsageReport extends TokenCounts {
  /** Part of the input that the provider had cached; informative. */
  readonly cachedInputTokens?: number;
}

/** What a processor gets beside the request. */
export interface ProcessorContext {
  /** Aborts when the request is cancelled, times out or the engine is forced to stop. Pass it to the call. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly logger: EasyLogger;
  /** Corrects the reserved tokens to what was used; the last report counts. */
  reportUsage(usage: UsageReport): void;
  /**
   * Tells that the response has started, so the provider has counted the call. Streaming calls that say so free
   * their limits earlier than those that only return.
   */
  responseStarted(headers?: unknown): void;
  /**
   * Tells that the call is not on the wire yet, as while it connects; call the returned function when it is. Must
   * be called before the processor's first `await`. Without it a call counts as written when the processor starts.
   */
  deferSend(): () => void;
}

/** The user's own function that does the call. */
export type Processor<P = unknown, R = unknown> = (request: QueueRequest<P>, context: ProcessorContext) => Promise<R> | R;
