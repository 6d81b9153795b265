import { LLMQueueException } from '../domain/errors.ts';
import type { HttpReply } from './http-reply.ts';

/** Whom a final failure concerns: this request only, or every request with the same key. */
export type FailureScope = 'request' | 'account';

/** What is known of a call that failed. */
export interface ProviderFailureDetails {
  readonly message: string;
  readonly code: string;
  /** Whether the same request may succeed when it is tried again. */
  readonly retryable: boolean;
  /** Default `request`. */
  readonly scope?: FailureScope;
  /** The provider's answer, where there was one. */
  readonly reply?: HttpReply;
  readonly cause?: unknown;
}

/** A call to a provider failed: with an answer that says so, or without one. Refusals that only ask to wait are no failures. */
export class ProviderFailure extends LLMQueueException {
  readonly scope: FailureScope;
  readonly reply: HttpReply | undefined;

  constructor(details: ProviderFailureDetails) {
    super(details.message, details.code, details.retryable, { cause: details.cause });
    this.scope = details.scope ?? 'request';
    this.reply = details.reply;
  }
}
