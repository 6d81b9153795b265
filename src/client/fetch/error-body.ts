import type { WireFormatName } from '../../domain/wire-format.ts';
import { anthropicErrorType } from '../../providers/translation/anthropic-error-type.ts';

/** OpenAI's. Source: OpenAI's error codes guide. */
const OPENAI_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

/** An error of Headgate's own in the form that the caller's SDK reads. */
export function errorBody(format: WireFormatName, status: number, code: string, message: string): string {
  if (format === 'anthropic-messages') {
    const error = { type: anthropicErrorType(status), message, details: { error_code: code } };
    return JSON.stringify({ type: 'error', error });
  }
  const type = OPENAI_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');
  return JSON.stringify({ error: { message, type, param: null, code } });
}
