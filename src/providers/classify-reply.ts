import type { RateLimiterType } from '../domain/limit-types.ts';
import { isMoneyCode, isRetryableStatus, saysTooLarge } from '../scheduling/refusal-vocabulary.ts';
import type { HttpReply } from './http-reply.ts';
import type { FailureScope } from './provider-failure.ts';
import { retryWaitMs } from './retry-wait.ts';

/** What an answer means for the request that got it. */
export type Verdict =
  | { readonly kind: 'completed' }
  | {
      /** Not now: come back later. No attempt is used. */
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly retryAfterMs: number | undefined;
      /** Which limit refused, where the provider says so. */
      readonly limitType: RateLimiterType | undefined;
    }
  | { readonly kind: 'retryable'; readonly code: string; readonly message: string }
  | { readonly kind: 'final'; readonly code: string; readonly message: string; readonly scope: FailureScope };

interface ErrorFields {
  readonly message: string;
  readonly type: string | undefined;
  readonly code: string | undefined;
}

const REFUSAL_CODES = new Set(['rate_limit_exceeded', 'slow_down', '429']);
const RETRYABLE_CODES = new Set(['server_error', 'server_is_overloaded', 'overloaded_error', 'api_error', 'timeout_error']);
const LIMIT_NAME = /\((rpm|rpd|tpm|tpd|itpm|otpm)\)/i;
const TYPE_BY_NAME = new Map<string, RateLimiterType>([
  ['rpm', 'rpm'],
  ['rpd', 'rpd'],
  ['tpm', 'tpm'],
  ['tpd', 'tpd'],
  ['itpm', 'itpm'],
  ['otpm', 'otpm'],
  ['requests', 'rpm'],
  ['tokens', 'tpm'],
]);
const LONGEST_MESSAGE = 500;

/** Decides what an OpenAI-compatible endpoint's answer means. Pure; `wallMs` is for `retry-after` dates. */
export function classifyReply(reply: HttpReply, wallMs: number): Verdict {
  const error = errorFields(reply.json);
  if (reply.status >= 200 && reply.status < 300) return success(reply, error, wallMs);
  const fields = error ?? { message: plainText(reply), type: undefined, code: undefined };
  return byStatus(reply.status, fields, reply, wallMs);
}

function success(reply: HttpReply, error: ErrorFields | undefined, wallMs: number): Verdict {
  if (reply.json === undefined) {
    // A page of an edge server or of something that is no API at all.
    return {
      kind: 'retryable',
      code: 'invalid_response',
      message: `HTTP ${reply.status} with a body that is no JSON: ${plainText(reply)}`,
    };
  }
  if (!error) return { kind: 'completed' };
  const status = Number(error.code);
  if (Number.isInteger(status) && status >= 400 && status < 600) return byStatus(status, error, reply, wallMs);
  if (REFUSAL_CODES.has(error.code ?? '') || isMoneyCode(error.code)) return byStatus(429, error, reply, wallMs);
  const retryable = RETRYABLE_CODES.has(error.code ?? '') || RETRYABLE_CODES.has(error.type ?? '');
  return retryable ? { kind: 'retryable', code: codeOf(error, 500), message: error.message } : final(error, reply.status, 'request');
}

function byStatus(status: number, error: ErrorFields, reply: HttpReply, wallMs: number): Verdict {
  if (status === 429) return refusal(error, reply, wallMs);
  if (status === 401 || status === 403 || isMoney(error)) return final(error, status, 'account');
  if (isRetryableStatus(status)) return { kind: 'retryable', code: codeOf(error, status), message: error.message };
  return final(error, status, 'request');
}

function refusal(error: ErrorFields, reply: HttpReply, wallMs: number): Verdict {
  if (isMoney(error)) return final(error, 429, 'account');
  if (saysTooLarge(error.message)) return { kind: 'final', code: 'request_too_large', message: error.message, scope: 'request' };
  const named = LIMIT_NAME.exec(error.message)?.[1]?.toLowerCase();
  return {
    kind: 'refused',
    code: codeOf(error, 429),
    message: error.message,
    retryAfterMs: retryWaitMs(reply.headers, error.message, wallMs),
    limitType: TYPE_BY_NAME.get(named ?? error.type ?? ''),
  };
}

function final(error: ErrorFields, status: number, scope: FailureScope): Verdict {
  return { kind: 'final', code: codeOf(error, status), message: error.message, scope };
}

function isMoney(error: ErrorFields): boolean {
  return isMoneyCode(error.code) || isMoneyCode(error.type);
}

function codeOf(error: ErrorFields, status: number): string {
  const code = error.code ?? error.type;
  return code === undefined || /^\d+$/.test(code) ? `http_${status}` : code;
}

/** The error of an envelope: OpenAI's `{ error: { … } }`, also with a bare text, or Mistral's flat `{ object: 'error', … }`. */
function errorFields(json: unknown): ErrorFields | undefined {
  if (!isObject(json)) return undefined;
  const { error } = json;
  if (typeof error === 'string') return { message: error, type: undefined, code: undefined };
  if (isObject(error)) return fieldsOf(error);
  return json['object'] === 'error' ? fieldsOf(json) : undefined;
}

function fieldsOf(error: Readonly<Record<string, unknown>>): ErrorFields {
  const message = text(error['message']) ?? 'The provider reported an error without a message.';
  return { message: message.slice(0, LONGEST_MESSAGE), type: text(error['type']), code: text(error['code']) };
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function plainText(reply: HttpReply): string {
  const plain = reply.text
    .slice(0, 4 * LONGEST_MESSAGE)
    .replace(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain === '' ? `HTTP ${reply.status} without a message` : plain.slice(0, LONGEST_MESSAGE);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
