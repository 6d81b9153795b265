import { oneLine } from '../lib/one-line.ts';
import { classifyError } from './classify-error.ts';
import { embeddedStatus } from './embedded-status.ts';
import { type ErrorFields, errorFields, isObject } from './error-fields.ts';
import { headerText } from './headers/header-values.ts';
import type { ReplyHeaders, ServerSentEvent } from './provider.ts';
import { retryWaitMs } from './retry-wait.ts';
import type { Verdict } from './verdict.ts';

/** The head of the answer that a stream came with. */
export interface StreamHead {
  readonly status: number;
  readonly headers: ReplyHeaders;
}

type StreamVerdict = Exclude<Verdict, { kind: 'completed' }>;

/**
 * What an event of a stream means where it tells of an error, and undefined where it doesn't: OpenAI's `data: { error }`,
 * the responses API's `error` and `response.failed`, Anthropic's `error`, Google's error object, OpenRouter's chunk with an
 * error in it. An incomplete response is none. Cheap for events that can't be one. `wallMs` is for dates.
 */
export function classifyStreamError(event: ServerSentEvent, head: StreamHead, wallMs: number): StreamVerdict | undefined {
  if (event.event !== 'error' && !event.data.includes('"error"') && !event.data.includes('"response.failed"')) return undefined;
  const fields = fieldsOf(event);
  if (!fields) return undefined;
  const asksToWait = headerText(head.headers, 'retry-after') !== undefined;
  return classifyError({ status: embeddedStatus(fields, asksToWait), headers: head.headers, fields }, wallMs);
}

/**
 * What the head of a stream means where it is a refusal, and undefined where it isn't: Azure refuses streams with status
 * 200 and `retry-after`, then `response.created`, then the error. (`x-ratelimit-remaining-tokens` below 0 alone also occurs
 * on good streams.) Source: answers of Azure's responses API, 2026-08.
 */
export function classifyStreamHead(head: StreamHead, wallMs: number): StreamVerdict | undefined {
  if (head.status < 200 || head.status >= 300) return undefined;
  const asksToWait = headerText(head.headers, 'retry-after') !== undefined || headerText(head.headers, 'retry-after-ms') !== undefined;
  const waitMs = asksToWait ? retryWaitMs(head.headers, { text: '' }, wallMs) : undefined;
  if (waitMs === undefined) return undefined;
  const message = `HTTP ${head.status}, but asks to retry after ${Math.ceil(waitMs / 1000)} s: the stream is refused.`;
  return { kind: 'refused', code: 'rate_limit_exceeded', message, retryAfterMs: waitMs, limitType: undefined };
}

function fieldsOf({ event, data }: ServerSentEvent): ErrorFields | undefined {
  const json = parsed(data);
  if (!isObject(json)) {
    const message = oneLine(data) || 'The stream reported an error without a message.';
    return event === 'error' ? { message, names: [], text: message } : undefined;
  }
  if ('type' in json && json['type'] === 'response.failed')
    return errorFields({ object: 'response', status: 'failed', ...responseIn(json) });
  return errorFields(json) ?? (event === 'error' ? errorFields({ error: json }) : undefined);
}

function responseIn(json: Readonly<Record<string, unknown>>): object {
  return isObject(json['response']) ? json['response'] : {};
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
