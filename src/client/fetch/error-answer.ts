import { LLMQueueException, QueueTimeout, SchedulerQueueFullError, textOf } from '../../domain/errors.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import type { HttpReply } from '../../providers/http-reply.ts';
import type { ReplyHeaders } from '../../providers/provider.ts';
import type { ProviderFailure } from '../../providers/provider-failure.ts';
import { providerFailureIn } from '../dispatch/failure-chain.ts';
import { errorBody } from './error-body.ts';
import { headerSafe } from './reply-headers.ts';

/** A call's failure as it is told over HTTP. */
export interface ErrorAnswer {
  readonly status: number;
  readonly text: string;
  /** Of the provider's answer, where it is handed on as it came. */
  readonly upstream?: ReplyHeaders | undefined;
  /** Headgate's own. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How an error of the queue is told over HTTP. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  queue_full: 429,
  model_not_registered: 404,
  request_too_large: 413,
  invalid_request: 400,
  duplicate_request: 409,
  untranslatable: 400,
  thread_unsupported_request: 400,
  unsupported_format: 400,
  engine_stopped: 503,
  no_deployment_available: 503,
};
/** Where the queue can't tell when its next request starts. */
const RETRY_AFTER_FULL_SECONDS = 1;
const NO_RETRY = { 'x-should-retry': 'false' };
const FALLBACK_STATUS = 502;

/**
 * A call's final failure as the answer that the caller's SDK makes its own error of: the provider's error as it came,
 * else one in the same form that says which deployment failed and why. `x-should-retry: false` wherever trying again was
 * done already or can't help, so that an SDK's own retries don't multiply ours.
 */
export function errorAnswer(error: unknown, format: WireFormatName): ErrorAnswer {
  const failure = providerFailureIn(error);
  if (failure !== undefined) return failureAnswer(failure, error, format);
  const code = LLMQueueException.isInstance(error) ? error.code : 'internal_error';
  if (error instanceof QueueTimeout) return ownAnswer(format, 504, code, error.message, NO_RETRY);
  const retry = error instanceof SchedulerQueueFullError ? { 'retry-after': secondsUntilRoom(error) } : NO_RETRY;
  return ownAnswer(format, STATUS_BY_CODE[code] ?? 500, code, textOf(error), retry);
}

/** An answer of Headgate's own making, in the face's form. */
export function ownAnswer(
  format: WireFormatName,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): ErrorAnswer {
  return { status, text: errorBody(format, status, code, message), headers: { 'content-type': 'application/json', ...headers } };
}

/** Whole seconds, rounded up: whoever comes back then finds a place, if nobody else took it. */
function secondsUntilRoom({ retryAfterMs }: SchedulerQueueFullError): string {
  return String(retryAfterMs === undefined ? RETRY_AFTER_FULL_SECONDS : Math.max(1, Math.ceil(retryAfterMs / 1_000)));
}

function failureAnswer(failure: ProviderFailure, error: unknown, format: WireFormatName): ErrorAnswer {
  const { reply, deploymentId } = failure;
  const own = { ...NO_RETRY, ...(deploymentId !== undefined && { 'x-headgate-deployment': headerSafe(deploymentId) }) };
  // Nothing above 599 can stand in an answer of fetch.
  const isError = reply !== undefined && reply.status >= 400 && reply.status <= 599;
  if (isError && error === failure && isJson(reply))
    return { status: reply.status, text: reply.text, upstream: reply.headers, headers: own };
  // Nothing that an SDK could read: a page of an edge server, an error inside a 200, no answer at all.
  const status = STATUS_BY_CODE[failure.code] ?? (isError ? reply.status : embeddedStatus(reply));
  return ownAnswer(format, status, failure.code, textOf(error), own);
}

function isJson({ json }: HttpReply): boolean {
  return typeof json === 'object' && json !== null;
}

/** The status that an error inside a 200 names, as OpenRouter's do. */
function embeddedStatus(reply: HttpReply | undefined): number {
  const body = reply?.json;
  const error: unknown = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  const code = typeof error === 'object' && error !== null && 'code' in error ? Number(error.code) : Number.NaN;
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : FALLBACK_STATUS;
}
