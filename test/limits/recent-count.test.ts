import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecentCount } from '../../src/limits/learning/recent-count.ts';

const CELL_MS = 1_000 / 256;

describe('what was counted lately', () => {
  test('is known exactly but for what lies in the two cells at its ends, in whatever order it was counted', () => {
    const calls = fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 20 }), latencyMs: fc.integer({ min: 0, max: 300 }) }), {
      minLength: 50,
      maxLength: 400,
    });
    fc.assert(
      fc.property(calls, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (gaps, start, length) => {
        let at = 0;
        const sent = gaps.map(({ gapMs, latencyMs }) => {
          at += gapMs;
          return { at, answeredAt: at + latencyMs };
        });
        const recent = new RecentCount(1_000);
        for (const call of sent.toSorted((a, b) => a.answeredAt - b.answeredAt)) recent.add(1, call.at);
        const to = Math.max(0, at - start * 1_000);
        const from = Math.max(0, to - length * 1_000);
        const within = (low: number, high: number): number => sent.filter((call) => call.at >= low && call.at < high).length;
        const atTheEnds = within(from - CELL_MS, from + CELL_MS) + within(to - CELL_MS, to + CELL_MS);
        expect(Math.abs(recent.between(from, to) - within(from, to))).toBeLessThanOrEqual(atTheEnds);
      }),
      { seed: 20_261_123, numRuns: 300 },
    );
  });

  test('takes bounded memory, and tells any stretch of up to three horizons', () => {
    const recent = new RecentCount(1_000);
    for (let now = 0; now < 100_000; now++) recent.add(1, now);
    expect(recent.total).toBe(100_000);
    for (const stretch of [1, 250, 1_000, 2_999]) expect(recent.since(100_000 - stretch)).toBeCloseTo(stretch, 0);
    expect(recent.since(100_001)).toBe(0);
    // What is older is forgotten, and counted by nobody.
    expect(recent.between(-5_000, 10)).toBe(0);
    expect(recent.since(0)).toBeLessThan(7_000);
  });

  test('is kept over a long silence, and when a longer stretch is asked for from then on', () => {
    const recent = new RecentCount(1_000);
    for (let now = 0; now < 500; now++) recent.add(1, now);
    recent.add(1, 60_000);
    recent.setHorizon(60_000);
    recent.add(1, 60_050);
    expect(recent.since(0)).toBe(502);
    expect(recent.between(250, 60_000)).toBeCloseTo(250, 0);
  });

  test('before a moment does not include what was counted at that very moment', () => {
    const recent = new RecentCount(1_000);
    for (const at of [10, 11, 12, 100.5]) recent.add(1, at);
    recent.add(1, 104);
    expect(recent.between(0, 100.5)).toBe(3);
    recent.add(1, 103);
    expect(recent.between(0, 103)).toBe(4);
    expect(recent.since(103)).toBe(2);
  });

  test('is a number also where everything was counted at one moment, on the edge of a cell as it rounds', () => {
    for (let i = 1; i <= 20_000; i++) {
      const at = i * (777 / 256);
      const recent = new RecentCount(777);
      recent.add(1, at);
      recent.add(1, at);
      expect(recent.since(at)).toBe(2);
    }
  });
});
