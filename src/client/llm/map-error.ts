import { LLMQueueException, QueueTimeoutError } from '../../domain/errors.ts';
import {
  LLMAuthenticationError,
  LLMConnectionError,
  type LLMErrorDetails,
  LLMException,
  LLMPoolExhaustedError,
  LLMProviderError,
  LLMRateLimitError,
  LLMTimeoutError,
} from '../../domain/llm-errors.ts';
import type { ProviderFailure } from '../../providers/provider-failure.ts';
import { providerFailureIn } from '../dispatch/failure-chain.ts';
import { AcquireTimedOut } from './acquire-timer.ts';

/** What is known of a request when it failed. */
export interface FailedCall {
  readonly provider: string;
  readonly model: string | undefined;
  /** Whether it was waiting, not running. */
  readonly wasWaiting: boolean;
  /** Whether the limits of the keys that could serve it had no room then. */
  readonly isLimited: () => boolean;
  /** Seconds. */
  readonly acquireTimeout: number;
}

/**
 * The error of the client family for what a queue or a provider says. What is the caller's own stays as it is: a
 * cancelled call, a request that is wrong or can never fit, and what a middleware threw.
 */
export function clientError(error: unknown, call: FailedCall): unknown {
  if (error instanceof LLMException || !(error instanceof Error)) return error;
  const failure = providerFailureIn(error);
  const code = LLMQueueException.isInstance(error) ? error.code : undefined;
  if (isLate(error)) return notInTime(error, call);
  switch (code) {
    case 'deadline_exceeded':
      return call.wasWaiting && call.isLimited() ? limited(error, call, 'its deadline passed') : timedOut(error, call);
    case 'attempt_timeout':
      return timedOut(error, call);
    case 'queue_full':
      return new LLMPoolExhaustedError(error.message, detailsOf(call), { cause: error });
    case 'engine_stopped':
      return new LLMException(`The client of '${call.provider}' was closed.`, detailsOf(call), { code: 'client_closed', cause: error });
    case 'rate_limit_refused':
      return limited(error, call, 'the provider refused it');
    case 'processing_error':
      // Neither a provider nor the queue failed: a middleware did.
      return failure === undefined ? ownError(error) : ofProvider(failure, call, error);
    default:
      return failure === undefined ? error : ofProvider(failure, call, error);
  }
}

/** Whether a request was taken out of its queue because it waited for a client for too long. */
export function isLate(error: Error): boolean {
  return error instanceof QueueTimeoutError || error.cause instanceof AcquireTimedOut;
}

function notInTime(error: Error, call: FailedCall): LLMException {
  const { acquireTimeout, provider } = call;
  if (call.isLimited()) return limited(error, call, `${acquireTimeout} s (acquireTimeout) passed`);
  return new LLMPoolExhaustedError(
    `Could not acquire a client of '${provider}' within ${acquireTimeout} s. Raise pool.acquireTimeout, or give it more keys.`,
    detailsOf(call),
    { cause: error },
  );
}

function limited(error: Error, call: FailedCall, what: string): LLMRateLimitError {
  return new LLMRateLimitError(
    `Every key of '${call.provider}' is at its limit, and ${what} before there was room. Allow more time, or give it more keys.`,
    detailsOf(call),
    { cause: error },
  );
}

function timedOut(error: Error, call: FailedCall): LLMTimeoutError {
  return new LLMTimeoutError(error.message, detailsOf(call), { cause: error });
}

/** What a middleware threw, as it threw it. */
function ownError(error: Error): unknown {
  return error.cause ?? error;
}

const REFUSES_THE_KEY = new Set([401, 403]);
const TOO_LATE_STATUS = new Set([408, 504]);
const TOO_LATE = /timeout|TIMEOUT|TIMEDOUT/;

function ofProvider(failure: ProviderFailure, call: FailedCall, error: Error): LLMException {
  const status = failure.reply?.status;
  const details: LLMErrorDetails = {
    ...detailsOf(call),
    deploymentId: failure.deploymentId,
    status,
    providerCode: failure.code,
    requestId: requestIdOf(failure),
  };
  const { message } = failure;
  const options = { cause: error };
  if (status !== undefined && REFUSES_THE_KEY.has(status)) return new LLMAuthenticationError(message, details, options);
  if (TOO_LATE.test(failure.code) || TOO_LATE_STATUS.has(status ?? 0)) return new LLMTimeoutError(message, details, options);
  if (isConnectionCode(failure.code)) return new LLMConnectionError(message, details, options);
  return new LLMProviderError(message, details, { ...options, retryable: failure.retryable });
}

const CONNECTION_CODES = new Set(['network_error', 'stream_broken', 'stream_incomplete', 'stream_interrupted']);

/** Node's and undici's codes are in capitals. */
function isConnectionCode(code: string): boolean {
  return /^[A-Z][A-Z0-9_]+$/.test(code) || CONNECTION_CODES.has(code);
}

function requestIdOf({ reply }: ProviderFailure): string | undefined {
  const id = reply?.headers['x-request-id'] ?? reply?.headers['request-id'];
  return typeof id === 'string' ? id : undefined;
}

function detailsOf({ provider, model }: FailedCall): LLMErrorDetails {
  return { provider, model };
}
