import type { Clock } from '../../domain/clock.ts';
import { classifyReply } from '../../providers/classify-reply.ts';
import { httpReply } from '../../providers/http-reply.ts';
import { ProviderFailure } from '../../providers/provider-failure.ts';
import { verdictToError } from '../../providers/verdict-to-error.ts';
import { callersFailure } from '../dispatch/callers-failure.ts';

const DEEPEST = 8;

/** What the AI SDK's `APICallError` says. */
interface CallError extends Error {
  readonly statusCode?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: string;
  readonly isRetryable: boolean;
}

/** What the engine is told of what the SDK's provider threw: a refusal that passes, or a failure and what may be done about it. */
export function failureOfSdk(thrown: unknown, deploymentId: string | undefined, clock: Clock): unknown {
  if (!isCallError(thrown)) return thrown;
  const { statusCode, responseHeaders = {}, responseBody = '', message, isRetryable } = thrown;
  if (statusCode === undefined) {
    return new ProviderFailure({
      message,
      code: 'network_error',
      retryable: isRetryable,
      scope: 'deployment',
      deploymentId,
      cause: thrown,
    });
  }
  const reply = httpReply(statusCode, responseHeaders, responseBody);
  const verdict = classifyReply(reply, clock.wallMs());
  // A success that the SDK could not read is no better the next time.
  if (verdict.kind === 'completed')
    return new ProviderFailure({ message, code: 'invalid_response', retryable: false, deploymentId, reply, cause: thrown });
  const failure = verdictToError(verdict, { deploymentId, reply });
  failure.cause = thrown;
  return callersFailure(failure);
}

/** The headers of the answer that was an error, where there was one. */
export function headersOf(thrown: unknown): Readonly<Record<string, string>> | undefined {
  return isCallError(thrown) ? thrown.responseHeaders : undefined;
}

/**
 * What the caller gets in the end: the SDK's own error where there was one, marked as not to be tried again, since that
 * was done here; else the queue's.
 */
export function errorForSdk(error: unknown): unknown {
  let place = error;
  for (let depth = 0; depth < DEEPEST && place instanceof Error; depth++) {
    if (isCallError(place)) {
      // The SDK's retries look at this field alone; the error was made for this call and nobody else has it.
      Reflect.defineProperty(place, 'isRetryable', { value: false, enumerable: true, configurable: true });
      return place;
    }
    place = place.cause;
  }
  return error;
}

function isCallError(value: unknown): value is CallError {
  return value instanceof Error && 'isRetryable' in value && typeof value.isRetryable === 'boolean';
}
