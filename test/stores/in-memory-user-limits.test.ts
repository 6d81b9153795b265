import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InMemoryUserRateLimitStoreAdapter } from '../../src/stores/in-memory-user-limits.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { describeUserLimitStore } from './user-limits-contract.ts';

const START = 1_735_689_600_000;

describeUserLimitStore('in memory', async () => {
  const clock = new VirtualClock();
  return {
    store: new InMemoryUserRateLimitStoreAdapter(),
    nowMs: () => clock.wallMs(),
    pass: (ms) => clock.advance(ms),
    close: async () => {},
  };
});

describe('user limits in memory', () => {
  it('count a request for exactly one window, tell the exact wait, and count no refused one', () => {
    const store = new InMemoryUserRateLimitStoreAdapter();
    const ask = (afterMs: number) => store.checkAndAddRequest('ann', 2, START + afterMs, 60);

    expect(ask(0)).toEqual({ allowed: true, used: 1 });
    expect(ask(10_250)).toEqual({ allowed: true, used: 2 });
    expect(ask(10_250)).toEqual({ allowed: false, used: 2, remaining: 49.75 });
    expect(ask(59_999)).toEqual({ allowed: false, used: 2, remaining: 0.001 });
    expect(ask(60_000)).toEqual({ allowed: true, used: 2 });
    expect(ask(60_000)).toEqual({ allowed: false, used: 2, remaining: 10.25 });
  });

  it('are each user’s own', () => {
    const store = new InMemoryUserRateLimitStoreAdapter();

    expect(store.checkAndAddRequest('ann', 1, START, 60).allowed).toBe(true);
    expect(store.checkAndAddRequest('bob', 1, START, 60).allowed).toBe(true);
    expect(store.checkAndAddRequest('ann', 1, START, 60).allowed).toBe(false);
  });

  it('tell the wait until enough has left where the limit became smaller', () => {
    const store = new InMemoryUserRateLimitStoreAdapter();
    for (let second = 0; second < 5; second++) store.checkAndAddRequest('ann', 5, START + second * 1000, 60);

    expect(store.checkAndAddRequest('ann', 2, START + 10_000, 60)).toEqual({ allowed: false, used: 5, remaining: 53 });
  });

  it('forget users whose window is empty', () => {
    const store = new InMemoryUserRateLimitStoreAdapter();
    for (let user = 0; user < 10_000; user++) store.checkAndAddRequest(`user-${user}`, 40, START + user * 10, 60);

    expect(store.size).toBeLessThanOrEqual(6_000);
    store.checkAndAddRequest('last', 40, START + 200_000, 60);
    expect(store.size).toBe(1);
  });

  it('forget idle users also behind one who keeps coming', () => {
    const store = new InMemoryUserRateLimitStoreAdapter();
    for (let second = 0; second < 600; second++) {
      store.checkAndAddRequest('busy', 1_000, START + second * 1000, 60);
      store.checkAndAddRequest(`user-${second}`, 40, START + second * 1000, 60);
    }

    expect(store.size).toBeLessThanOrEqual(61);
  });

  it('give back a request, and count one from a later moment on', () => {
    const store = new InMemoryUserRateLimitStoreAdapter();
    const ask = (afterMs: number) => store.checkAndAddRequest('ann', 2, START + afterMs, 60);
    ask(0);
    ask(1_000);
    store.giveBack('ann', START + 1_000);
    expect(ask(2_000)).toEqual({ allowed: true, used: 2 });
    store.move('ann', START, START + 5_000);
    expect(ask(60_000)).toEqual({ allowed: false, used: 2, remaining: 2 });
    expect(ask(62_000)).toEqual({ allowed: true, used: 2 });
    expect(ask(64_999)).toMatchObject({ allowed: false });
  });

  it('never allow more than the limit in any window, refuse nothing that fits, and name the first moment that does', () => {
    const arrivals = fc.array(fc.record({ waitMs: fc.nat(20_000), user: fc.nat(2) }), { maxLength: 200 });
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 60 }), (steps, limit, windowSeconds) => {
        const store = new InMemoryUserRateLimitStoreAdapter();
        const model = new Map<number, number[]>();
        let now = START;
        for (const { waitMs, user } of steps) {
          now += waitMs;
          const counted = model.get(user) ?? [];
          const inWindow = (at: number): number => counted.filter((moment) => moment + windowSeconds * 1000 > at).length;
          const decision = store.checkAndAddRequest(String(user), limit, now, windowSeconds);
          expect(decision.allowed).toBe(inWindow(now) < limit);
          if (decision.allowed) model.set(user, [...counted, now]);
          else {
            const firstMoment = now + Math.round((decision.remaining ?? Number.NaN) * 1000);
            expect(inWindow(firstMoment)).toBeLessThan(limit);
            expect(inWindow(firstMoment - 1)).toBeGreaterThanOrEqual(limit);
          }
        }
      }),
    );
  });
});
