import type { WireFormatName } from '../../domain/wire-format.ts';

/** Anthropic's words for a status. Source: Anthropic's API errors page. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** OpenAI's. Source: OpenAI's error codes guide. */
const OPENAI_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

/** An error of Headgate's own in the form that the caller's SDK reads. */
export function errorBody(format: WireFormatName, status: number, code: string, message: string): string {
  if (format === 'anthropic-messages') {
    const type = ANTHROPIC_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
    return JSON.stringify({ type: 'error', error: { type, message, details: { error_code: code } } });
  }
  const type = OPENAI_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');
  return JSON.stringify({ error: { message, type, param: null, code } });
}
