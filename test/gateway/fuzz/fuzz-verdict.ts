import { CALLERS_SECRET, type FuzzRequest } from './fuzz-requests.ts';

export interface FuzzAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export const UPSTREAM_KEY = 'sk-the-gateways-own-secret';

/**
 * Answers of 500 and more that are no fault of the gateway's: 504, the call's own deadline or its model's longest wait has
 * passed. The providers behind it are well and it isn't closing, so there is no 502 and no 503 that could be told from a
 * fault: none is allowed.
 */
const ALLOWED: Readonly<Record<number, readonly string[]>> = { 504: ['deadline_exceeded', 'queue_timeout'] };
/** For machines that ask for a status only: no SDK reads them. */
const PROTOCOL_FREE = /^\/(healthz|readyz)\b/;
const ANTHROPIC_TYPES =
  /^(invalid_request|authentication|permission|not_found|request_too_large|rate_limit|api|overloaded|timeout|billing)_?(error)?$/;

/** What is wrong with an answer; nothing: all is well. */
export function faultsOf({ method, path, headers }: Pick<FuzzRequest, 'method' | 'path' | 'headers'>, answer: FuzzAnswer): string[] {
  const { status, text } = answer;
  const faults: string[] = [];
  const everything = `${JSON.stringify(answer.headers)}\n${text}`;
  if (everything.includes(UPSTREAM_KEY)) faults.push('tells the gateway’s own key');
  if (everything.includes(CALLERS_SECRET)) faults.push('repeats the caller’s key or cookie');
  if ('x-injected' in answer.headers) faults.push('has a header that was injected');
  if (status < 400 || method === 'HEAD') return status >= 500 ? [...faults, `${status}`] : faults;
  const body = parsed(text);
  const error = field(body, 'error');
  const code = field(error, 'code') ?? field(field(error, 'details'), 'error_code');
  if (status >= 500 && !ALLOWED[status]?.includes(String(code))) faults.push(`${status} of our own making: ${text.slice(0, 200)}`);
  if (PROTOCOL_FREE.test(path)) return faults;
  if (!String(answer.headers['content-type']).startsWith('application/json')) faults.push(`an error as ${answer.headers['content-type']}`);
  const anthropic = path.startsWith('/v1/messages') || (path.startsWith('/v1/models') && headers['anthropic-version'] !== undefined);
  if (!(anthropic ? isAnthropics(body, error) : isOpenAis(error))) {
    faults.push(`an error that is not in ${anthropic ? 'Anthropic' : 'OpenAI'}’s form: ${text.slice(0, 200)}`);
  }
  return faults;
}

function isAnthropics(body: unknown, error: unknown): boolean {
  return field(body, 'type') === 'error' && ANTHROPIC_TYPES.test(String(field(error, 'type'))) && isText(field(error, 'message'));
}

function isOpenAis(error: unknown): boolean {
  return (
    isText(field(error, 'message')) &&
    isText(field(error, 'type')) &&
    isTextOrNull(field(error, 'param')) &&
    isTextOrNull(field(error, 'code'))
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isTextOrNull(value: unknown): boolean {
  return value === null || isText(value);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
