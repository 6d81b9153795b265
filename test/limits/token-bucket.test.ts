import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from '../../src/limits/token-bucket.ts';
import { holds } from '../lib/property.ts';

const bucket = (perMs: number): TokenBucket => new TokenBucket(() => perMs, 1);

test('what is counted drains at its rate and no further than empty', () => {
  const meter = bucket(0.5);
  meter.add(10, 0);
  expect(meter.used(4)).toBe(8);
  expect(meter.usedAt(10, [{ cost: 3, dueAt: 0 }])).toBe(8);
  expect(meter.used(100)).toBe(0);
  meter.add(2, 100);
  expect(meter.used(100)).toBe(2);
});

test('a stamp that lies before the last look drains from the look on', () => {
  const meter = bucket(1);
  expect(meter.used(50)).toBe(0);
  meter.add(10, 40);
  expect(meter.used(50)).toBe(10);
});

test('what is needed is free at the moment it is said to be, and not before', async () => {
  await holds(
    fc.property(
      fc.double({ min: 0.001, max: 50, noNaN: true }),
      fc.array(fc.record({ waitMs: fc.double({ min: 0, max: 1e6, noNaN: true }), cost: fc.integer({ min: 1, max: 1_000 }) }), {
        minLength: 1,
        maxLength: 10,
      }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      (perMs, entries, share) => {
        const meter = bucket(perMs);
        let now = 1e7;
        for (const { waitMs, cost } of entries) {
          now += waitMs;
          meter.add(cost, now);
        }
        const level = meter.used(now);
        const need = level * share;
        const at = meter.freeAt(need, now, []);
        // A moment that is no later than now would never come.
        if (need > 1e-6) expect(at).toBeGreaterThan(now);
        if (perMs < 1 && at - 0.01 > now) expect(meter.usedAt(at - 0.01, [])).toBeGreaterThan(level - need - 1e-6);
        expect(meter.used(at)).toBeLessThanOrEqual(level - need + 1e-6);
      },
    ),
  );
});

test('rounding cannot hide what is needed', () => {
  const meter = bucket(0.003);
  meter.add(1, 0);
  const now = 290;
  const used = meter.used(now);
  // 0.13 + 1 − 1 is a little more than 0.13.
  const need = used + 1 - 1 + 1e-12;
  expect(meter.freeAt(need, now, [])).toBeLessThan(now + 100);
});

test('only what has not drained of an entry comes back', () => {
  const meter = bucket(1);
  const early = meter.add(100, 0);
  // 90 of it have drained and been used by others.
  meter.add(50, 90);
  meter.adjust(early, -80, 90);
  expect(meter.used(90)).toBe(50);
  meter.adjust(early, -80, 90);
  expect(meter.used(90)).toBe(50);
});

test('an entry gives back what stands behind others in full', () => {
  const meter = bucket(1);
  meter.add(30, 0);
  const late = meter.add(50, 0);
  meter.adjust(late, -40, 10);
  expect(meter.used(10)).toBe(30);
  meter.adjust(late, 25, 10);
  expect(meter.used(10)).toBe(55);
});

/** The same bucket at the provider, which counts earlier and gives back earlier than we do. */
test("a bucket never says less than the provider's own, whenever either counts and gives back", async () => {
  const call = fc.record({
    at: fc.integer({ min: 0, max: 200 }),
    lateMs: fc.integer({ min: 0, max: 30 }),
    cost: fc.integer({ min: 1, max: 60 }),
    usedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    settledMs: fc.integer({ min: 0, max: 100 }),
    settledLateMs: fc.integer({ min: 0, max: 100 }),
  });
  await holds(
    fc.property(fc.array(call, { minLength: 1, maxLength: 12 }), (calls) => {
      const theirs = bucket(1);
      const ours = bucket(1);
      const steps = calls.flatMap((each) => {
        const entry = { ours: 0 };
        const ourAt = each.at + each.lateMs;
        const back = Math.floor(each.cost * each.usedShare) - each.cost;
        const theirBackAt = ourAt + each.settledMs;
        return [
          { at: each.at, act: () => theirs.add(each.cost, each.at) },
          {
            at: ourAt,
            act: () => {
              entry.ours = ours.add(each.cost, ourAt);
            },
          },
          // The provider gives all of it back, as far as its bucket isn't full.
          { at: theirBackAt, act: () => theirs.adjust(Number.POSITIVE_INFINITY, back, theirBackAt) },
          { at: theirBackAt + each.settledLateMs, act: () => ours.adjust(entry.ours, back, theirBackAt + each.settledLateMs) },
        ];
      });
      const inFlight = (at: number): number =>
        calls.reduce((sum, each) => (each.at <= at && each.at + each.lateMs > at ? sum + each.cost : sum), 0);
      for (const { at, act } of steps.sort((a, b) => a.at - b.at)) {
        act();
        if (steps.some((other) => other.at === at && steps.indexOf(other) > steps.findIndex((each) => each.act === act))) continue;
        expect(ours.used(at) + inFlight(at)).toBeGreaterThanOrEqual(theirs.used(at) - 1e-6);
      }
    }),
  );
});

test('the rate follows the capacity from the moment it changes', () => {
  const meter = new TokenBucket((capacity) => capacity / 100, 100);
  meter.add(80, 0);
  meter.resize(50, 20);
  expect(meter.used(20)).toBe(60);
  expect(meter.used(40)).toBe(50);
});
