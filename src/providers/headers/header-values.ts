import type { ReplyHeaders } from '../provider.ts';

/** `30000`, `30,000` (as one of OpenAI's own samples has it), `-27689`, `99.5`. */
const NUMBER = /^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?$/;
const LONGEST_NUMBER = 24;

/** Digits alone are read without a pattern: every answer has half a dozen such headers. */
const MOST_DIGITS = 15;
const ZERO = 48;

/** A number as headers write it; undefined for anything else, `Infinity` and hexadecimal included. */
export function headerNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (digits(text) ?? patterned(text));
}

function digits(text: string): number | undefined {
  if (text.length === 0 || text.length > MOST_DIGITS) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

function patterned(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST_NUMBER || !NUMBER.test(trimmed)) return undefined;
  return Number(trimmed.replaceAll(',', ''));
}

/** The first value of a header that may be repeated; undefined where it is absent or empty. */
export function firstOf(value: string | string[] | undefined): string | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  return first === '' ? undefined : first;
}

/** A repeated or absent header's one value. */
export function headerText(headers: ReplyHeaders, name: string): string | undefined {
  const value = firstOf(headers[name]);
  return typeof value === 'string' ? value : undefined;
}

/** It changes once a second, and is parsed as often. */
let lastDate = { text: '', at: Number.NaN };

/**
 * What the provider's clock showed when it answered, from its `date` header, else `wallMs`. Absolute times in the same
 * answer are differences from this, so that a clock that is wrong, theirs or ours, makes no difference.
 */
export function answeredAtMs(headers: ReplyHeaders, wallMs: number | undefined): number | undefined {
  const text = headerText(headers, 'date');
  if (text === undefined) return wallMs;
  if (text !== lastDate.text) lastDate = { text, at: Date.parse(text) };
  return Number.isNaN(lastDate.at) ? wallMs : lastDate.at;
}
