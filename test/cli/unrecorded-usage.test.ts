import { describe, expect, it } from 'vitest';
import type { WindowLimit } from '../../src/cli/batch/sent-ledger.ts';
import { withUnrecordedUsage } from '../../src/cli/batch/unrecorded-usage.ts';

const AT = 1_000_000;
const rpm = (windowMs = 60_000): WindowLimit => ({ model: 'm', type: 'rpm', limit: 100, windowMs, countedWithinMs: 1_000 });
const recorded = { model: 'm', type: 'rpm', slots: [[AT, 7] as const] };
const earlier = { sent: [recorded], windowMs: undefined, lastActiveAt: AT, finished: 30 };

describe('what a run before this one sent', () => {
  it('is what it recorded, where it had the same limit', () => {
    expect(withUnrecordedUsage([rpm()], earlier)).toEqual([recorded]);
    expect(withUnrecordedUsage([rpm(2_000)], earlier)).toEqual([recorded]);
  });

  it('is taken for a full limit where it had none, or a shorter window', () => {
    const full = { model: 'm', type: 'rpm', slots: [[AT, 100]] };
    expect(withUnrecordedUsage([rpm()], { ...earlier, sent: [] })).toEqual([full]);
    expect(withUnrecordedUsage([rpm(4_000)], { ...earlier, windowMs: 1_000 })).toEqual([full]);
  });

  it('is what it finished where a day counts, and what it recorded of others is kept', () => {
    const rpd: WindowLimit = { ...rpm(86_400_000), type: 'rpd', limit: 10_000 };
    expect(withUnrecordedUsage([rpd], earlier)).toEqual([recorded, { model: 'm', type: 'rpd', slots: [[AT, 30]] }]);
  });
});
