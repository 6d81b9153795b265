import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CalendarDay, msUntilMidnight } from '../../src/limits/calendar-day.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { holds } from '../lib/property.ts';

const HOUR_MS = 3_600_000;
const GUARD_MS = 1_000;

const at = (iso: string): number => Date.parse(iso);

describe('the way to the next midnight', () => {
  test.each([
    ['UTC', '2026-03-08T12:00:00Z', '2026-03-09T00:00:00Z'],
    ['UTC', '2026-03-08T00:00:00Z', '2026-03-09T00:00:00Z'],
    ['UTC', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00Z'],
    ['America/Los_Angeles', '2026-01-15T20:00:00Z', '2026-01-16T08:00:00Z'],
    // Clocks go forward on 8 March 2026: that day has 23 hours.
    ['America/Los_Angeles', '2026-03-08T08:00:00Z', '2026-03-09T07:00:00Z'],
    // They go back on 1 November: that day has 25.
    ['America/Los_Angeles', '2026-11-01T07:00:00Z', '2026-11-02T08:00:00Z'],
    ['Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
    ['Asia/Kolkata', '2026-05-05T18:29:59Z', '2026-05-05T18:30:00Z'],
    ['Asia/Kathmandu', '2026-05-05T00:00:00Z', '2026-05-05T18:15:00Z'],
    ['Pacific/Chatham', '2026-07-01T00:00:00Z', '2026-07-01T11:15:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T13:30:00Z', '2026-10-04T13:00:00Z'],
    // There was no 00:00 on 4 November 2018 in São Paulo: clocks went from 23:59:59 to 01:00.
    ['America/Sao_Paulo', '2018-11-03T12:00:00Z', '2018-11-04T03:00:00Z'],
  ])('in %s from %s is at %s', (zone, from, midnight) => {
    expect(msUntilMidnight(at(from), zone)).toBe(at(midnight) - at(from));
  });

  test('leads to another date, and one millisecond less does not', async () => {
    const zones = ['UTC', 'America/Los_Angeles', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Pacific/Apia', 'Africa/Cairo'];
    await holds(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2032-01-01T00:00:00Z') }),
        (zone, wall) => {
          const ms = msUntilMidnight(wall, zone);
          const dateAt = (when: number): string => new Date(when).toLocaleDateString('en-CA', { timeZone: zone });
          expect(dateAt(wall + ms)).not.toBe(dateAt(wall));
          expect(dateAt(wall + ms - 1)).toBe(dateAt(wall));
          expect(ms).toBeGreaterThan(0);
          expect(ms).toBeLessThanOrEqual(25 * HOUR_MS);
        },
      ),
      300,
    );
  });
});

function dayFrom(iso: string, zone = 'UTC'): { clock: VirtualClock; day: CalendarDay; pass: (ms: number) => Promise<number> } {
  const clock = new VirtualClock({ wallMs: at(iso), startMs: 5_000 });
  const day = new CalendarDay(zone, clock.now(), () => clock.wallMs());
  return {
    clock,
    day,
    pass: async (ms) => {
      await clock.advance(ms);
      return clock.now();
    },
  };
}

test.each(['UTC', 'America/Los_Angeles', 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Chatham'])(
  'everything counted in %s goes a guard after midnight, on every day of a year',
  async (zone) => {
    const { clock, day, pass } = dayFrom('2026-01-01T12:00:00Z', zone);
    for (let days = 0; days < 366; days++) {
      expect(day.used(clock.now())).toBe(0);
      day.add(5, clock.now());
      const midnight = clock.now() + msUntilMidnight(clock.wallMs(), zone);
      expect(day.freeAt(5, clock.now(), [])).toBeCloseTo(midnight + GUARD_MS, 1);
      await pass(midnight + GUARD_MS - clock.now() - 1);
      expect(day.used(clock.now())).toBe(5);
      await pass(2);
      expect(day.used(clock.now())).toBe(0);
      // Somewhere in the middle of the next day.
      await pass(10 * HOUR_MS + days * 60_000);
    }
  },
);

test('what is counted within a guard of midnight stands in both days', async () => {
  const { clock, day, pass } = dayFrom('2026-05-01T23:59:58.500Z');
  day.add(1, clock.now());
  await pass(1_000);
  day.add(10, clock.now());
  await pass(1_000);
  day.add(100, clock.now());
  expect(day.used(clock.now())).toBe(111);
  // A guard after midnight: the first is of yesterday for everybody, the others may be of today for the provider.
  await pass(500);
  expect(day.used(clock.now())).toBe(110);
  await pass(24 * HOUR_MS);
  expect(day.used(clock.now())).toBe(0);
});

test('a stamp in the past that begins a day does not make the day that follows shorter', async () => {
  const { clock, day, pass } = dayFrom('2026-05-01T23:00:00Z');
  // Written shortly before midnight and due shortly after; nobody looked until the next afternoon.
  const dueAt = clock.now() + HOUR_MS + 5_000;
  await pass(15 * HOUR_MS);
  day.add(7, dueAt);
  expect(day.used(clock.now())).toBe(7);
  await pass(9 * HOUR_MS);
  expect(clock.wallMs()).toBe(at('2026-05-02T23:00:00Z'));
  expect(day.used(clock.now())).toBe(7);
  await pass(HOUR_MS + GUARD_MS);
  expect(day.used(clock.now())).toBe(0);
});

test('days without a look leave nothing behind, not even what was late', async () => {
  const { clock, day, pass } = dayFrom('2026-05-01T23:59:59.500Z');
  day.add(3, clock.now());
  await pass(80 * HOUR_MS);
  expect(day.used(clock.now())).toBe(0);
});

test('a wall clock that is set takes midnight with it', async () => {
  const { clock, day, pass } = dayFrom('2026-05-01T20:00:00Z');
  day.add(3, clock.now());
  clock.jumpWall(2 * HOUR_MS);
  expect(day.freeAt(1, clock.now(), [])).toBeCloseTo(clock.now() + 2 * HOUR_MS + GUARD_MS, 1);
  await pass(2 * HOUR_MS + GUARD_MS + 1);
  expect(day.used(clock.now())).toBe(0);

  const behind = dayFrom('2026-05-01T23:00:00Z');
  behind.day.add(3, behind.clock.now());
  behind.clock.jumpWall(-HOUR_MS);
  await behind.pass(HOUR_MS + 2 * GUARD_MS);
  // It is 23:00 only.
  expect(behind.day.used(behind.clock.now())).toBe(3);
  await behind.pass(HOUR_MS);
  expect(behind.day.used(behind.clock.now())).toBe(0);
});

test('an entry is corrected on its own day, and on the next if it stands there too', async () => {
  const { clock, day, pass } = dayFrom('2026-05-01T12:00:00Z');
  const noon = day.add(10, clock.now());
  day.adjust(noon, -4, clock.now());
  expect(day.used(clock.now())).toBe(6);
  await pass(12 * HOUR_MS);
  const late = day.add(10, clock.now());
  await pass(GUARD_MS);
  expect(day.used(clock.now())).toBe(10);
  day.adjust(late, -3, clock.now());
  day.adjust(noon, 100, clock.now());
  expect(day.used(clock.now())).toBe(7);
  await pass(24 * HOUR_MS);
  day.adjust(late, 50, clock.now());
  expect(day.used(clock.now())).toBe(0);
});

test('what is due before midnight goes with the day, what is due around it a day later, and nothing else by itself', () => {
  const { clock, day } = dayFrom('2026-10-31T12:00:00Z', 'America/Los_Angeles');
  const now = clock.now();
  const midnight = now + msUntilMidnight(clock.wallMs(), 'America/Los_Angeles');
  day.add(10, now);
  const pending = [
    { cost: 5, dueAt: midnight - 2_000 },
    { cost: 6, dueAt: midnight - 500 },
  ];
  const ends = midnight + GUARD_MS;
  expect(day.freeAt(10, now, [])).toBeCloseTo(ends, 1);
  expect(day.freeAt(11, now, [])).toBe(Number.POSITIVE_INFINITY);
  expect(day.freeAt(15, now, pending)).toBeCloseTo(ends, 1);
  // 1 November has 25 hours there.
  expect(day.freeAt(16, now, pending)).toBeCloseTo(ends + 25 * HOUR_MS, 1);
  expect(day.freeAt(22, now, pending)).toBe(Number.POSITIVE_INFINITY);
  expect(day.usedAt(now + 1, pending)).toBe(21);
  expect(day.usedAt(ends, pending)).toBe(11);
});

test('what was counted before this process began counts only if it was today', () => {
  const { clock, day } = dayFrom('2026-05-02T00:30:00Z');
  day.add(4, clock.now() - HOUR_MS);
  expect(day.used(clock.now())).toBe(0);
  day.add(5, clock.now() - 20 * 60_000);
  expect(day.used(clock.now())).toBe(5);
});
