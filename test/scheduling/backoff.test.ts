import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, pauseAfterRefusalMs } from '../../src/scheduling/backoff.ts';
import { holds } from '../lib/property.ts';

const policy = { maxAttempts: 9, baseDelayMs: 1_000, maxDelayMs: 60_000, factor: 2 };

test('waits anywhere between nothing and a bound that doubles up to a limit', async () => {
  const bounds = [1, 2, 3, 6, 7, 8, 20].map((failures) => backoffMs(policy, failures, () => 1));
  expect(bounds).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000, 60_000]);
  expect(backoffMs(policy, 5, () => 0)).toBe(0);
  await holds(
    fc.property(fc.integer({ min: 1, max: 2_000 }), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (failures, random) => {
      const wait = backoffMs(policy, failures, () => random);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThan(60_000);
    }),
  );
});

test('after a refusal waits as long as it is told, or else twice as long each time, and never not at all', () => {
  expect([1, 2, 3, 6, 7, 500].map((inARow) => pauseAfterRefusalMs(inARow))).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
  expect([250, 100_000].map((asked) => pauseAfterRefusalMs(3, asked))).toEqual([250, 100_000]);
  expect(pauseAfterRefusalMs(1, 0)).toBeGreaterThan(0);
  // What is no time is as if nothing had been said: a limiter must not pause for ever, or until NaN.
  expect([Number.NaN, Number.POSITIVE_INFINITY, -5].map((asked) => pauseAfterRefusalMs(2, asked))).toEqual([2_000, 2_000, 2_000]);
});
