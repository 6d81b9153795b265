import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Hold } from '../../src/limits/hold.ts';
import { holds } from '../lib/property.ts';
import { Bench, kinds, LIMIT, LONG_MS } from './kinds.ts';

/** Timers and predictions are this exact. */
const HAIR_MS = 0.01;

describe.each(Object.entries(kinds))('%s', (name, options) => {
  const bench = (more: object = {}): Bench => new Bench({ ...options, ...more });
  const { largest } = bench().limiter;
  const countsToTheEnd = options.type === 'otpm';

  test('starts empty, takes the largest cost there is and nothing beside it', () => {
    const b = bench();
    expect(b.used).toBe(0);
    expect(b.fits(largest)).toBe(true);
    expect(b.fits(largest + 1)).toBe(false);
    expect(b.nextFreeAt(largest)).toBe(b.now);
    b.limiter.reserve(largest, b.now);
    expect(b.used).toBe(largest);
    expect(b.limiter.inFlight).toBe(largest);
    expect(b.fits(1)).toBe(false);
    expect(b.limiter.isFull(b.now)).toBe(true);
    expect(b.limiter.blocksAll(b.now, false)).toBe(true);
  });

  test('takes exactly what is left', () => {
    const b = bench();
    b.limiter.reserve(largest - 4, b.now);
    expect(b.fits(5)).toBe(false);
    expect(b.fits(4)).toBe(true);
    expect(b.limiter.isFull(b.now)).toBe(false);
  });

  test('does not know when what is not written comes back', () => {
    const b = bench();
    b.limiter.reserve(largest, b.now);
    expect(b.nextFreeAt(1)).toBe(Number.POSITIVE_INFINITY);
  });

  test('gives back at once what is released, in flight or counted, once', () => {
    const b = bench();
    const inFlight = b.limiter.reserve(3, b.now);
    const counted = b.limiter.reserve(4, b.now);
    b.limiter.written(counted, b.now);
    b.limiter.ended(counted, b.now);
    for (let i = 0; i < 2; i++) {
      b.limiter.release(inFlight, b.now);
      b.limiter.release(counted, b.now);
      expect(b.used).toBe(0);
      expect(b.limiter.inFlight).toBe(0);
    }
    b.limiter.settle(counted, 50, b.now);
    b.limiter.ended(inFlight, b.now);
    b.limiter.responded(inFlight, b.now);
    expect(b.used).toBe(0);
  });

  test('counts an attempt once however often it is told of its end', () => {
    const b = bench();
    const hold = b.limiter.reserve(5, b.now);
    b.limiter.written(hold, b.now);
    b.limiter.responded(hold, b.now);
    b.limiter.ended(hold, b.now);
    b.limiter.ended(hold, b.now);
    b.limiter.abandoned(hold, b.now);
    expect(b.used).toBe(b.isConcurrent ? 0 : 5);
    expect(b.limiter.inFlight).toBe(0);
  });

  test('gives room back some time after an attempt was given up, whether it was written or not', () => {
    for (const written of [true, false]) {
      const b = bench();
      const hold = b.limiter.reserve(largest, b.now);
      if (written) b.limiter.written(hold, b.now);
      b.limiter.abandoned(hold, b.now);
      expect(b.fits(1)).toBe(b.isConcurrent);
      b.now = b.nextFreeAt(largest);
      expect(b.fits(largest)).toBe(true);
    }
  });

  test('corrects to what was used: less frees, more is owed, the same again changes nothing', () => {
    if (options.type === 'concurrent') return;
    const b = bench();
    const hold = b.limiter.reserve(8, b.now);
    b.limiter.settle(hold, 6, b.now);
    expect(b.used).toBe(6);
    b.limiter.ended(hold, b.now);
    for (let i = 0; i < 2; i++) {
      b.limiter.settle(hold, 2, b.now);
      expect(b.used).toBe(2);
    }
    b.limiter.settle(hold, LIMIT + 20, b.now);
    expect(b.used).toBe(LIMIT + 20);
    expect(b.fits(1)).toBe(false);
    b.now = b.nextFreeAt(1);
    expect(b.fits(1)).toBe(true);
  });

  test('keeps an unused estimate where the provider does, but owes what was used beyond it', () => {
    if (options.type === 'concurrent') return;
    const b = bench({ refund: false });
    const hold = b.limiter.reserve(8, b.now);
    b.limiter.settle(hold, 1, b.now);
    b.limiter.ended(hold, b.now);
    b.limiter.settle(hold, 1, b.now);
    expect(b.used).toBe(8);
    b.limiter.settle(hold, 11, b.now);
    expect(b.used).toBe(11);
  });

  test('lets nobody start while it is paused, and knows when it is over', () => {
    const b = bench();
    b.limiter.pause(b.now + 300);
    b.limiter.pause(b.now + 100);
    expect(b.limiter.pausedUntil).toBe(b.now + 300);
    expect([b.fits(0), b.fits(1), b.limiter.blocksAll(b.now, false)]).toEqual([false, false, true]);
    expect(b.nextFreeAt(1)).toBe(b.now + 300);
    b.pass(299);
    expect(b.fits(1)).toBe(false);
    b.pass(1);
    expect(b.fits(1)).toBe(true);
    b.limiter.pause(b.now + 500);
    b.limiter.resume();
    expect(b.fits(1)).toBe(true);
  });

  test('takes a new limit while work is in flight: a smaller one is exceeded until enough has gone, a larger one has room at once', () => {
    const b = bench();
    const hold = b.limiter.reserve(largest, b.now);
    b.limiter.setLimit(LIMIT / 2, b.now);
    expect(b.limiter.limit).toBe(LIMIT / 2);
    expect(b.limiter.largest).toBeLessThanOrEqual(LIMIT / 2);
    expect(b.fits(1)).toBe(false);
    expect(b.used).toBe(largest);
    b.limiter.setLimit(LIMIT * 3, b.now);
    expect(b.fits(1)).toBe(true);
    b.limiter.setLimit(LIMIT / 2, b.now);
    b.limiter.ended(hold, b.now);
    b.now = b.nextFreeAt(b.limiter.largest);
    expect(b.now).toBeLessThan(LONG_MS);
    expect(b.fits(b.limiter.largest)).toBe(true);
  });

  test('shrinks its capacity only by what nobody occupies, and never beyond the limit', () => {
    const b = bench();
    const hold = b.limiter.reserve(largest, b.now);
    expect(b.limiter.resize(0, b.now)).toBe(largest);
    expect(b.limiter.resize(LIMIT * 2, b.now)).toBe(LIMIT);
    b.limiter.release(hold, b.now);
    expect(b.limiter.resize(20, b.now)).toBe(20);
    expect(b.limiter.limit).toBe(LIMIT);
    expect(b.fits(21)).toBe(false);
    expect(b.limiter.wanted(b.now)).toBe(0);
  });

  test('counts what was sent before it existed', () => {
    if (options.type === 'concurrent') return;
    const b = bench();
    b.limiter.restore(largest - 2, b.now - 20);
    b.limiter.restore(2, b.now - 10);
    expect(b.fits(largest)).toBe(false);
    expect(b.used).toBeGreaterThan(0);
    b.now = b.nextFreeAt(largest);
    expect(b.fits(largest)).toBe(true);
  });

  test('believes twice as late after each refusal, up to a bound', () => {
    const b = bench();
    const before = b.limiter.countedWithinMs;
    b.limiter.distrust(b.now);
    expect(b.limiter.countedWithinMs).toBe(2 * before);
    for (let i = 0; i < 100; i++) b.limiter.distrust(b.now);
    const most = Number.isFinite(before) ? Math.min(60_000, options.windowMs ?? 60_000) : before;
    expect(b.limiter.countedWithinMs).toBe(most);
    if (!Number.isFinite(before)) return;
    const zero = bench({ countedWithinMs: 0 });
    zero.limiter.distrust(zero.now);
    expect(zero.limiter.countedWithinMs).toBeGreaterThan(0);
  });

  test('takes its room again when something goes out that had been released as never sent', () => {
    const b = bench();
    const hold = b.limiter.reserve(7, b.now);
    b.limiter.release(hold, b.now);
    b.limiter.escaped(hold, b.now);
    b.limiter.escaped(hold, b.now);
    expect(b.used).toBe(b.isConcurrent ? 0 : 7);
    b.pass(LONG_MS);
    expect(b.used).toBe(0);
  });

  const act = fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 400, noNaN: true }), fc.integer({ min: 0, max: 200_000 })),
    what: fc.constantFrom('reserve', 'reserve', 'reserve', 'written', 'responded', 'ended', 'abandoned', 'release', 'settle', 'setLimit'),
    cost: fc.integer({ min: 0, max: LIMIT }),
    which: fc.nat(10),
  });

  test('is never below zero, never over its limit unless more is owed, and empty in the end, whatever happens in whatever order', async () => {
    await holds(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        const b = bench();
        const taken: Hold[] = [];
        let owes = false;
        for (const { waitMs, what, cost, which } of acts) {
          b.pass(waitMs);
          const hold = taken[which % Math.max(1, taken.length)];
          if (what === 'reserve') {
            if (b.fits(cost)) taken.push(b.limiter.reserve(cost, b.now));
          } else if (what === 'setLimit') {
            b.limiter.setLimit(Math.max(1, cost), b.now);
            owes = true;
          } else if (hold !== undefined && what === 'settle') {
            owes ||= cost > hold.cost;
            b.limiter.settle(hold, cost, b.now);
          } else if (hold !== undefined && what !== 'settle') {
            b.limiter[what](hold, b.now);
          }
          expect(b.used).toBeGreaterThanOrEqual(-1e-9);
          expect(b.limiter.inFlight).toBeGreaterThanOrEqual(0);
          if (!owes) expect(b.used).toBeLessThanOrEqual(LIMIT + 1e-6);
          expect(b.nextFreeAt(cost) <= b.now).toBe(b.fits(cost));
        }
        for (const hold of taken) b.limiter.ended(hold, b.now);
        b.pass(LONG_MS);
        expect(b.used).toBe(0);
        expect(b.limiter.inFlight).toBe(0);
        expect(b.fits(b.limiter.largest)).toBe(true);
      }),
    );
  });

  test('knows the moment at which something fits: then it does, and a hair before it does not', async () => {
    await holds(
      fc.property(fc.array(act, { maxLength: 20 }), fc.integer({ min: 1, max: largest }), fc.boolean(), (acts, wanted, allCounted) => {
        const b = bench();
        const taken: Hold[] = [];
        for (const { waitMs, what, cost, which } of acts) {
          b.pass(waitMs);
          const hold = taken[which % Math.max(1, taken.length)];
          if (what === 'reserve' && b.fits(cost)) taken.push(b.limiter.reserve(cost, b.now));
          else if (what === 'settle' && hold !== undefined) b.limiter.settle(hold, cost, b.now);
          else if (what === 'written' && hold !== undefined) b.limiter.written(hold, b.now);
        }
        if (allCounted) for (const hold of taken) b.limiter.ended(hold, b.now);
        const at = b.nextFreeAt(wanted);
        if (at === b.now) {
          expect(b.fits(wanted)).toBe(true);
        } else if (at === Number.POSITIVE_INFINITY) {
          // Only an attempt's end can tell.
          b.pass(LONG_MS);
          expect(b.fits(wanted)).toBe(false);
          expect(b.limiter.inFlight).toBeGreaterThan(0);
        } else {
          // While something is in flight the moment is an upper bound: it may be counted sooner.
          b.now = Math.max(b.now, at - HAIR_MS);
          if (b.limiter.inFlight === 0) expect(b.fits(wanted)).toBe(false);
          b.now = at;
          expect(b.fits(wanted)).toBe(true);
        }
      }),
    );
  });

  test('lets start beside a claim only what leaves the claim its room at its moment', async () => {
    if (name === 'calls at once' || countsToTheEnd) return;
    await holds(
      fc.property(
        fc.array(act, { maxLength: 15 }),
        fc.integer({ min: 1, max: largest }),
        fc.integer({ min: 0, max: 2_000 }),
        fc.integer({ min: 1, max: 10 }),
        (acts, cost, laterMs, beside) => {
          const b = bench();
          const taken: Hold[] = [];
          for (const { waitMs, what, cost: size, which } of acts) {
            b.pass(waitMs);
            const hold = taken[which % Math.max(1, taken.length)];
            if (what === 'reserve' && b.fits(size)) taken.push(b.limiter.reserve(size, b.now));
            else if (what === 'written' && hold !== undefined) b.limiter.written(hold, b.now);
          }
          const at = b.now + laterMs;
          b.limiter.claims.place({}, { cost, at, seq: 1 }, 0);
          if (b.nextFreeAt(cost) > at || !b.fits(beside) || !b.limiter.respectsClaims(beside, {}, b.now)) return;
          b.limiter.written(b.limiter.reserve(beside, b.now), b.now);
          b.now = at;
          expect(b.fits(cost)).toBe(true);
        },
      ),
    );
  });
});
