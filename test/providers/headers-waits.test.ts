import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMs } from '../../src/providers/headers/durations.ts';
import { resetMs } from '../../src/providers/headers/reset-time.ts';
import { namedDateMs, nextPacificMidnightMs } from '../../src/providers/headers/resume-time.ts';
import { retryWaitMs } from '../../src/providers/retry-wait.ts';
import { holds } from '../lib/property.ts';

const NOW = Date.parse('2026-05-18T11:42:00Z');

describe('a duration', () => {
  it.each([
    ['84ms', 84],
    ['1.146s', 1146],
    ['11.054s', 11_054],
    ['120ms', 120],
    ['8.64s', 8640],
    ['20ms', 20],
    ['1s', 1000],
    ['6m0s', 360_000],
    ['2m52.8s', 172_800],
    ['547ms', 547],
    ['5.289s', 5289],
    ['23h18m29.144s', 83_909_144],
    ['37s', 37_000],
    ['18.403470473s', 18_403.47],
    ['156h14m36.75s', 562_476_750],
    ['11m54ms', 660_054],
    ['500µs', 0.5],
    ['0s', 0],
  ])('%s is %d ms', (text, expected) => {
    expect(durationMs(text)).toBe(expected);
  });

  it.each(['', '10', 's', '1', '-1s', '1 s', '1s!', '1x', '1e3s', 'ms', '1.s', '9'.repeat(70)])("'%s' is none", (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  it('is what Go would write for it', () =>
    holds(
      fc.property(fc.nat(400), fc.nat(59), fc.nat(59_999), (hours, minutes, ms) => {
        expect(durationMs(`${hours}h${minutes}m${ms / 1000}s`)).toBe((hours * 60 + minutes) * 60_000 + ms);
      }),
    ));
});

describe('a reset', () => {
  it.each([
    ['8.64s', 8640],
    ['10', 10_000],
    ['300', 300_000],
    ['0', 0],
    [String(NOW + 5000), 5000],
    [String((NOW + 5000) / 1000), 5000],
    [String(NOW - 5000), 0],
    ['2026-05-18T11:42:16Z', 16_000],
    ['2026-05-18T13:42:16.5+02:00', 16_500],
    ['2026-05-18T11:00:00Z', 0],
  ])('%s is %d ms away', (text, expected) => {
    expect(resetMs(text, NOW)).toBe(expected);
  });

  it.each(['', 'soon', '-1', '2026-05-18', '9999-01-01T00:00:00Z', '1e400', '40000000', 'Mon'])("'%s' says nothing", (text) => {
    expect(resetMs(text, NOW)).toBeUndefined();
  });

  it('at an absolute time says nothing without knowing what time it is there', () => {
    expect(resetMs('2026-05-18T11:42:16Z', undefined)).toBeUndefined();
    expect(resetMs(String(NOW), undefined)).toBeUndefined();
    expect(resetMs('8.64s', undefined)).toBe(8640);
  });
});

describe('the wait that an answer asks for', () => {
  const wait = (headers: Record<string, string>, text = '', retryDelay?: string) => retryWaitMs(headers, { text, retryDelay }, NOW);

  it('is in retry-after-ms before retry-after before the body before the text', () => {
    const text = 'Please try again in 4s.';
    expect(wait({ 'retry-after-ms': '91', 'retry-after': '2' }, text, '3s')).toBe(91);
    expect(wait({ 'retry-after-ms': 'x', 'retry-after': '2' }, text, '3s')).toBe(2000);
    expect(wait({ 'retry-after': 'x' }, text, '3s')).toBe(3000);
    expect(wait({}, text, 'x')).toBe(4000);
    expect(wait({ 'x-ratelimit-reset': String(NOW + 7000) }, text)).toBe(4000);
    expect(wait({ 'x-ratelimit-reset': String(NOW + 7000) })).toBe(7000);
    expect(wait({})).toBeUndefined();
  });

  it("is reckoned from the answer's own date, so that neither clock need be right", () => {
    const date = 'Fri, 01 Jan 2021 00:00:00 GMT';
    expect(wait({ 'retry-after': 'Fri, 01 Jan 2021 00:00:03 GMT', date })).toBe(3000);
    expect(wait({ 'retry-after': 'Mon, 18 May 2026 11:42:03 GMT' })).toBe(3000);
    expect(wait({ 'retry-after': 'Mon, 18 May 2026 11:42:03 GMT', date: 'yesterday' })).toBe(3000);
    expect(wait({ 'retry-after': 'Mon, 18 May 2026 11:00:00 GMT' })).toBe(0);
  });

  it.each([
    ['Limit 200000, Used 195869, Requested 4412. Please try again in 84ms. Visit…', 84],
    ['Limit 50000, Used 47949, Requested 3006. Please try again in 1.146s. Visit…', 1146],
    ['Limit 30000, Used 22999, Requested 12528. Please try again in 11.054s. Visit…', 11_054],
    ['Limit 15000, Used 11972, Requested 4351. Please try again in 5.289s. …', 5289],
    ['Please retry in 37.403470473s.', 37_403.47],
    ['Please retry after 7 seconds.', 7000],
    ['Rate limit is exceeded. Try again in 12 seconds.', 12_000],
    ['Please retry after 1 minute.', 60_000],
    ['Quota will be replenished in 01:02:03.', 3_723_000],
    ['Quota will be replenished in 2.01:00:00.', 176_400_000],
    ['Please try again later.', undefined],
    ['Please try again in a moment.', undefined],
  ])('is in the text: %s', (text, expected) => {
    expect(wait({}, text)).toBe(expected);
  });

  it.each(['-1', 'soon', '1e99', '99999999999', '', 'Thu, 99 Foo 2026', '2026-06-01'])("'%s' asks for none that can be meant", (text) => {
    expect(wait({ 'retry-after': text })).toBeUndefined();
  });

  it('is sensible or none, whatever the headers', () =>
    holds(
      fc.property(
        fc.dictionary(fc.constantFrom('retry-after', 'retry-after-ms', 'date', 'x-ratelimit-reset'), fc.string()),
        fc.string(),
        (headers, text) => {
          const waitMs = wait(headers, text, text);
          if (waitMs !== undefined) expect(waitMs >= 0 && waitMs <= 366 * 86_400_000).toBe(true);
        },
      ),
    ));
});

describe('the day that ends a quota', () => {
  it.each([
    ['in summer', '2026-06-01T12:00:00Z', '2026-06-02T07:00:00Z'],
    ['in winter', '2026-12-01T07:59:59.999Z', '2026-12-01T08:00:00Z'],
    ['at midnight itself', '2026-12-01T08:00:00Z', '2026-12-02T08:00:00Z'],
    ['on the day that has 23 hours', '2026-03-08T08:00:00Z', '2026-03-09T07:00:00Z'],
    ['on the day that has 25 hours', '2026-11-01T07:00:00Z', '2026-11-02T08:00:00Z'],
  ])('is the next one in California %s', (_name, now, expected) => {
    expect(new Date(nextPacificMidnightMs(Date.parse(now))).toISOString()).toBe(new Date(expected).toISOString());
  });

  it.each([
    ['You will regain access on 2026-07-01 at 00:00 UTC.', '2026-07-01T00:00:00Z'],
    ['You will regain access on 2026-07-01.', '2026-07-01T00:00:00Z'],
    ['You will regain access on July 1, 2026 at 12:30 UTC.', '2026-07-01T12:30:00Z'],
  ])('is named: %s', (text, expected) => {
    expect(namedDateMs(text)).toBe(Date.parse(expected));
  });

  it.each(['', 'You will regain access on Friday.', 'regain access on 2026-13-45'])('is not named: %s', (text) => {
    expect(namedDateMs(text)).toBeUndefined();
  });
});
