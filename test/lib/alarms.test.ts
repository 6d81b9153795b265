import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Alarm, Alarms } from '../../src/lib/alarms.ts';
import { MAX_TIMER_MS } from '../../src/lib/system-clock.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { holds } from '../lib/property.ts';

test('each rings once at its moment, none rings that was cleared, one timer serves all, and none is left', async () => {
  const command = fc.record({
    do: fc.constantFrom('set', 'set', 'clear', 'advance', 'setOnRing', 'clearOnRing'),
    ms: fc.integer({ min: 0, max: 60 }),
    which: fc.nat(30),
  });
  await holds(
    fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
      const clock = new VirtualClock();
      const alarms = new Alarms(clock);
      const set: { alarm: Alarm; at: number; gone: boolean; rang: number[] }[] = [];
      const add = (at: number, onRing: () => void): void => {
        const each = { at, gone: false, rang: [] as number[] };
        const alarm = alarms.set(at, () => {
          each.rang.push(clock.now());
          onRing();
        });
        set.push(Object.assign(each, { alarm }));
      };
      for (const { do: what, ms, which } of commands) {
        const some = set[which % Math.max(1, set.length)];
        const clear = (): void => {
          if (some === undefined) return;
          some.gone ||= some.rang.length === 0;
          alarms.clear(some.alarm);
        };
        if (what === 'set') add(clock.now() + ms, () => {});
        else if (what === 'setOnRing') add(clock.now() + ms, () => add(clock.now() + which, () => {}));
        else if (what === 'clearOnRing') add(clock.now() + ms, clear);
        else if (what === 'clear') clear();
        else await clock.advance(ms);
        expect(clock.pendingTimers).toBeLessThanOrEqual(1);
      }
      await clock.advance(1_000);
      for (const { at, gone, rang } of set) expect(rang).toEqual(gone ? [] : [at]);
      expect(clock.pendingTimers).toBe(0);
    }),
  );
});

test('a timer that rings early is set again, and one that cannot wait so long goes in steps', async () => {
  const clock = new VirtualClock();
  const early = {
    now: () => clock.now(),
    wallMs: () => clock.wallMs(),
    setTimeout: (callback: () => void, ms: number) => clock.setTimeout(callback, Math.min(ms > 1 ? ms - 0.7 : ms, MAX_TIMER_MS)),
    clearTimeout: (handle: unknown) => clock.clearTimeout(handle),
  };
  const alarms = new Alarms(early);
  const rang: number[] = [];
  alarms.set(100, () => rang.push(clock.now()));
  alarms.set(3 * MAX_TIMER_MS, () => rang.push(clock.now()));
  await clock.advance(4 * MAX_TIMER_MS);
  expect(rang).toEqual([100, 3 * MAX_TIMER_MS]);
});

test('to clear nothing, or what has rung, is nothing', async () => {
  const clock = new VirtualClock();
  const alarms = new Alarms(clock);
  alarms.clear(undefined);
  const alarm = alarms.set(5, () => {});
  await clock.advance(5);
  alarms.clear(alarm);
  expect(clock.pendingTimers).toBe(0);
});
