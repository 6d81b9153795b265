import { describe, expect, test } from 'vitest';
import { costOf, countsTokens } from '../../src/limits/cost.ts';
import { createLimiter, defaultCountedWithinMs, defaultWindowMs, type LimiterOptions } from '../../src/limits/create-limiter.ts';
import { LimitSet, reservation } from '../../src/limits/limit-set.ts';
import type { Limiter } from '../../src/limits/limiter.ts';

const make = (options: LimiterOptions): Limiter => createLimiter({ windowMs: 1_000, ...options }, 0, () => 0);
const tokens = (inputTokens: number, outputTokens = 0) => ({ inputTokens, outputTokens });

describe('what an attempt costs', () => {
  test.each([
    ['rpm', 1, false],
    ['rpd', 1, false],
    ['concurrent', 1, false],
    ['tpm', 7, true],
    ['tpd', 7, true],
    ['itpm', 3, true],
    ['otpm', 4, true],
  ] as const)('of %s is %d', (type, cost, counts) => {
    expect(costOf(type, tokens(3, 4))).toBe(cost);
    expect(countsTokens(type)).toBe(counts);
  });
});

test('windows and the time to count have the defaults of their kind', () => {
  expect([defaultWindowMs('rpm'), defaultWindowMs('tpd')]).toEqual([60_000, 86_400_000]);
  expect(defaultCountedWithinMs('tpm', 60_000)).toBe(1_000);
  expect(defaultCountedWithinMs('tpm', 10_000)).toBe(200);
  expect(defaultCountedWithinMs('otpm', 60_000)).toBe(Number.POSITIVE_INFINITY);
});

function pair(): { requests: Limiter; input: Limiter; slots: Limiter; set: LimitSet } {
  const requests = make({ type: 'rpm', limit: 10, countedWithinMs: 0 });
  const input = make({ type: 'itpm', limit: 100, countedWithinMs: 0 });
  const slots = make({ type: 'concurrent', limit: 3 });
  return { requests, input, slots, set: new LimitSet([requests, input, slots]) };
}

test('a reservation stands in every limiter or in none', () => {
  const { requests, input, slots, set } = pair();
  expect(set.obstacle(tokens(101), 0, false)?.limiter).toBe(input);
  expect([requests, input, slots].map((limiter) => limiter.used(0))).toEqual([0, 0, 0]);
  set.reserve(tokens(60), 0);
  expect([requests, input, slots].map((limiter) => limiter.used(0))).toEqual([1, 60, 1]);
  expect(set.obstacle(tokens(41), 0, false)).toEqual({ limiter: input, full: false });
  set.reserve(tokens(40), 0);
  expect(set.obstacle(tokens(1), 0, false)).toEqual({ limiter: input, full: true });
});

test('what can never fit is known by the limiter that it cannot fit', () => {
  const { input, set } = pair();
  expect(set.neverFits(tokens(100))).toBe(-1);
  expect(set.limiters[set.neverFits(tokens(101))]).toBe(input);
  input.setLimit(200, 0);
  expect(set.neverFits(tokens(101))).toBe(-1);
});

test('the next free moment is that of the last limiter', () => {
  const { input, slots, set } = pair();
  const first = set.reserve(tokens(60), 0);
  reservation.written(first, 0);
  expect(set.nextFreeAt(tokens(60), 0, false)).toBe(1_001.1);
  const others = [set.reserve(tokens(1), 0), set.reserve(tokens(1), 0)];
  expect(slots.isFull(0)).toBe(true);
  expect(set.nextFreeAt(tokens(60), 0, false)).toBe(Number.POSITIVE_INFINITY);
  for (const each of others) reservation.ended(each, 5);
  expect(set.nextFreeAt(tokens(60), 5, false)).toBe(1_001.1);
  expect(input.used(5)).toBe(62);
});

test('a refused attempt keeps its request, which the provider may have counted, and gives back its tokens and its slot', () => {
  const { requests, input, slots, set } = pair();
  const held = set.reserve(tokens(60), 0);
  reservation.written(held, 0);
  reservation.refused(held, 10);
  expect([requests, input, slots].map((limiter) => limiter.used(10))).toEqual([1, 0, 0]);
});

test('usage corrects tokens only, in whole ones, and again changes nothing', () => {
  const { requests, input, slots, set } = pair();
  const held = set.reserve(tokens(60), 0);
  for (let i = 0; i < 3; i++) reservation.settle(held, tokens(10.2, 5), 0);
  expect([requests, input, slots].map((limiter) => limiter.used(0))).toEqual([1, 11, 1]);
  reservation.ended(held, 0);
  reservation.settle(held, tokens(20), 10);
  expect([requests, input, slots].map((limiter) => limiter.used(10))).toEqual([1, 20, 0]);
});

test('a limiter added later is part of what follows', () => {
  const { set } = pair();
  const output = make({ type: 'otpm', limit: 5 });
  set.add(output);
  expect(set.limiters).toHaveLength(4);
  expect(set.limiters[set.neverFits(tokens(1, 6))]).toBe(output);
  const held = set.reserve(tokens(1, 5), 0);
  expect(set.obstacle(tokens(1, 1), 0, false)?.limiter).toBe(output);
  reservation.written(held, 0);
  // The provider meters output to the end, whenever the response starts.
  reservation.responded(held, 10);
  expect(output.inFlight).toBe(5);
  reservation.ended(held, 50);
  expect(output.inFlight).toBe(0);
});

test('pacing spreads what a window holds: no tenth of it takes much more than a tenth', () => {
  const startsWhile = (paced: boolean): number[] => {
    const limiter = make({ type: 'tpm', limit: 100, windowMs: 60_000, countedWithinMs: 0 });
    let now = 0;
    return Array.from({ length: 150 }, () => {
      now = limiter.nextFreeAt(2, now, paced);
      expect(limiter.fits(2, now, paced)).toBe(true);
      limiter.ended(limiter.reserve(2, now), now);
      return now;
    });
  };
  const mostIn = (starts: readonly number[], ms: number): number =>
    Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + ms).length));
  const paced = startsWhile(true);
  // Five starts are a tenth; the tolerance is worth three more, and one may begin a stretch.
  expect(mostIn(paced, 6_000)).toBeLessThanOrEqual(9);
  expect(paced.at(-1)).toBeLessThan(3 * 60_000);
  expect(mostIn(startsWhile(false), 6_000)).toBe(50);
});

test('the pace counts what started while nobody paced', () => {
  const limiter = make({ type: 'tpm', limit: 100, windowMs: 60_000, countedWithinMs: 0 });
  for (let i = 0; i < 10; i++) limiter.ended(limiter.reserve(2, 0), 0);
  expect(limiter.fits(2, 0)).toBe(true);
  expect(limiter.fits(2, 0, true)).toBe(false);
  expect(limiter.blocksAll(0, true)).toBe(true);
  expect(limiter.nextFreeAt(2, 0, true)).toBeCloseTo(12_000 - 3_000, 0);
});
