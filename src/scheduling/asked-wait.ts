import { numberAt, valueAt } from './thrown-fields.ts';

/** Longer waits than a year mean that the value means nothing: then nothing was asked for. */
const LONGEST_WAIT_MS = 366 * 86_400_000;

/** The wait that an error names in milliseconds itself. */
export function waitNamed(thrown: object): number | undefined {
  return meant(numberAt(thrown, 'retryAfterMs'));
}

/** Epoch milliseconds until which an error says that an account is refused. */
export function untilNamed(thrown: object, wallMs: number): number | undefined {
  const untilMs = numberAt(thrown, 'untilMs');
  return untilMs === undefined || meant(untilMs - wallMs) === undefined ? undefined : untilMs;
}

/** The wait that an error's response headers ask for; `retry-after-ms` wins over seconds or an HTTP date. */
export function waitInHeaders(thrown: object, wallMs: number): number | undefined {
  const headers = valueAt(thrown, 'headers');
  const milliseconds = Number(header(headers, 'retry-after-ms'));
  if (milliseconds >= 0) return meant(milliseconds);
  const text = header(headers, 'retry-after');
  if (text === undefined) return undefined;
  const seconds = Number(text);
  return meant(seconds >= 0 ? seconds * 1000 : Math.max(0, Date.parse(text) - wallMs));
}

function meant(waitMs: number | undefined): number | undefined {
  return waitMs !== undefined && waitMs <= LONGEST_WAIT_MS ? waitMs : undefined;
}

function header(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  // Not only the platform's own Headers: HTTP clients bring theirs.
  const get = valueAt(headers, 'get');
  const value: unknown = typeof get === 'function' ? get.call(headers, name) : valueAt(headers, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
