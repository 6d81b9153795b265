import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { QueueTimeout } from '../../src/domain/errors.ts';
import { MAX_TIMER_MS, systemClock } from '../../src/lib/system-clock.ts';
import { Timer } from '../../src/lib/timer.ts';
import { withTimeout } from '../../src/lib/with-timeout.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { holds } from './property.ts';

describe('the virtual clock', () => {
  const command = fc.record({
    do: fc.constantFrom('set', 'set', 'set', 'clear', 'advance'),
    ms: fc.oneof(fc.integer({ min: -5, max: 50 }), fc.double({ min: 0, max: 50, noNaN: true })),
    which: fc.nat(50),
  });

  test('fires each timer at its moment, in order, first set first among equals, and none that was cleared', async () => {
    await holds(
      fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
        const clock = new VirtualClock({ startMs: 100 });
        const fired: { id: number; at: number }[] = [];
        const timers: { id: number; at: number; handle: unknown; gone: boolean }[] = [];
        for (const { do: what, ms, which } of commands) {
          const timer = timers[which % Math.max(1, timers.length)];
          if (what === 'set') {
            const id = timers.length;
            const handle = clock.setTimeout(() => fired.push({ id, at: clock.now() }), ms);
            timers.push({ id, at: clock.now() + Math.max(0, ms), handle, gone: false });
          } else if (what === 'clear' && timer !== undefined) {
            clock.clearTimeout(timer.handle);
            timer.gone ||= !fired.some(({ id }) => id === timer.id);
          } else if (what === 'advance') {
            await clock.advance(Math.abs(ms));
          }
          const due = timers.filter(({ at, gone }) => !gone && at <= clock.now() && (what === 'advance' || fired.some(() => true)));
          if (what === 'advance') {
            expect(fired).toEqual(due.sort((a, b) => a.at - b.at || a.id - b.id).map(({ id, at }) => ({ id, at })));
          }
          const waiting = timers.filter(({ id, gone }) => !gone && !fired.some((each) => each.id === id));
          expect(clock.pendingTimers).toBe(waiting.length);
          expect(clock.nextTimerAt).toBe(waiting.length === 0 ? undefined : Math.min(...waiting.map(({ at }) => at)));
        }
      }),
    );
  });

  test('lets everything that a timer set off happen before the next one fires', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.setTimeout(() => {
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => seen.push(`settled at ${clock.now()}`));
    }, 10);
    clock.setTimeout(() => seen.push('next'), 10);
    await clock.advance(10);
    expect(seen).toEqual(['settled at 10', 'next']);
  });

  test('advances until something is so, and says whether it is', async () => {
    const clock = new VirtualClock();
    let done = false;
    clock.setTimeout(() => {
      done = true;
    }, 50);
    expect(await clock.advanceUntil(() => done, 49)).toBe(false);
    expect(await clock.advanceUntil(() => done)).toBe(true);
    expect(clock.now()).toBe(50);
    expect(await clock.advanceUntil(() => false)).toBe(false);
  });

  test('lets the wall clock jump without touching monotonic time', async () => {
    const clock = new VirtualClock({ wallMs: 1_000_000 });
    await clock.advance(5);
    clock.jumpWall(-60_000);
    expect([clock.now(), clock.wallMs()]).toEqual([5, 940_005]);
  });
});

describe('the system clock', () => {
  test('clamps what a timer cannot hold, fires, clears and lets go of background timers', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const handle = systemClock.setTimeout(() => {}, 1e12);
    expect(set).toHaveBeenLastCalledWith(expect.any(Function), MAX_TIMER_MS);
    systemClock.clearTimeout(handle);
    const background = systemClock.setTimeout(() => {}, 1e6, { background: true });
    expect((background as NodeJS.Timeout).hasRef()).toBe(false);
    systemClock.clearTimeout(background);
    set.mockRestore();
    await new Promise<void>((resolve) => systemClock.setTimeout(resolve, -5));
    expect(systemClock.now()).toBeLessThanOrEqual(systemClock.now());
    expect(Math.abs(systemClock.wallMs() - Date.now())).toBeLessThan(1_000);
  });
});

describe('a stopwatch', () => {
  test('reads seconds while it runs and keeps what it showed when it stopped', async () => {
    const clock = new VirtualClock({ startMs: 2_000 });
    const timer = new Timer(clock);
    expect([timer.startTime, timer.endTime, timer.elapsed]).toEqual([2, undefined, 0]);
    await clock.advance(1_500);
    expect(timer.elapsed).toBe(1.5);
    expect(timer.stop()).toBe(1.5);
    await clock.advance(1_000);
    expect([timer.stop(), timer.elapsed, timer.endTime]).toEqual([1.5, 1.5, 3.5]);
    const scoped = new Timer(clock);
    {
      using running = scoped;
      expect(running.endTime).toBeUndefined();
    }
    expect(scoped.endTime).toBe(4.5);
  });
});

describe('a time limit', () => {
  test('passes on what was in time, good or bad, and leaves no timer', async () => {
    const clock = new VirtualClock();
    expect(await withTimeout(() => 'done', 1, clock)).toBe('done');
    await expect(withTimeout(() => Promise.reject(new TypeError('no')), 1, clock)).rejects.toThrow('no');
    await expect(
      withTimeout(
        () => {
          throw new TypeError('at once');
        },
        1,
        clock,
      ),
    ).rejects.toThrow('at once');
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
  });

  test('rejects and aborts what was too late, whatever it does then', async () => {
    const clock = new VirtualClock();
    let signal: AbortSignal | undefined;
    const late = withTimeout(
      (given) => {
        signal = given;
        return new Promise((_resolve, reject) => clock.setTimeout(() => reject(new Error('much later')), 5_000));
      },
      2,
      clock,
    );
    const outcome = expect(late).rejects.toBeInstanceOf(QueueTimeout);
    await clock.advance(2_000);
    await outcome;
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toBeInstanceOf(QueueTimeout);
    await clock.advance(5_000);
  });
});
