import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LimiterOptions } from '../../src/limits/create-limiter.ts';
import { holds } from '../lib/property.ts';
import { Bench } from './kinds.ts';

const WINDOW_MS = 1_000;

interface Counted {
  readonly at: number;
  readonly cost: number;
}

/** Clocks of different rates: the provider's window may be this much longer in our time. */
const SLOW_CLOCK = 1 + 1e-4;

function mostInAnyWindow(counted: readonly Counted[], windowMs: number): number {
  return Math.max(
    0,
    ...counted.map(({ at }) => counted.reduce((sum, other) => (other.at > at - windowMs && other.at <= at ? sum + other.cost : sum), 0)),
  );
}

/** Starts each cost as soon as it fits; each is counted at once. */
function greedy(b: Bench, costs: readonly number[]): Counted[] {
  return costs.map((cost) => {
    b.now = b.nextFreeAt(cost);
    const hold = b.limiter.reserve(cost, b.now);
    b.limiter.ended(hold, b.now);
    return { at: b.now, cost };
  });
}

const safeKinds: Readonly<Record<string, Partial<LimiterOptions>>> = {
  'sliding window': {},
  'token bucket': { algorithm: 'token-bucket' },
};

test.each(Object.entries(safeKinds))(
  'a %s is used up and never exceeded in any window, however small the limit',
  async (_name, options) => {
    await holds(
      fc.property(
        fc.constantFrom(1, 2, 5, 9, 10, 11, 100, 12_345),
        fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 }),
        (limit, shares) => {
          const b = new Bench({ type: 'tpm', limit, windowMs: WINDOW_MS, countedWithinMs: 0, ...options });
          const { largest } = b.limiter;
          const counted = greedy(
            b,
            shares.map((share) => Math.max(1, Math.floor(share * largest))),
          );
          expect(mostInAnyWindow(counted, WINDOW_MS * SLOW_CLOCK)).toBeLessThanOrEqual(limit);
        },
      ),
    );
  },
);

test.each(Object.entries(safeKinds))('a %s stays safe under a limit or a capacity that was changed', async (_name, options) => {
  await holds(
    fc.property(
      fc.constantFrom(1, 3, 10, 64, 1_000),
      fc.constantFrom(1, 3, 10, 64, 1_000),
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 60 }),
      (before, after, isCapacity, costs) => {
        const limit = isCapacity ? Math.max(before, after) : before;
        const b = new Bench({ type: 'tpm', limit, windowMs: WINDOW_MS, countedWithinMs: 0, ...options });
        if (isCapacity) b.limiter.resize(after, b.now);
        else b.limiter.setLimit(after, b.now);
        const most = options.algorithm === 'token-bucket' ? Math.max(1, Math.floor(after / 10)) : after;
        const counted = greedy(
          b,
          costs.map((cost) => Math.min(cost, most)),
        );
        expect(mostInAnyWindow(counted, WINDOW_MS * SLOW_CLOCK)).toBeLessThanOrEqual(after);
      },
    ),
  );
});

test("a bucket of a stated size passes the provider's bucket of that size", async () => {
  await holds(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 }),
      (burst, shares) => {
        const b = new Bench({ type: 'tpm', limit: 100, windowMs: WINDOW_MS, algorithm: 'token-bucket', burst, countedWithinMs: 0 });
        expect(b.limiter.largest).toBe(burst);
        let level = 0;
        let last = 0;
        for (const { at, cost } of greedy(
          b,
          shares.map((share) => Math.max(1, Math.floor(share * burst))),
        )) {
          level = Math.max(0, level - ((at - last) * 100) / (WINDOW_MS * SLOW_CLOCK)) + cost;
          last = at;
          expect(level).toBeLessThanOrEqual(burst + 1e-5);
        }
      },
    ),
  );
});

test('a sub-window spreads a window: neither holds more than its part', async () => {
  await holds(
    fc.property(
      fc.constantFrom(50, 100, 250),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 80 }),
      (subWindowMs, costs) => {
        const b = new Bench({ type: 'tpm', limit: 100, windowMs: WINDOW_MS, subWindowMs, countedWithinMs: 0 });
        expect(b.limiter.largest).toBe(subWindowMs / 10);
        const counted = greedy(b, costs);
        expect(mostInAnyWindow(counted, WINDOW_MS)).toBeLessThanOrEqual(100);
        expect(mostInAnyWindow(counted, subWindowMs)).toBeLessThanOrEqual(subWindowMs / 10);
      },
    ),
  );
});

const call = fc.record({
  waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
  cost: fc.integer({ min: 1, max: 60 }),
  /** When its response starts; undefined: never. */
  headersMs: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
  counted: fc.double({ min: 0, max: 1, noNaN: true }),
  lostMs: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined, freq: 3 }),
});

test('a provider that counts anywhere between the write and the response never sees more, with calls given up and refusals between', async () => {
  await holds(
    fc.property(fc.array(call, { minLength: 1, maxLength: 25 }), fc.constantFrom(0, 30, 100), (calls, countedWithinMs) => {
      const b = new Bench({ type: 'tpm', limit: 100, windowMs: WINDOW_MS, countedWithinMs });
      const later: { at: number; act: (now: number) => void }[] = [];
      const counted: Counted[] = [];
      const goTo = (until: number): void => {
        for (let next = earliest(later, until); next !== undefined; next = earliest(later, until)) {
          b.now = Math.max(b.now, next.at);
          next.act(b.now);
        }
        b.now = Math.max(b.now, until);
      };
      for (const { waitMs, cost, headersMs, counted: share, lostMs } of calls) {
        goTo(b.now + waitMs);
        while (!b.fits(cost)) goTo(Math.min(b.nextFreeAt(cost), ...later.map(({ at }) => at)));
        const hold = b.limiter.reserve(cost, b.now);
        const writtenAt = b.now;
        b.limiter.written(hold, writtenAt);
        const latest = Math.min(headersMs ?? Number.POSITIVE_INFINITY, countedWithinMs);
        counted.push({ at: writtenAt + share * latest, cost });
        if (headersMs !== undefined) later.push({ at: writtenAt + headersMs, act: (now) => b.limiter.responded(hold, now) });
        if (lostMs !== undefined && headersMs === undefined)
          later.push({ at: writtenAt + lostMs, act: (now) => b.limiter.abandoned(hold, now) });
      }
      expect(mostInAnyWindow(counted, WINDOW_MS)).toBeLessThanOrEqual(100);
    }),
  );
});

interface Later {
  readonly at: number;
  readonly act: (now: number) => void;
}

function earliest(later: Later[], until: number): Later | undefined {
  const next = later.reduce<Later | undefined>((best, each) => (best === undefined || each.at < best.at ? each : best), undefined);
  if (next === undefined || next.at > until) return undefined;
  later.splice(later.indexOf(next), 1);
  return next;
}
