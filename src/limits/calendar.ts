const HOUR_MS = 3_600_000;
/** A day is 25 hours at most where clocks are set back by one; this much later it is always another date. */
const LONGEST_DAY_MS = 27 * HOUR_MS;
const LONGEST_MONTH_MS = 32 * 24 * HOUR_MS;

/** The calendar period that a moment lies in, as `2026-11-22` or `2026-11`. */
export type PeriodReader = (wallMs: number) => string;

export function dateReader(timeZone: string): PeriodReader {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return (wallMs) => format.format(wallMs);
}

export function monthReader(timeZone: string): PeriodReader {
  const dateAt = dateReader(timeZone);
  return (wallMs) => dateAt(wallMs).slice(0, -'-22'.length);
}

/**
 * Milliseconds from `wallMs` to the next midnight: the first moment with another date, which is right for days of 23 and 25
 * hours and for zones whose clocks skip midnight itself.
 */
export function msUntilNextDate(wallMs: number, dateAt: PeriodReader): number {
  return msUntilNext(wallMs, dateAt, LONGEST_DAY_MS);
}

/** The same to the first midnight of the next month. */
export function msUntilNextMonth(wallMs: number, monthAt: PeriodReader): number {
  return msUntilNext(wallMs, monthAt, LONGEST_MONTH_MS);
}

function msUntilNext(wallMs: number, periodAt: PeriodReader, longestMs: number): number {
  const start = Math.floor(wallMs);
  const current = periodAt(start);
  let same = 0;
  let other = longestMs;
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (periodAt(start + middle) === current) same = middle;
    else other = middle;
  }
  return start + other - wallMs;
}
