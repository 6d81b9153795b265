import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LimitAccount } from '../../src/simulator/limits/limit-account.ts';
import type { LimitCounter } from '../../src/simulator/limits/limit-counter.ts';
import { makeCounter } from '../../src/simulator/limits/make-counter.ts';
import type { Mechanism, SimulatedLimit } from '../../src/simulator/limits/simulated-limit.ts';
import { TimedLog } from '../../src/simulator/limits/timed-log.ts';
import { SeededRandom } from '../../src/simulator/seeded-random.ts';

const WINDOW = 1000;
const LIMIT = 100;

interface Counted {
  readonly at: number;
  readonly cost: number;
}

function spec(mechanism: Mechanism, over: Partial<SimulatedLimit> = {}): SimulatedLimit {
  return { type: 'tpm', limit: LIMIT, windowMs: WINDOW, mechanism, ...over };
}

/** Arrivals as gap (eighths of a ms, so that sums are exact) and cost. */
const arrivals = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 1200 }), cost: fc.integer({ min: 1, max: 60 }) }), { maxLength: 120 });

function play(counter: LimitCounter, steps: readonly { gap: number; cost: number }[]): Counted[] {
  const counted: Counted[] = [];
  let now = 0;
  for (const { gap, cost } of steps) {
    now += gap / 8;
    if (counter.waitMs(cost, now) !== 0) continue;
    counter.add(cost, now);
    counted.push({ at: now, cost });
  }
  return counted;
}

function sum(counted: readonly Counted[], from: number, to: number): number {
  return counted.reduce((total, { at, cost }) => (at >= from && at < to ? total + cost : total), 0);
}

/** The most in any half-open window, by looking at every window that ends just after a count. */
function bruteForceMost(counted: readonly Counted[], windowMs: number): number {
  let most = 0;
  for (const last of counted) {
    let inside = 0;
    for (const { at, cost } of counted) if (at <= last.at && at + windowMs > last.at) inside += cost;
    most = Math.max(most, inside);
  }
  return most;
}

describe('limit counters', () => {
  it('sliding: no window holds more than the limit', () => {
    fc.assert(
      fc.property(arrivals, (steps) => {
        const counted = play(makeCounter(spec('sliding'), new SeededRandom(1)), steps);
        expect(bruteForceMost(counted, WINDOW)).toBeLessThanOrEqual(LIMIT);
      }),
    );
  });

  it('bucket: any span holds at most the capacity plus what flowed in', () => {
    fc.assert(
      fc.property(arrivals, (steps) => {
        const counted = play(makeCounter(spec('bucket'), new SeededRandom(1)), steps);
        for (const [i, first] of counted.entries()) {
          let total = 0;
          for (const later of counted.slice(i)) {
            total += later.cost;
            expect(total).toBeLessThanOrEqual(LIMIT + ((later.at - first.at) * LIMIT) / WINDOW + 1e-5);
          }
        }
      }),
    );
  });

  it('fixed: some phase exists in which no window holds more than the limit', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 1e6 }), (steps, seed) => {
        const phase = new SeededRandom(seed).next() * WINDOW;
        const counted = play(makeCounter(spec('fixed'), new SeededRandom(seed)), steps);
        for (let k = -1; k < 40; k++) expect(sum(counted, phase + k * WINDOW, phase + (k + 1) * WINDOW)).toBeLessThanOrEqual(LIMIT);
      }),
    );
  });

  it('subwindow: each slice holds its part and each window the limit', () => {
    const unitCosts = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 300 }), cost: fc.constant(1) }), { maxLength: 200 });
    fc.assert(
      fc.property(unitCosts, fc.integer({ min: 1, max: 1e6 }), (steps, seed) => {
        const random = new SeededRandom(seed);
        const windowPhase = random.next() * WINDOW;
        const slicePhase = random.next() * 100;
        const counted = play(makeCounter(spec('subwindow', { limit: 50, subWindowMs: 100 }), new SeededRandom(seed)), steps);
        for (let k = -1; k < 10; k++)
          expect(sum(counted, windowPhase + k * WINDOW, windowPhase + (k + 1) * WINDOW)).toBeLessThanOrEqual(50);
        for (let k = -1; k < 90; k++) expect(sum(counted, slicePhase + k * 100, slicePhase + (k + 1) * 100)).toBeLessThanOrEqual(5);
      }),
    );
  });

  it.each(['bucket', 'fixed', 'sliding', 'subwindow'] as const)(
    '%s: the wait it names is right and not longer than needed',
    (mechanism) => {
      fc.assert(
        fc.property(arrivals, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 1e6 }), (steps, cost, seed) => {
          const limit = spec(mechanism, { subWindowMs: 800 });
          const counter = makeCounter(limit, new SeededRandom(seed));
          play(counter, steps);
          const end = steps.reduce((now, { gap }) => now + gap / 8, 0);
          const waitMs = counter.waitMs(cost, end);
          expect(waitMs).toBeLessThanOrEqual(WINDOW);
          if (waitMs > 0.01) expect(counter.waitMs(cost, end + waitMs - 0.01)).toBeGreaterThan(0);
          expect(counter.waitMs(cost, end + waitMs + 1e-6)).toBe(0);
        }),
      );
    },
  );

  it.each(['bucket', 'fixed', 'sliding', 'subwindow'] as const)('%s: a cost above the limit never fits', (mechanism) => {
    expect(makeCounter(spec(mechanism), new SeededRandom(1)).waitMs(LIMIT + 1, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it.each(['bucket', 'fixed', 'sliding'] as const)('%s: what is given back can be used again', (mechanism) => {
    const counter = makeCounter(spec(mechanism), new SeededRandom(3));
    counter.add(LIMIT, 5);
    expect(counter.waitMs(40, 5)).toBeGreaterThan(0);
    counter.giveBack(40, 5, 5);
    expect(counter.waitMs(40, 5)).toBe(0);
    expect(counter.waitMs(41, 5)).toBeGreaterThan(0);
  });
});

describe('what an account measures', () => {
  it('finds the most in any window, as brute force does, whatever the mechanism', () => {
    fc.assert(
      fc.property(arrivals, (steps) => {
        const account = new LimitAccount(spec('bucket'), 'm', new SeededRandom(1));
        const counted: Counted[] = [];
        let now = 0;
        for (const { gap, cost } of steps) {
          now += gap / 8;
          account.count(cost, now);
          counted.push({ at: now, cost });
        }
        const stats = account.stats();
        expect(stats.mostInAnyWindow).toBe(bruteForceMost(counted, WINDOW));
        const total = counted.reduce((all, { cost }) => all + cost, 0);
        expect(stats.accepted).toBe(total);
        const spanMs = counted.length === 0 ? 0 : now - (counted[0]?.at ?? 0);
        expect(stats.share).toBeCloseTo(total / (LIMIT * (1 + spanMs / WINDOW)), 9);
      }),
    );
  });

  it('shows a burst over the limit that a fixed window lets through at its edge', () => {
    const random = new SeededRandom(11);
    const edge = new SeededRandom(11).next() * WINDOW;
    const account = new LimitAccount(spec('fixed'), 'm', random);
    for (const at of [edge - 1, edge]) {
      expect(account.counter.waitMs(LIMIT, at)).toBe(0);
      account.count(LIMIT, at);
    }
    expect(account.stats().mostInAnyWindow).toBe(2 * LIMIT);
  });

  it('two counts exactly one window apart share no window', () => {
    const account = new LimitAccount(spec('sliding'), 'm', new SeededRandom(1));
    account.count(70, 0.3);
    expect(account.counter.waitMs(70, 0.3 + WINDOW)).toBe(0);
    account.count(70, 0.3 + WINDOW);
    expect(account.stats().mostInAnyWindow).toBe(70);
  });

  it('starts afresh on reset while the mechanism remembers', () => {
    const account = new LimitAccount(spec('sliding'), 'm', new SeededRandom(1));
    account.count(80, 0);
    account.resetStats();
    expect(account.stats()).toMatchObject({ accepted: 0, mostInAnyWindow: 0, share: 0 });
    expect(account.counter.waitMs(30, 0)).toBeGreaterThan(0);
    account.giveBack(40, 0, 1);
    expect(account.stats().accepted).toBe(0);
    account.count(5, 2);
    account.giveBack(40, 0, 3);
    expect(account.stats().accepted).toBe(5);
  });
});

describe('TimedLog', () => {
  it('keeps one window of entries however long it runs', () => {
    const log = new TimedLog(WINDOW);
    for (let i = 0; i < 50_000; i++) log.add(1, i);
    expect(log.size).toBe(WINDOW);
    expect(log.sum).toBe(WINDOW);
  });

  it('gives back at the moment of the count only, and only what is there', () => {
    const log = new TimedLog(WINDOW);
    log.add(5, 1);
    log.add(7, 2);
    log.giveBack(1.5, 5);
    expect(log.sum).toBe(12);
    log.giveBack(2, 9);
    expect(log.sum).toBe(5);
    log.expire(1 + WINDOW);
    expect(log.sum).toBe(0);
  });
});
