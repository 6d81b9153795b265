import { describe, expect, test } from 'vitest';
import { AdaptiveRate } from '../../src/limits/learning/adaptive-rate.ts';
import { ConcurrencyCut } from '../../src/limits/learning/concurrency-cut.ts';
import { RateGate } from '../../src/limits/learning/rate-gate.ts';
import { type AdaptiveRunOptions, type LoopWindow, runAdaptive } from './learning-loop.ts';
import { HiddenLimit, type HiddenMechanism } from './learning-provider.ts';

const WINDOW_MS = 5_000;
const CHANGE_AT = 30;
const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1);
/** Of every other seed the provider refuses at once; of the others as late as it answers. */
const refusedWithinMs = (seed: number): number | undefined => (seed % 2 === 0 ? 3 : undefined);

/** After how many windows from `from` five in a row accept within 10 % of the capacity, with less than 1 % refused. */
function settledAfter(windows: readonly LoopWindow[], from: number, capacity: number): number {
  for (let first = from; first + 5 <= windows.length; first++) {
    const five = windows.slice(first, first + 5);
    const refused = five.reduce((sum, window) => sum + window.refused, 0);
    const calls = five.reduce((sum, window) => sum + window.calls, 0);
    const isNear = five.every(({ accepted }) => Math.abs(accepted / capacity - 1) <= 0.1);
    if (isNear && refused < 0.01 * calls) return first - from;
  }
  return Number.POSITIVE_INFINITY;
}

function run(
  mechanism: HiddenMechanism,
  capacity: number,
  factor: number,
  seed: number,
  more: Partial<AdaptiveRunOptions> = {},
): LoopWindow[] {
  const limit = new HiddenLimit(mechanism, capacity, WINDOW_MS, (1_234 * seed) % WINDOW_MS);
  const changes = [{ atMs: CHANGE_AT * WINDOW_MS, capacity: capacity * factor }];
  // As a deployment begins.
  const rate = new AdaptiveRate({ initialRate: 10 });
  return runAdaptive({ limit, rate, seed, runMs: 2 * CHANGE_AT * WINDOW_MS, changes, refusedWithinMs: refusedWithinMs(seed), ...more });
}

function curve(windows: readonly LoopWindow[]): string {
  return windows.map(({ accepted, refused }) => `${accepted}${refused > 0 ? `-${refused}` : ''}`).join(' ');
}

/** Windows that may pass until five are right: from the start, after the capacity doubled, after it halved. */
const BOUNDS: [HiddenMechanism, number, number, number, number][] = [
  // Of few calls a single one in the wrong window is more than the tolerance leaves.
  ['bucket', 50, 6, 8, 5],
  ['bucket', 100, 4, 5, 3],
  ['bucket', 200, 4, 5, 3],
  ['bucket', 500, 5, 5, 3],
  ['bucket', 2_000, 5, 5, 3],
  ['sliding', 100, 4, 5, 3],
  ['sliding', 200, 4, 5, 3],
  ['sliding', 500, 4, 5, 3],
  ['sliding', 2_000, 4, 5, 3],
  ['fixed', 100, 7, 5, 3],
  ['fixed', 200, 8, 4, 3],
  ['fixed', 500, 7, 4, 3],
  ['fixed', 2_000, 8, 4, 3],
];

describe('an endless backlog behind a hidden limit', () => {
  test.each(BOUNDS)(
    '%s of %d: within a tenth for five windows after %d, %d when it doubles, %d when it halves',
    (mechanism, capacity, start, up, down) => {
      for (const seed of SEEDS) {
        for (const [factor, bound] of [
          [2, up],
          [0.5, down],
        ] as const) {
          const windows = run(mechanism, capacity, factor, seed);
          const context = `seed ${seed}, × ${factor}: ${curve(windows)}`;
          expect(settledAfter(windows, 0, capacity), context).toBeLessThanOrEqual(start);
          expect(settledAfter(windows, CHANGE_AT, capacity * factor), context).toBeLessThanOrEqual(bound);
        }
      }
    },
  );

  test('a bucket that became half as large blocks until it has drained, which is not taken for a second fall', () => {
    for (const seed of SEEDS) {
      const changes = [{ atMs: CHANGE_AT * WINDOW_MS, capacity: 250, drains: true }];
      const windows = run('bucket', 500, 0.5, seed, { changes });
      expect(settledAfter(windows, CHANGE_AT, 250), `seed ${seed}: ${curve(windows)}`).toBeLessThanOrEqual(5);
    }
  });

  test('windows that follow one another: what they cost once they are known is a probe in every few of them', () => {
    for (const capacity of [100, 500]) {
      for (const seed of SEEDS) {
        const steady = run('fixed', capacity, 1, seed).slice(15);
        const context = `seed ${seed}: ${curve(steady)}`;
        expect(
          steady.reduce((sum, { refused }) => sum + refused, 0),
          context,
        ).toBeLessThanOrEqual(1.2 * steady.length);
        expect(steady.reduce((sum, { accepted }) => sum + accepted, 0) / (capacity * steady.length), context).toBeGreaterThan(0.98);
      }
    }
  });

  test.each([
    ['bucket', 0.99],
    ['sliding', 0.965],
  ] as const)(
    '%s: once settled it stays so, window after window, at more than %d of the capacity, with less than one call in two hundred refused',
    (mechanism, share) => {
      for (const seed of SEEDS) {
        const steady = run(mechanism, 500, 1, seed).slice(12);
        const refused = steady.reduce((sum, window) => sum + window.refused, 0);
        const calls = steady.reduce((sum, window) => sum + window.calls, 0);
        const near = steady.filter(({ accepted }) => Math.abs(accepted / 500 - 1) <= 0.1);
        expect(near.length, `seed ${seed}: ${curve(steady)}`).toBe(steady.length);
        expect(refused / calls, `seed ${seed}`).toBeLessThan(0.005);
        // Calls that are not answered yet when one is refused are no reason to think less of the limit.
        expect((calls - refused) / (500 * steady.length), `seed ${seed}: ${curve(steady)}`).toBeGreaterThan(share);
      }
    },
  );

  test('calls of very different costs are paced by their cost', () => {
    for (const seed of SEEDS) {
      const limit = new HiddenLimit('bucket', 100_000, WINDOW_MS, 0);
      const rate = new AdaptiveRate({ initialRate: 500 });
      const windows = runAdaptive({ limit, rate, seed, runMs: 40 * WINDOW_MS, cost: (draw) => Math.ceil(100 + 1_800 * draw * draw) });
      expect(settledAfter(windows, 0, 100_000), `seed ${seed}: ${curve(windows)}`).toBeLessThanOrEqual(10);
    }
  });

  test('a minute is learned to be a minute', () => {
    const limit = new HiddenLimit('bucket', 500, 60_000, 0);
    const windows = runAdaptive({ limit, rate: new AdaptiveRate(), seed: 4, runMs: 20 * 60_000 });
    expect(settledAfter(windows, 1, 500), curve(windows)).toBeLessThanOrEqual(3);
  });

  test('what the provider asks to wait is waited, and nothing more is lost than that', () => {
    for (const seed of SEEDS) {
      const windows = run('bucket', 500, 2, seed, { retryAfter: 'exact' });
      expect(settledAfter(windows, CHANGE_AT, 1_000), `seed ${seed}: ${curve(windows)}`).toBeLessThanOrEqual(6);
    }
  });

  test('where it asks to wait whole seconds, in windows of five, probes are so far apart that little is lost', () => {
    for (const seed of SEEDS) {
      const steady = run('sliding', 500, 1, seed, { retryAfter: 'seconds' }).slice(12);
      const share = steady.reduce((sum, { accepted }) => sum + accepted, 0) / (500 * steady.length);
      expect(share, `seed ${seed}: ${curve(steady)}`).toBeGreaterThan(0.9);
    }
  });

  test('a limit that is used up from the first call on is waited for with a handful of calls', () => {
    const limit = new HiddenLimit('fixed', 100, 60_000, 0);
    limit.admit(100, 0);
    const windows = runAdaptive({ limit, rate: new AdaptiveRate(), seed: 5, runMs: 120_000 });
    expect(windows[0]?.refused).toBeLessThan(15);
    expect(windows[1]?.accepted).toBeGreaterThan(40);
  });
});

test.each(['bucket', 'sliding', 'fixed'] as const)('%s: no window strays by a fifth once it is found, whatever is refused', (mechanism) => {
  for (const seed of SEEDS) {
    const windows = run(mechanism, 500, 1, seed).slice(12);
    const near = windows.filter(({ accepted }) => Math.abs(accepted / 500 - 1) <= 0.1);
    expect(near.length, `seed ${seed}: ${curve(windows)}`).toBeGreaterThanOrEqual(windows.length - 2);
    expect(Math.max(...windows.map(({ accepted }) => Math.abs(accepted / 500 - 1))), `seed ${seed}: ${curve(windows)}`).toBeLessThan(0.2);
  }
});

describe('the controller', () => {
  /** Accepted at the rate that it allows, for so long. */
  function feed(rate: AdaptiveRate, from: number, ms: number): number {
    let now = from;
    for (; now < from + ms; now += 1_000 / rate.rate) rate.accepted(now - 100, 1, now);
    return now;
  }

  test('refusals of calls that started before the last cut change nothing but the wait that they ask for', () => {
    const rate = new AdaptiveRate({ initialRate: 50 });
    const now = feed(rate, 0, 2_000);
    rate.refused({ startedAt: now - 100 }, now);
    const { rate: cut } = rate;
    for (let i = 1; i < 20; i++) rate.refused({ startedAt: now - 100 + i }, now + i);
    expect(rate.rate).toBe(cut);
    rate.refused({ startedAt: now - 50, retryAfterMs: 7_000 }, now + 20);
    expect(rate.rate).toBe(cut);
    expect(rate.pausedUntil).toBe(now + 7_020);
  });

  test('it does not grow while nothing is sent', () => {
    const rate = new AdaptiveRate({ initialRate: 10 });
    feed(rate, 0, 1_000);
    const before = rate.rate;
    rate.accepted(3_600_000, 1, 3_600_100);
    expect(rate.rate).toBeLessThan(1.1 * before);
  });

  test('a rate that nothing comes near does not grow, and one huge call makes none of it infinite', () => {
    const light = new AdaptiveRate({ initialRate: 10 });
    for (let i = 0; i < 20 * 60 * 20; i++) light.accepted(50 * i, 1, 50 * i + 1_000);
    expect(light.rate).toBeLessThanOrEqual(4 * 21);
    const tokens = new AdaptiveRate({ initialRate: 100 });
    for (const [i, cost] of [10, 250_000, 250_000, 250_000].entries()) tokens.accepted(1_000 * i, cost, 1_000 * i + 500);
    tokens.refused({ startedAt: 4_000, cost: 250_000 }, 4_010);
    tokens.accepted(5_000, 250_000, 5_500);
    expect(Number.isFinite(tokens.rate) && tokens.rate > 0, String(tokens.rate)).toBe(true);
    expect(Number.isFinite(tokens.window.limit), String(tokens.window.limit)).toBe(true);
  });

  test('it says whether it has seen a limit', () => {
    const rate = new AdaptiveRate();
    expect(rate.limited).toBe(false);
    rate.accepted(0, 1, 100);
    expect(rate.limited).toBe(false);
    rate.refused({ startedAt: 50 }, 200);
    expect(rate.limited).toBe(true);
  });

  test('waits grow while everything is refused, up to ten seconds, and end with the first that gets through', () => {
    const rate = new AdaptiveRate({ initialRate: 20 });
    let now = feed(rate, 0, 1_000);
    const waits: number[] = [];
    for (let i = 0; i < 30; i++) {
      rate.refused({ startedAt: now }, now + 10);
      waits.push(Math.round(rate.pausedUntil - now - 10));
      now = rate.pausedUntil;
    }
    expect(waits.slice(1).every((wait, i) => wait >= (waits[i] ?? 0))).toBe(true);
    expect(waits.at(-1)).toBe(10_000);
    const blocked = rate.rate;
    rate.accepted(now, 1, now + 10);
    expect(rate.rate).toBeGreaterThan(5 * blocked);
  });
});

describe('the gate that enforces a rate', () => {
  test('lets a call of any size through once nothing is left of the others', () => {
    const gate = new RateGate(10, 2);
    expect(gate.freeAt(500, 0)).toBe(0);
    gate.take(500, 0);
    expect(gate.freeAt(1, 0)).toBeCloseTo(49_900, 0);
  });

  test('lets no more through in any window than its limit, but for what was refused', () => {
    const gate = new RateGate(1_000, 100);
    gate.setRate(1_000, 100, 0, { limit: 3, windowMs: 1_000 });
    for (const at of [0, 100, 200]) {
      expect(gate.freeAt(1, at)).toBe(at);
      gate.take(1, at);
    }
    expect(gate.freeAt(1, 300)).toBeCloseTo(1_000, 1);
    expect(gate.freeAt(2, 300)).toBeCloseTo(1_100, 1);
    gate.refused(1, 100);
    expect(gate.freeAt(1, 300)).toBe(300);
    expect(gate.freeAt(2, 300)).toBeCloseTo(1_000, 1);
    expect(gate.freeAt(50, 300)).toBeCloseTo(1_200, 1);
  });

  test('what started at a faster rate does not hold up a slower one for longer', () => {
    const gate = new RateGate(100, 1);
    gate.take(10, 0);
    gate.setRate(1, 1, 0);
    expect(gate.freeAt(1, 0)).toBeLessThan(101);
  });
});

describe('a provider that asks to slow down', () => {
  test('is sent 70 % of what was in flight, cut once a burst, and more again as calls get through', () => {
    const cut = new ConcurrencyCut();
    expect(cut.limit).toBe(Number.POSITIVE_INFINITY);
    cut.slowDown(100, 40, 200);
    cut.slowDown(150, 39, 210);
    expect(cut.limit).toBe(28);
    for (let i = 0; i < 29; i++) cut.accepted(300 + i);
    expect(cut.limit).toBe(29);
    cut.slowDown(400, 29, 500);
    expect(cut.limit).toBe(20);
    for (let i = 0; i < 10_000; i++) cut.accepted(600 + i);
    expect(cut.limit).toBe(Number.POSITIVE_INFINITY);
  });
});
