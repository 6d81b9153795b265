import type { IncomingHttpHeaders } from 'node:http';
import { InvalidRequest } from '../../domain/errors.ts';

/** How a caller wants its call to be queued. */
export interface CallOptions {
  readonly priority: number | undefined;
  /** Epoch milliseconds. */
  readonly deadline: number | undefined;
}

const MOST_SECONDS = 7 * 86_400;

/**
 * Reads `x-headgate-priority` and the deadline: `x-headgate-timeout`, else what the official SDKs say of their own patience
 * (`x-stainless-timeout`), both in seconds.
 * @throws InvalidRequest naming the header
 */
export function callOptions(headers: IncomingHttpHeaders, receivedAt: number): CallOptions {
  const seconds = secondsOf(headers, 'x-headgate-timeout') ?? patience(headers);
  return {
    priority: priorityOf(headers),
    deadline: seconds === undefined ? undefined : receivedAt + seconds * 1_000,
  };
}

function secondsOf(headers: IncomingHttpHeaders, name: string): number | undefined {
  const text = headers[name];
  if (text === undefined) return undefined;
  const seconds = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
  if (seconds > 0 && seconds <= MOST_SECONDS) return seconds;
  throw new InvalidRequest(`The header ${name} is '${shown(text)}': expected seconds above 0, at most ${MOST_SECONDS}.`, name);
}

/** An SDK says this by itself: what can't be read is no reason to refuse its call. */
function patience(headers: IncomingHttpHeaders): number | undefined {
  const seconds = Number(headers['x-stainless-timeout']);
  return seconds > 0 && seconds <= MOST_SECONDS ? seconds : undefined;
}

function priorityOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['x-headgate-priority'];
  if (text === undefined) return undefined;
  const priority = typeof text === 'string' && /^[+-]?\d{1,2}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (priority >= -10 && priority <= 10) return priority;
  throw new InvalidRequest(
    `The header x-headgate-priority is '${shown(text)}': expected a whole number from -10 to 10.`,
    'x-headgate-priority',
  );
}

function shown(text: string | readonly string[]): string {
  return String(text).slice(0, 80);
}
