import { providerFailureIn } from '../../client/dispatch/failure-chain.ts';
import { type ErrorAnswer, errorAnswer, ownAnswer } from '../../client/fetch/error-answer.ts';
import { errorBody } from '../../client/fetch/error-body.ts';
import { headerSafe } from '../../client/fetch/reply-headers.ts';
import { LLMQueueException } from '../../domain/errors.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import { ACCOUNT_REFUSED_STATUS, accountRefusalIn } from '../calls/account-refusal.ts';
import { TenantRefused } from '../calls/tenant-refused.ts';

/** What Fastify says of a request that it could not read, by its code. */
const UNREADABLE: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_request',
};

/** Where what Fastify says names no way out. */
const IN_OTHER_WORDS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Calls are JSON, sent with `content-type: application/json`; files are multipart/form-data.',
};

/** Any failure as the answer that the face's SDK makes its own error of. */
export function gatewayError(error: unknown, format: WireFormatName): ErrorAnswer {
  if (error instanceof TenantRefused) return refused(error, format);
  return unreadableAnswer(error, format) ?? accountAnswer(error, format) ?? unforeseenAnswer(error, format) ?? errorAnswer(error, format);
}

function refused({ status, code, message, retryAfterSeconds }: TenantRefused, format: WireFormatName): ErrorAnswer {
  const retry: Record<string, string> =
    retryAfterSeconds === undefined ? { 'x-should-retry': 'false' } : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))) };
  return { status, text: errorBody(format, status, code, message), headers: { 'content-type': 'application/json', ...retry } };
}

/** Nothing of the provider's own words: they are about an account that isn't the caller's. */
function accountAnswer(error: unknown, format: WireFormatName): ErrorAnswer | undefined {
  const refusal = accountRefusalIn(error);
  if (refusal === undefined) return undefined;
  const { code, message, deploymentId } = refusal;
  const headers = { 'x-should-retry': 'false', ...(deploymentId !== undefined && { 'x-headgate-deployment': headerSafe(deploymentId) }) };
  return ownAnswer(format, ACCOUNT_REFUSED_STATUS, code, message, headers);
}

/** What nobody foresaw may name hosts, paths and tables of this machine. */
function unforeseenAnswer(error: unknown, format: WireFormatName): ErrorAnswer | undefined {
  if (LLMQueueException.isInstance(error) || providerFailureIn(error) !== undefined) return undefined;
  const message = "The gateway failed at this. What went wrong is in the gateway's log.";
  return ownAnswer(format, 500, 'internal_error', message, { 'x-should-retry': 'false' });
}

/** A status below 500 that the server itself gave: nothing of the request was used. */
function unreadableAnswer(error: unknown, format: WireFormatName): ErrorAnswer | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || !('code' in error)) return undefined;
  const { statusCode, code } = error;
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499 || typeof code !== 'string') return undefined;
  const message = IN_OTHER_WORDS[code] ?? error.message;
  return ownAnswer(format, statusCode, UNREADABLE[code] ?? 'invalid_request', message, { 'x-should-retry': 'false' });
}
