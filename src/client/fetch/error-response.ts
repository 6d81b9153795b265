import { LLMQueueException, QueueTimeout, textOf } from '../../domain/errors.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import type { HttpReply } from '../../providers/http-reply.ts';
import type { ProviderFailure } from '../../providers/provider-failure.ts';
import { providerFailureIn } from '../dispatch/failure-chain.ts';
import { errorBody } from './error-body.ts';
import { headerSafe, replyHeaders } from './reply-headers.ts';

/** How an error of the queue is told over HTTP. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  queue_full: 429,
  model_not_registered: 404,
  request_too_large: 413,
  invalid_request: 400,
  untranslatable: 400,
  unsupported_format: 400,
  engine_stopped: 503,
  no_deployment_available: 503,
};
/** Whoever met a full queue may come again soon: nothing has been tried for it yet. */
const RETRY_AFTER_FULL_SECONDS = '1';
const NO_RETRY = { 'x-should-retry': 'false' };
const FALLBACK_STATUS = 502;

/**
 * A call's final failure as the answer that the caller's SDK makes its own error of: the provider's error as it came,
 * else one in the same form that says which deployment failed and why. `x-should-retry: false` wherever trying again was
 * done already or can't help, so that an SDK's own retries don't multiply ours.
 */
export function errorResponse(error: unknown, format: WireFormatName): Response {
  const failure = providerFailureIn(error);
  if (failure !== undefined) return failureResponse(failure, error, format);
  const code = LLMQueueException.isInstance(error) ? error.code : 'internal_error';
  if (error instanceof QueueTimeout) return ownResponse(format, 504, code, error.message, NO_RETRY);
  const retry = code === 'queue_full' ? { 'retry-after': RETRY_AFTER_FULL_SECONDS } : NO_RETRY;
  return ownResponse(format, STATUS_BY_CODE[code] ?? 500, code, textOf(error), retry);
}

function failureResponse(failure: ProviderFailure, error: unknown, format: WireFormatName): Response {
  const { reply, deploymentId } = failure;
  const own = { ...NO_RETRY, ...(deploymentId !== undefined && { 'x-headgate-deployment': headerSafe(deploymentId) }) };
  // Nothing above 599 can stand in an answer of fetch.
  const isError = reply !== undefined && reply.status >= 400 && reply.status <= 599;
  if (isError && error === failure && isJson(reply)) {
    return new Response(reply.text, { status: reply.status, headers: replyHeaders(reply.headers, own) });
  }
  // Nothing that an SDK could read: a page of an edge server, an error inside a 200, no answer at all.
  const status = STATUS_BY_CODE[failure.code] ?? (isError ? reply.status : embeddedStatus(reply));
  return ownResponse(format, status, failure.code, textOf(error), own);
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

function ownResponse(
  format: WireFormatName,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(errorBody(format, status, code, message), { status, headers: { 'content-type': 'application/json', ...headers } });
}
