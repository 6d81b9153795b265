import { firstOf, type HttpReply } from './http-reply.ts';

/** As OpenAI and Groq write durations in texts and headers: `84ms`, `1.146s`, `6m0s`, `2m52.8s`, `1h2m3s`. */
const GO_DURATION = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;
const TRY_AGAIN_IN = /try again in ((?:\d+(?:\.\d+)?(?:ms|h|m|s))+)/i;
const RETRY_AFTER_SECONDS = /retry after (\d+(?:\.\d+)?) seconds?/i;

/**
 * How long a refusal asks to wait, in ms: `retry-after-ms`, else `retry-after` (seconds or an HTTP date), else the
 * wait named in the message (OpenAI's and Groq's "try again in 1.146s", Azure's "retry after 7 seconds").
 * Undefined where it says nothing.
 */
export function retryWaitMs(headers: HttpReply['headers'], message: string, wallMs: number): number | undefined {
  return fromHeaders(headers, wallMs) ?? fromMessage(message);
}

function fromHeaders(headers: HttpReply['headers'], wallMs: number): number | undefined {
  const milliseconds = notNegative(firstOf(headers['retry-after-ms']));
  if (milliseconds !== undefined) return milliseconds;
  const text = firstOf(headers['retry-after']);
  const seconds = notNegative(text);
  if (seconds !== undefined) return seconds * 1000;
  const date = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallMs);
}

function fromMessage(message: string): number | undefined {
  const duration = TRY_AGAIN_IN.exec(message)?.[1];
  if (duration !== undefined) return goDurationMs(duration);
  const seconds = RETRY_AFTER_SECONDS.exec(message)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function goDurationMs(text: string): number | undefined {
  const parts = GO_DURATION.exec(text);
  if (!parts) return undefined;
  const [hours, minutes, seconds, milliseconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return (hours ?? 0) * 3_600_000 + (minutes ?? 0) * 60_000 + (seconds ?? 0) * 1000 + (milliseconds ?? 0);
}

function notNegative(text: string | undefined): number | undefined {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
