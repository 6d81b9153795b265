import { describe, expect, it } from 'vitest';
import { RateLimiter, RateLimiterType } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

describe('RateLimiter on its own', () => {
  it('a window: acquires, counts, waits for the exact moment, first in first out', async () => {
    const clock = new VirtualClock();
    const limiter = RateLimiter.create({ type: RateLimiterType.TPM, limit: 100, timePeriod: 10 }, { clock });
    expect([limiter.type, limiter.limit]).toEqual(['tpm', 100]);
    expect(limiter.tryAcquire(60)).toBe(true);
    expect(limiter.tryAcquire(41)).toBe(false);
    expect(limiter.getCurrentUsage()).toBe(60);
    expect(limiter.getAvailableCapacity()).toBe(40);
    expect(limiter.getAvailableSlots()).toBe(40);
    const served: string[] = [];
    void limiter.waitForSlot(80).then(() => served.push(`large ${clock.now()}`));
    void limiter.waitForSlot(10).then(() => served.push(`small ${clock.now()}`));
    await clock.settle();
    // Whoever waits comes first.
    expect(limiter.tryAcquire(1)).toBe(false);
    await clock.advance(10_001);
    expect(served).toEqual([]);
    await clock.advance(1);
    expect(served).toEqual(['large 10002', 'small 10002']);
    expect(limiter.getCurrentUsage()).toBe(90);
    expect(clock.pendingTimers).toBe(0);
  });

  it('release gives nothing of a window back', () => {
    const limiter = RateLimiter.create({ type: 'rpm', limit: 2 }, { clock: new VirtualClock() });
    limiter.tryAcquire();
    limiter.release();
    expect(limiter.getCurrentUsage()).toBe(1);
  });

  it('concurrency: release serves whoever waits, also in parts', async () => {
    const clock = new VirtualClock();
    const limiter = RateLimiter.create({ type: 'concurrent', limit: 3 }, { clock });
    expect(limiter.tryAcquire(3)).toBe(true);
    let served = 0;
    for (let i = 0; i < 3; i++) void limiter.waitForSlot().then(() => served++);
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
    limiter.release(2);
    await clock.settle();
    expect(served).toBe(2);
    expect(limiter.getCurrentUsage()).toBe(3);
    limiter.release(99);
    await clock.settle();
    expect(served).toBe(3);
    expect(limiter.getCurrentUsage()).toBe(1);
    limiter.release();
    limiter.release();
    expect(limiter.getCurrentUsage()).toBe(0);
  });

  it('what can never fit is refused at once, by type, cost and size', async () => {
    const limiter = RateLimiter.create({ type: 'rpm', limit: 5 }, { clock: new VirtualClock() });
    expect(limiter.tryAcquire(6)).toBe(false);
    await expect(limiter.waitForSlot(6)).rejects.toMatchObject({
      code: 'request_too_large',
      limitType: 'rpm',
      cost: 6,
      limit: 5,
      message: expect.stringMatching(/^waitForSlot\(6\) asks for more than this 'rpm' limiter ever holds, 5: .* raise the limit\.$/),
    });
  });
});
