import { LLMQueueException } from '../domain/errors.ts';
import type { HttpReply } from './http-reply.ts';

/**
 * Whom a failure concerns: this request only; the deployment, so that it counts for its circuit; or every request with
 * the same key, so that the deployment is disabled.
 */
export type FailureScope = 'request' | 'deployment' | 'account';

/** What is known of a call that failed. */
export interface ProviderFailureDetails {
  readonly message: string;
  readonly code: string;
  /** Whether the same request may succeed when it is tried again. */
  readonly retryable: boolean;
  /** Whether another deployment may succeed with it; default: `retryable`. */
  readonly failOver?: boolean;
  /** Default `request`. */
  readonly scope?: FailureScope;
  /** The deployment that failed. */
  readonly deploymentId?: string;
  /** The provider's answer, where there was one. */
  readonly reply?: HttpReply;
  readonly cause?: unknown;
}

/** A call to a provider failed: with an answer that says so, or without one. Refusals that only ask to wait are no failures. */
export class ProviderFailure extends LLMQueueException {
  readonly scope: FailureScope;
  readonly failOver: boolean;
  readonly deploymentId: string | undefined;
  readonly reply: HttpReply | undefined;

  constructor(details: ProviderFailureDetails) {
    super(details.message, details.code, details.retryable, { cause: details.cause });
    this.scope = details.scope ?? 'request';
    this.failOver = details.failOver ?? details.retryable;
    this.deploymentId = details.deploymentId;
    this.reply = details.reply;
  }

  /** The same failure, but for `changes`. */
  with(changes: Partial<ProviderFailureDetails>): ProviderFailure {
    const { message, code, retryable, failOver, scope, deploymentId, reply } = this;
    return new ProviderFailure({
      message,
      code,
      retryable,
      failOver,
      scope,
      cause: this.cause ?? this,
      ...(deploymentId !== undefined && { deploymentId }),
      ...(reply !== undefined && { reply }),
      ...changes,
    });
  }
}
