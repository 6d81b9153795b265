import { describe, expect, test } from 'vitest';
import { Claims } from '../../src/limits/claims.ts';

const A = { name: 'a' };
const B = { name: 'b' };
const NOBODY = { name: 'nobody' };
const UNKNOWN = Number.POSITIVE_INFINITY;
const always = (free: number) => () => free;

describe('claims', () => {
  test('leave everybody alone while there are none', () => {
    const claims = new Claims();
    expect(claims.leaveRoomFor(1_000, NOBODY, always(0))).toBe(true);
    expect([claims.size, claims.total]).toEqual([0, 0]);
  });

  test('keep what the claimant needs at its moment, and no more', () => {
    const claims = new Claims();
    claims.place(A, { cost: 60, at: 50, seq: 1 }, 0);
    const roomAt = (at: number): number => (at >= 50 ? 100 : 10);
    expect(claims.leaveRoomFor(40, NOBODY, roomAt)).toBe(true);
    expect(claims.leaveRoomFor(41, NOBODY, roomAt)).toBe(false);
    expect(claims.leaveRoomFor(0, NOBODY, always(-5))).toBe(true);
    expect(claims.total).toBe(60);
  });

  test('bind younger claimants, not older ones, and nobody to its own', () => {
    const claims = new Claims();
    claims.place(A, { cost: 60, at: 50, seq: 1 }, 0);
    claims.place(B, { cost: 30, at: 20, seq: 2 }, 0);
    const roomAt = always(80);
    expect(claims.leaveRoomFor(60, A, roomAt)).toBe(true);
    expect(claims.leaveRoomFor(20, B, roomAt)).toBe(true);
    expect(claims.leaveRoomFor(21, B, roomAt)).toBe(false);
    // Both have to fit beside whoever claims nothing.
    expect(claims.leaveRoomFor(1, NOBODY, always(90))).toBe(false);
    expect(claims.leaveRoomFor(1, NOBODY, always(91))).toBe(true);
  });

  test("count a younger claim that is served first against an older one's moment", () => {
    const claims = new Claims();
    claims.place(A, { cost: 60, at: 50, seq: 1 }, 0);
    claims.place(B, { cost: 30, at: 20, seq: 2 }, 0);
    const roomAt = (at: number): number => (at >= 50 ? 100 : 45);
    // At 20 there is room for 15 beside B, at 50 for 10 beside both.
    expect(claims.leaveRoomFor(10, NOBODY, roomAt)).toBe(true);
    expect(claims.leaveRoomFor(11, NOBODY, roomAt)).toBe(false);
  });

  test('are one per claimant, renewed in place and dropped once', () => {
    const claims = new Claims();
    claims.place(A, { cost: 60, at: 50, seq: 1 }, 0);
    claims.place(A, { cost: 10, at: 50, seq: 2 }, 0);
    expect([claims.size, claims.total]).toEqual([1, 10]);
    expect(claims.drop(A)).toBe(true);
    expect(claims.drop(A)).toBe(false);
    expect(claims.size).toBe(0);
  });

  test('may be delayed by the tolerance in all, however often they are renewed', () => {
    const claims = new Claims();
    const seen: number[] = [];
    const momentOf = (): number => {
      seen.length = 0;
      claims.leaveRoomFor(1, NOBODY, (at) => {
        seen.push(at);
        return 1_000;
      });
      return seen[0] as number;
    };
    claims.place(A, { cost: 60, at: 50, seq: 1 }, 5);
    expect(momentOf()).toBe(55);
    claims.place(A, { cost: 60, at: 53, seq: 1 }, 5);
    expect(momentOf()).toBe(55);
    claims.place(A, { cost: 60, at: 40, seq: 1 }, 5);
    expect(momentOf()).toBe(45);
    // Its own room moved away for another reason: it is not made to wait longer still.
    claims.place(A, { cost: 60, at: 70, seq: 1 }, 5);
    expect(momentOf()).toBe(70);
    claims.place(A, { cost: 60, at: UNKNOWN, seq: 1 }, 5);
    expect(momentOf()).toBe(UNKNOWN);
    claims.place(A, { cost: 60, at: 90, seq: 1 }, 5);
    expect(momentOf()).toBe(95);
  });
});
