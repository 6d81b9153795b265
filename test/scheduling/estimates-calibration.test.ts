import { expect, test } from 'vitest';
import { RecentKeys } from '../../src/scheduling/estimates/recent-keys.ts';
import { UsageCalibration } from '../../src/scheduling/estimates/usage-calibration.ts';

test('an estimate is left alone until the model has been used', () => {
  const calibration = new UsageCalibration();
  calibration.report('other', 100, 135);
  expect(calibration.factor('claude')).toBe(1);
  expect(calibration.apply('claude', 100)).toBe(100);
});

test('a tokenizer that makes 35 % more tokens is met within 3 %, and a change of it followed', () => {
  const calibration = new UsageCalibration();
  let state = 3;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const run = (truth: number) => {
    for (let i = 0; i < 200; i++) {
      const estimated = 100 + 5_000 * random();
      calibration.report('claude', estimated, estimated * truth * (0.9 + 0.2 * random()));
    }
    expect(Math.abs(calibration.factor('claude') / truth - 1)).toBeLessThan(0.03);
  };
  run(1.35);
  run(0.8);
  expect(Math.abs(calibration.apply('claude', 1_000) - 800)).toBeLessThan(25);
});

test('no report brings the factor outside 1/4 to 4, and nonsense is not heard', () => {
  const calibration = new UsageCalibration();
  for (let i = 0; i < 100; i++) calibration.report('high', 10, 1e9);
  for (let i = 0; i < 100; i++) calibration.report('low', 1e9, 1);
  expect(calibration.factor('high')).toBe(4);
  expect(calibration.factor('low')).toBe(0.25);
  for (const [estimated, used] of [
    [0, 5],
    [5, 0],
    [Number.NaN, 5],
    [5, Number.POSITIVE_INFINITY],
    [-1, 5],
  ] as const) {
    calibration.report('odd', estimated, used);
  }
  expect(calibration.factor('odd')).toBe(1);
});

test('one picture does not spoil what hundreds of texts have taught', () => {
  const calibration = new UsageCalibration();
  for (let i = 0; i < 100; i++) calibration.report('claude', 1_000, 1_100);
  calibration.report('claude', 20, 20_000);
  expect(calibration.factor('claude')).toBeLessThan(1.2);
});

test('the keys asked for longest ago are forgotten', () => {
  const keys = new RecentKeys<number>(2);
  keys.set('a', 1);
  keys.set('b', 2);
  keys.get('a');
  keys.set('c', 3);
  expect([keys.get('a'), keys.get('b'), keys.get('c'), keys.size]).toEqual([1, undefined, 3, 2]);
});
