import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLimiter } from '../../src/limits/create-limiter.ts';
import { SlidingWindow } from '../../src/limits/sliding-window.ts';
import { holds } from '../lib/property.ts';

const WINDOW_MS = 100;
/** One window and what is added for timers and clocks of different rates. */
const HOLD_MS = WINDOW_MS + 1 + WINDOW_MS * 1e-4;

interface Entry {
  readonly at: number;
  readonly id: number;
  cost: number;
}

/** The definition, written down: a list that is looked through each time. */
class BruteForce {
  readonly #entries: Entry[] = [];
  readonly #slotMs: number;

  constructor(slotMs: number) {
    this.#slotMs = slotMs;
  }

  add(id: number, cost: number, at: number): void {
    this.#entries.push({ id, cost, at: this.#slotMs > 0 ? Math.ceil(at / this.#slotMs) * this.#slotMs : at });
  }

  adjust(id: number, delta: number, now: number): void {
    const entry = this.#entries.find((each) => each.id === id);
    if (entry !== undefined && entry.at + HOLD_MS > now) entry.cost += delta;
  }

  used(at: number): number {
    return this.#entries.reduce((sum, entry) => (entry.at + HOLD_MS > at ? sum + entry.cost : sum), 0);
  }

  freeAt(need: number, now: number): number {
    if (need <= 0) return now;
    const target = this.used(now) - need;
    const moments = this.#entries.map(({ at }) => at + HOLD_MS).filter((at) => at > now);
    return moments.sort((a, b) => a - b).find((at) => this.used(at) <= target) ?? Number.POSITIVE_INFINITY;
  }
}

const step = fc.record({
  waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 70 }), fc.double({ min: 0, max: 40, noNaN: true })),
  act: fc.constantFrom('add', 'add', 'adjust', 'freeAt', 'usedAt'),
  amount: fc.integer({ min: 0, max: 30 }),
  which: fc.nat(20),
});

describe.each([0, 7, 25])('a sliding window with slots of %d ms', (slotMs) => {
  test('holds what a list looked through each time would hold', async () => {
    await holds(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const window = new SlidingWindow(WINDOW_MS, slotMs);
        const oracle = new BruteForce(slotMs);
        const entries: { name: number; cost: number }[] = [];
        let now = 0;
        for (const { waitMs, act, amount, which } of steps) {
          now += waitMs;
          const entry = entries[which % Math.max(1, entries.length)];
          if (act === 'add') {
            oracle.add(entries.length, amount, now);
            entries.push({ name: window.add(amount, now), cost: amount });
          } else if (act === 'adjust' && entry !== undefined) {
            const delta = amount - entry.cost;
            const isThere = oracle.used(now);
            oracle.adjust(entries.indexOf(entry), delta, now);
            window.adjust(entry.name, delta, now);
            if (oracle.used(now) !== isThere) entry.cost = amount;
          } else if (act === 'freeAt') {
            expect(window.freeAt(amount, now, [])).toBe(oracle.freeAt(amount, now));
          } else if (act === 'usedAt') {
            expect(window.usedAt(now + 3 * amount, [])).toBe(oracle.used(now + 3 * amount));
          }
          expect(window.used(now)).toBe(oracle.used(now));
          expect(window.used(now)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

test('what is pending counts as if it were counted at the last moment', () => {
  const window = new SlidingWindow(WINDOW_MS);
  window.add(10, 0);
  const pending = [
    { cost: 5, dueAt: 40 },
    { cost: 7, dueAt: 60 },
  ];
  expect(window.freeAt(10, 1, pending)).toBe(HOLD_MS);
  expect(window.freeAt(11, 1, pending)).toBe(40 + HOLD_MS);
  expect(window.freeAt(16, 1, pending)).toBe(60 + HOLD_MS);
  expect(window.freeAt(23, 1, pending)).toBe(Number.POSITIVE_INFINITY);
  expect(window.usedAt(50, pending)).toBe(22);
  expect(window.usedAt(HOLD_MS, pending)).toBe(12);
  expect(window.usedAt(60 + HOLD_MS, pending)).toBe(0);
});

test('an entry that has left is not changed any more', () => {
  const window = new SlidingWindow(WINDOW_MS);
  const gone = window.add(10, 0);
  window.add(1, 150);
  window.adjust(gone, 50, 151);
  window.adjust(gone, -10, 151);
  expect(window.used(151)).toBe(1);
});

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

test('a day of a million entries stays small and exact to a slot', () => {
  const dayMs = 86_400_000;
  const window = new SlidingWindow(dayMs, dayMs / 1_440);
  const before = heapUsed();
  for (let i = 0; i < 1_000_000; i++) window.add(1, i * 80);
  expect(heapUsed() - before).toBeLessThan(20_000_000);
  const lastAt = 999_999 * 80;
  expect(window.used(lastAt)).toBe(1_000_000);
  const goneAfter = dayMs * (1 + 1 / 1_440 + 1e-4) + 1;
  expect(window.used(lastAt + goneAfter)).toBe(0);
});

test('a short window that holds very many entries keeps them in slots and never forgets one early', () => {
  const window = new SlidingWindow(WINDOW_MS);
  const entries = 200_000;
  const kept: number[] = [];
  for (let i = 0; i < entries; i++) window.add(1, (i / entries) * WINDOW_MS);
  for (let at = WINDOW_MS; at < 3 * WINDOW_MS; at += 0.5) kept.push(window.used(at));
  kept.forEach((used, i) => {
    const at = WINDOW_MS + i * 0.5;
    const exact = entries - Math.min(entries, Math.max(0, Math.ceil(((at - HOLD_MS) / WINDOW_MS) * entries)));
    expect(used).toBeGreaterThanOrEqual(exact - 1);
    // At most one slot too long.
    const generous = entries - Math.min(entries, Math.max(0, Math.floor(((at - HOLD_MS - WINDOW_MS / 4_096) / WINDOW_MS) * entries)));
    expect(used).toBeLessThanOrEqual(generous + 1);
  });
});

describe('a limiter that takes the place of another', () => {
  test('counts what that one counted, each at its own time, and what is in flight as of now', () => {
    const options = { type: 'rpm', limit: 10, countedWithinMs: 0 } as const;
    const before = createLimiter({ ...options, windowMs: 4_000 }, 0, () => 0);
    for (const at of [0, 1_000]) before.responded(before.reserve(4, at), at);
    before.reserve(1, 2_000);
    const after = createLimiter({ ...options, windowMs: 5_000 }, 2_000, () => 0);
    after.takeOver(before, 2_000);
    expect(after.used(2_000)).toBe(9);
    expect(after.used(5_500)).toBe(5);
    expect(after.used(6_500)).toBe(1);
    expect(after.used(7_500)).toBe(0);
  });
});

test('a window that spreads lets a twentieth through at once, and hardly fills before it is over', () => {
  const limiter = createLimiter({ type: 'rpm', limit: 100, windowMs: 1_000, countedWithinMs: 0, spread: true }, 0, () => 0);
  const starts: number[] = [];
  for (let now = 0; now < 1_000; now = limiter.nextFreeAt(1, now)) {
    limiter.responded(limiter.reserve(1, now), now);
    starts.push(now);
  }
  expect(starts.filter((at) => at === 0)).toHaveLength(6);
  expect(starts).toHaveLength(100);
  expect(starts.at(-1)).toBeGreaterThan(880);
});
