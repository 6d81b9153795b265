import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UserLimitDecision, UserLimitStore } from '../../src/domain/user-limit-store.ts';

/** A store as the contract sees it. */
interface StoreUnderTest {
  readonly store: UserLimitStore;
  /** Epoch milliseconds of the process. */
  nowMs(): number;
  /** Lets time pass, at least so much. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What every store of user limits promises. */
export function describeUserLimitStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`user limits ${name}`, () => {
    let under: StoreUnderTest;
    beforeEach(async () => {
      under = await open();
      await under.store.connect();
    });
    afterEach(() => under.close());
    const ask = (user: string, limit: number, windowSeconds: number): Promise<UserLimitDecision> =>
      Promise.resolve(under.store.checkAndAddRequest(user, limit, under.nowMs(), windowSeconds));

    it('let a user have so many requests, say how many count, and refuse the next one', async () => {
      expect(await ask('ann', 2, 60)).toEqual({ allowed: true, used: 1 });
      expect(await ask('ann', 2, 60)).toEqual({ allowed: true, used: 2 });
      const refused = await ask('ann', 2, 60);
      expect(refused).toMatchObject({ allowed: false, used: 2 });
      expect(refused.remaining).toBeGreaterThan(55);
      expect(refused.remaining).toBeLessThanOrEqual(60);
    });

    it('count each user apart, whatever they are called', async () => {
      for (const user of ['ann', 'Ann', 'ann ', 'a:nn', 'änn', '*', '{ann}', '__proto__', 'ann\n']) {
        expect((await ask(user, 1, 60)).allowed).toBe(true);
        expect((await ask(user, 1, 60)).allowed).toBe(false);
      }
    });

    it('name the moment at which one more fits: then it does, and before that it does not', async () => {
      const window = 0.2;
      await ask('ann', 1, window);
      for (let round = 0; round < 3; round++) {
        const { allowed, remaining = Number.NaN } = await ask('ann', 1, window);
        expect(allowed).toBe(false);
        expect(remaining).toBeGreaterThan(0);
        expect(remaining).toBeLessThanOrEqual(window);
        await under.pass(remaining * 1000);
        expect((await ask('ann', 1, window)).allowed).toBe(true);
      }
    });

    it('count no refused request', async () => {
      await ask('ann', 1, 0.2);
      const { remaining = Number.NaN } = await ask('ann', 1, 0.2);
      for (let again = 0; again < 5; again++) await ask('ann', 1, 0.2);
      await under.pass(remaining * 1000);
      expect((await ask('ann', 1, 0.2)).allowed).toBe(true);
    });

    it('tell the wait until enough has left where the limit became smaller', async () => {
      for (let request = 0; request < 4; request++) {
        await ask('ann', 4, 60);
        await under.pass(20);
      }
      const oldest = (await ask('ann', 4, 60)).remaining ?? Number.NaN;
      const third = (await ask('ann', 2, 60)).remaining ?? Number.NaN;
      expect(third - oldest).toBeGreaterThan(0.03);
      expect(third).toBeLessThanOrEqual(60);
    });

    it('give the last place to one of many who ask at once', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask('ann', 7, 60)));
      expect(answers.filter(({ allowed }) => allowed)).toHaveLength(7);
    });
  });
}
