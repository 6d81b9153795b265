import type { LimitObservation } from '../domain/limit-observation.ts';
import type { PartCost, TokenCounts } from '../domain/limit-types.ts';
import type { EasyLogger } from '../domain/logger.ts';
import type { QueueRequest } from './queue-request.ts';

/** Tokens that a call really used. */
export interface UsageReport extends TokenCounts {
  /** Part of the input that the provider had cached; informative. */
  readonly cachedInputTokens?: number | undefined;
  /** Where a request needed several deployments: what each part used. */
  readonly parts?: Readonly<Record<string, PartCost>> | undefined;
}

/** What a processor gets beside the request. */
export interface ProcessorContext {
  /** Aborts when the request is cancelled, times out or the engine is forced to stop. Pass it to the call. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly logger: EasyLogger;
  /** The deployment that was chosen for this attempt; undefined for models without deployments. */
  readonly deploymentId: string | undefined;
  /** The deployments of a combination, in the order of its parts; one for others, none for models without deployments. */
  readonly deploymentIds: readonly string[];
  /** Corrects the reserved tokens to what was used; the last report counts. */
  reportUsage(usage: UsageReport): void;
  /**
   * Tells that the response has started, so the provider has counted the call. Streaming calls that say so free
   * their limits earlier than those that only return.
   * @param headers of an answer that was accepted: a `Headers`, or an object. Read only where the deployment names their spelling
   * (`limitHeaders`): then limits are learned from them. A provider whose spelling has no name is told of with `limitsObserved`.
   */
  responseStarted(headers?: unknown): void;
  /**
   * Tells, as soon as the headers are there, what they say of the provider's limits, even if that is nothing: limits that
   * are not configured are learned from it.
   * @param accepted false: the call was refused; default true
   */
  limitsObserved(observations: readonly LimitObservation[], accepted?: boolean): void;
  /**
   * Tells that some of the answer is with whoever asked for it: whatever ends the attempt from now on ends the request, since another
   * attempt would say it twice.
   */
  deliveryStarted(): void;
  /**
   * Tells that the call is not on the wire yet, as while it connects; call the returned function when it is. Must
   * be called before the processor's first `await`. Without it a call counts as written when the processor starts.
   */
  deferSend(): () => void;
}

/** The user's own function that does the call. */
export type Processor<P = unknown, R = unknown> = (request: QueueRequest<P>, context: ProcessorContext) => Promise<R> | R;
