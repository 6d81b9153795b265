import type { Refusal } from './admission.ts';
import type { SimulatedLimitType } from './limits/simulated-limit.ts';
import type { ErrorBody } from './simulated-call.ts';

/** Types by status: Anthropic's error page. */
const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

const QUANTITIES: Readonly<Record<SimulatedLimitType, string>> = {
  rpm: 'requests per minute',
  rpd: 'requests per day',
  tpm: 'tokens per minute',
  tpd: 'tokens per day',
  itpm: 'input tokens per minute',
  otpm: 'output tokens per minute',
};

const DOCS = 'For details, refer to: https://docs.claude.com/en/api/rate-limits.';

/** An error in Anthropic's envelope; the type follows from the status. */
export function anthropicError(status: number, message: string, requestId: string, errorCode?: string): ErrorBody {
  const type = TYPES[status] ?? 'api_error';
  const details = errorCode === undefined ? {} : { details: { error_code: errorCode } };
  return { type: 'error', error: { type, message, ...details }, request_id: requestId };
}

/** The body of a 429 for a limit. It names the limit but never the wait, which only `retry-after` tells. */
export function anthropicRefusal(model: string, refusal: Refusal, requestId: string, hidden: boolean): ErrorBody {
  const { type, limit } = refusal.limit.spec;
  const size = hidden ? '' : ` of ${limit.toLocaleString('en-US')} ${QUANTITIES[type]}`;
  const message =
    `This request would exceed your organization's rate limit${size} (org: 00000000-simulated, model: ${model}). ${DOCS} ` +
    'Please reduce the prompt length or the maximum tokens requested, or try again later.';
  return anthropicError(429, message, requestId);
}
