import { describe, expect, test } from 'vitest';
import { BlockEvidence } from '../../src/limits/learning/block-evidence.ts';
import { FixedWindows } from '../../src/limits/learning/fixed-windows.ts';
import { RateGate } from '../../src/limits/learning/rate-gate.ts';

const WINDOW_MS = 5_000;

describe('whether windows follow one another', () => {
  /** A burst of refusals whose first call was sent at `sentAt` and answered 200 ms later. */
  function block(evidence: BlockEvidence, sentAt: number, openedAt: number, interleaved = false): void {
    evidence.begin(sentAt, sentAt + 200, WINDOW_MS);
    if (interleaved) evidence.accepted(sentAt + 70);
    evidence.refused(sentAt + 190);
    evidence.end(openedAt, WINDOW_MS);
  }

  test('one long block in which nothing is accepted says so', () => {
    const evidence = new BlockEvidence();
    block(evidence, 1_000, 2_000);
    expect(evidence.isFixed).toBe(true);
    evidence.refute();
    expect(evidence.isFixed).toBe(false);
  });

  test('short ones say so together, where they end whole windows apart', () => {
    const evidence = new BlockEvidence();
    for (const openedAt of [5_000, 10_100, 24_950]) block(evidence, openedAt - 300, openedAt);
    expect(evidence.isFixed).toBe(true);
  });

  test('those that end at any time, or while some are accepted, do not', () => {
    const evidence = new BlockEvidence();
    for (const openedAt of [5_000, 12_000, 19_500, 28_000]) block(evidence, openedAt - 300, openedAt);
    expect(evidence.isFixed).toBe(false);
    const other = new BlockEvidence();
    for (const openedAt of [5_000, 10_000, 15_000, 20_000]) block(other, openedAt - 300, openedAt, true);
    expect(other.isFixed).toBe(false);
  });
});

describe('windows that follow one another', () => {
  const found = { windowMs: WINDOW_MS, after: 0, from: 50, size: 100 };
  /** So many accepted, evenly over the window that began at `from`. */
  function fill(windows: FixedWindows, from: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const sentAt = from + (i * 4_400) / count;
      windows.accepted(sentAt, 1, 1, sentAt + 100);
    }
  }

  test('hold what they held, are probed by one call in every few, and grow as soon as it is accepted', () => {
    const windows = new FixedWindows(found, 1);
    fill(windows, 60, 100);
    expect(windows.window.limit).toBe(100);
    fill(windows, 5_060, 100);
    expect(windows.window.limit).toBe(100);
    fill(windows, 10_060, 100);
    expect(windows.window.limit).toBe(101);
    windows.accepted(14_500, 1, 1, 14_600);
    expect(windows.window.limit).toBeGreaterThan(102);
    const before = windows.rate;
    fill(windows, 15_060, 10);
    expect(windows.rate).toBeGreaterThan(1.05 * (before / 2));
  });

  test('a full one is waited for, and what it held is the size', () => {
    const windows = new FixedWindows(found, 1);
    fill(windows, 60, 96);
    windows.refused(4_600, 4_700);
    expect(windows.pausedUntil).toBe(5_050);
    windows.accepted(5_060, 1, 1, 5_160);
    expect(windows.sustained).toBeCloseTo(96 / 5);
    expect(windows.refuted).toBe(false);
  });

  test('one that is full with much less is asked again soon, and given up once a call is accepted in it', () => {
    const windows = new FixedWindows(found, 1);
    for (let i = 0; i < 40; i++) windows.accepted(60 + 40 * i, 1, 1, 160 + 40 * i);
    windows.refused(1_700, 1_800);
    expect(windows.pausedUntil).toBeLessThan(2_100);
    windows.accepted(2_050, 1, 1, 2_150);
    expect(windows.refuted).toBe(true);
  });

  test('the gate counts from the beginning of each', () => {
    const gate = new RateGate(1_000, 10);
    gate.setRate(1_000, 10, 0, { limit: 2, windowMs: 1_000, from: 500 });
    gate.take(1, 100);
    gate.take(1, 200);
    expect(gate.freeAt(1, 300)).toBeCloseTo(500, 1);
    gate.take(1, 600);
    gate.take(1, 1_400);
    expect(gate.freeAt(1, 1_450)).toBeCloseTo(1_500, 1);
    expect(gate.freeAt(1, 1_501)).toBe(1_501);
  });
});
