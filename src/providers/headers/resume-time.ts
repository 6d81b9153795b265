/** Gemini's days end at midnight there. */
const PACIFIC = 'America/Los_Angeles';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** As Anthropic writes it: "regain access on 2026-06-01 at 00:00 UTC"; months in words too. */
const ON_DATE = /regain access on (\d{4}-\d{2}-\d{2}|[A-Z][a-z]{2,8} \d{1,2},? \d{4})(?:,? at (\d{2}:\d{2}))?/;

/** The day that a text names for access to come back, in ms since 1970; without a time of day, its beginning in UTC. */
export function namedDateMs(text: string): number | undefined {
  const [, day, time = '00:00'] = ON_DATE.exec(text) ?? [];
  if (day === undefined) return undefined;
  const at = Date.parse(`${day} ${time} UTC`);
  return Number.isNaN(at) ? undefined : at;
}

/** The next midnight in California, in ms since 1970, also over the nights in which its clocks change. */
export function nextPacificMidnightMs(wallMs: number): number {
  const guess = wallMs - timeOfDayMs(wallMs) + DAY_MS;
  const off = timeOfDayMs(guess);
  // A day of 23 hours leads to one o'clock, one of 25 to eleven.
  return off > DAY_MS / 2 ? guess + DAY_MS - off : guess - off;
}

const CLOCK = new Intl.DateTimeFormat('en-US', {
  timeZone: PACIFIC,
  hourCycle: 'h23',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
  fractionalSecondDigits: 3,
});

function timeOfDayMs(wallMs: number): number {
  const parts = new Map(CLOCK.formatToParts(wallMs).map(({ type, value }) => [type, Number(value)]));
  const at = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return at('hour') * HOUR_MS + at('minute') * 60_000 + at('second') * 1000 + at('fractionalSecond');
}
