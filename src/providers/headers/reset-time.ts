import { durationMs } from './durations.ts';
import { headerNumber } from './header-values.ts';

/** As `2026-05-18T11:42:16Z`; nothing that merely parses as a date. */
const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
/** Bare numbers from here on are seconds since 1970, and milliseconds from a thousand times that on. */
const FIRST_EPOCH_SECOND = 1e9;
/** Longer waits than a year mean that the value means nothing. */
const LONGEST_WAIT_MS = 366 * 86_400_000;

/**
 * How long until a limit is reset, in ms, whichever of the five ways a provider says it: Go's and protobuf's durations
 * (`8.64s`, `6m0s`), bare seconds (`10`: Azure), milliseconds or seconds since 1970 (OpenRouter), RFC 3339 (Anthropic).
 *
 * @param nowMs milliseconds since 1970 when the answer was made; without it absolute times say nothing
 */
export function resetMs(text: string | undefined, nowMs: number | undefined): number | undefined {
  const trimmed = text?.trim();
  if (trimmed === undefined || trimmed === '') return undefined;
  return plausible(durationMs(trimmed) ?? fromNumber(headerNumber(trimmed), nowMs) ?? fromDate(trimmed, nowMs));
}

/** How coarse a moment is that is named to the second: what remains until then has digits that mean nothing. */
export function resetRoundedToMs(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  const value = headerNumber(trimmed);
  const isEpochSecond = value !== undefined && value >= FIRST_EPOCH_SECOND && value < FIRST_EPOCH_SECOND * 1000 && Number.isInteger(value);
  return isEpochSecond || (RFC_3339.test(trimmed) && !trimmed.includes('.')) ? 1000 : undefined;
}

/** A wait that can be meant: finite, at most a year, and 0 where the moment is past. */
export function plausible(waitMs: number | undefined): number | undefined {
  if (waitMs === undefined || !Number.isFinite(waitMs) || waitMs > LONGEST_WAIT_MS) return undefined;
  return Math.max(0, waitMs);
}

function fromNumber(value: number | undefined, nowMs: number | undefined): number | undefined {
  if (value === undefined || value < 0) return undefined;
  if (value < FIRST_EPOCH_SECOND) return value * 1000;
  if (nowMs === undefined) return undefined;
  return (value < FIRST_EPOCH_SECOND * 1000 ? value * 1000 : value) - nowMs;
}

function fromDate(text: string, nowMs: number | undefined): number | undefined {
  if (nowMs === undefined || !RFC_3339.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at - nowMs;
}
