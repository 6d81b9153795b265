import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../src/limits/create-limiter.ts';

const LIMIT = 60;
const limiter = () => createLimiter({ type: 'rpm', limit: LIMIT, algorithm: 'evenly-spaced' }, 0, () => 0);

describe('an evenly spaced limit', () => {
  it('lets one start at a time, each after the time that the last one cost', () => {
    const cost = fc.constantFrom(0.25, 1, 3, 17.5);
    fc.assert(
      fc.property(fc.array(cost, { minLength: 1, maxLength: 50 }), (costs) => {
        const spaced = limiter();
        let now = 5_000;
        for (const each of costs) {
          expect(spaced.fits(each, now)).toBe(true);
          spaced.written(spaced.reserve(each, now), now);
          expect(spaced.fits(0.1, now)).toBe(false);
          const next = spaced.nextFreeAt(1, now);
          expect(next).toBeGreaterThan(now + each * 1000);
          expect(next).toBeLessThan(now + each * 1000 * 1.0002 + 0.01);
          expect(spaced.fits(1, next - 0.2 - each)).toBe(false);
          now = next;
        }
      }),
    );
  });

  it('lets nothing start in the same step, before the call is written', () => {
    const spaced = limiter();
    spaced.reserve(1, 0);

    expect(spaced.fits(1, 0)).toBe(false);
    expect(spaced.nextFreeAt(1, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes costs up to the whole limit', () => {
    expect(limiter().largest).toBe(LIMIT);
  });

  it('lets others start until shortly before a claim’s moment, whatever they cost', () => {
    const spaced = limiter();
    spaced.claim({}, { cost: 3, at: 10_000, seq: 1 });

    expect(spaced.respectsClaims(3, {}, 6_900)).toBe(true);
    expect(spaced.respectsClaims(3, {}, 7_100)).toBe(false);
    expect(spaced.respectsClaims(1, {}, 8_900)).toBe(true);
    expect(spaced.respectsClaims(1, {}, 9_100)).toBe(false);
  });
});
