import { durationMs } from './headers/durations.ts';
import { answeredAtMs, headerNumber, headerText } from './headers/header-values.ts';
import { plausible, resetMs } from './headers/reset-time.ts';
import type { HttpReply } from './http-reply.ts';

/** OpenAI's and Groq's "try again in 1.146s", Gemini's "retry in 37.4s". */
const IN_DURATION = /(?:try again|retry) in ((?:\d+(?:\.\d+)?(?:ms|h|m|s))+)/i;
/** Azure's "retry after 7 seconds", its API management's "Try again in 12 seconds". */
const IN_WORDS = /(?:(?:try again|retry) in|retry after) (\d+(?:\.\d+)?) (second|minute|hour)s?\b/i;
/** API management's quotas: "Quota will be replenished in 01:23:45". */
const IN_CLOCK = /replenished in (?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})\b/i;
const WORD_MS: Readonly<Record<string, number>> = { second: 1000, minute: 60_000, hour: 3_600_000 };

/** What an answer says besides its headers. */
export interface WaitTexts {
  /** The error's message. */
  readonly text: string;
  /** Google's `RetryInfo.retryDelay`. */
  readonly retryDelay?: string | undefined;
}

/**
 * How long an answer asks to wait, in ms: `retry-after-ms`, else `retry-after` (seconds or an HTTP date, reckoned from the
 * answer's own `date` where it has one), else Google's `RetryInfo`, else the wait named in the message, else a bare
 * `x-ratelimit-reset`, as OpenRouter has it. Undefined where it says nothing, or nothing that can be meant.
 */
export function retryWaitMs(headers: HttpReply['headers'], { text, retryDelay }: WaitTexts, wallMs: number): number | undefined {
  return (
    fromHeaders(headers, wallMs) ??
    plausible(retryDelay === undefined ? undefined : durationMs(retryDelay)) ??
    plausible(fromText(text)) ??
    resetMs(headerText(headers, 'x-ratelimit-reset'), answeredAtMs(headers, wallMs))
  );
}

function fromHeaders(headers: HttpReply['headers'], wallMs: number): number | undefined {
  const milliseconds = notNegative(headerNumber(headerText(headers, 'retry-after-ms')));
  if (milliseconds !== undefined) return plausible(milliseconds);
  const text = headerText(headers, 'retry-after');
  if (text === undefined) return undefined;
  const number = headerNumber(text);
  if (number !== undefined) return plausible(scaled(notNegative(number), 1000));
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? plausible(durationMs(text)) : plausible(date - (answeredAtMs(headers, wallMs) ?? wallMs));
}

function fromText(text: string): number | undefined {
  const duration = IN_DURATION.exec(text)?.[1];
  if (duration !== undefined) return durationMs(duration);
  const [, amount, unit = ''] = IN_WORDS.exec(text) ?? [];
  if (amount !== undefined) return Number(amount) * (WORD_MS[unit.toLowerCase()] ?? Number.NaN);
  const clock = IN_CLOCK.exec(text);
  if (!clock) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = clock.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

function notNegative(value: number | undefined): number | undefined {
  return value !== undefined && value >= 0 ? value : undefined;
}

function scaled(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value * by;
}
