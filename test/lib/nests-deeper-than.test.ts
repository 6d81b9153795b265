import { expect, it } from 'vitest';
import { nestsDeeperThan } from '../../src/lib/nests-deeper-than.ts';

it.each([
  [0, 'text'],
  [0, null],
  [1, []],
  [1, { one: 1, none: null }],
  [2, [1, {}]],
  [3, { one: [1, { two: 2 }] }],
])('finds %i levels in %j', (levels, value) => {
  expect(nestsDeeperThan(value, levels)).toBe(false);
  if (levels > 0) expect(nestsDeeperThan(value, levels - 1)).toBe(true);
});

it('looks no deeper than it is asked to, however deep the value is', () => {
  expect(nestsDeeperThan(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)), 200)).toBe(true);
});
