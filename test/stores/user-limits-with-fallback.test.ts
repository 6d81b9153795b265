import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import type { UserLimitDecision, UserLimitStore } from '../../src/domain/user-limit-store.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { InMemoryUserRateLimitStoreAdapter } from '../../src/stores/in-memory-user-limits.ts';
import { RedisUserRateLimitStoreAdapter } from '../../src/stores/redis/index.ts';
import { UserLimitsWithFallback } from '../../src/stores/user-limits-with-fallback.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { holds } from '../lib/property.ts';
import { openRedis } from '../servers/redis.ts';
import { describeUserLimitStore } from './user-limits-contract.ts';

/** A store that a test takes down. */
class Fragile implements UserLimitStore {
  readonly #clock: VirtualClock;
  #store = new InMemoryUserRateLimitStoreAdapter();
  isDown = false;
  answersAfterMs = 0;
  asked = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  forget(): void {
    this.#store = new InMemoryUserRateLimitStoreAdapter();
  }

  async connect(): Promise<void> {
    if (this.isDown) throw new Error('down');
  }

  async disconnect(): Promise<void> {}

  async checkAndAddRequest(...request: Parameters<InMemoryUserRateLimitStoreAdapter['checkAndAddRequest']>): Promise<UserLimitDecision> {
    this.asked++;
    await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, this.answersAfterMs));
    if (this.isDown) throw new Error('down');
    const [user, limit, , window] = request;
    return this.#store.checkAndAddRequest(user, limit, this.#clock.wallMs(), window);
  }
}

function setUp(share?: number) {
  const clock = new VirtualClock();
  const fragile = new Fragile(clock);
  const logged: string[] = [];
  const say = (_: object, message = ''): void => void logged.push(message);
  const store = new UserLimitsWithFallback(fragile, { clock, share, logger: { debug: say, info: say, warn: say, error: say } });
  const ask = async (user = 'ann', limit = 10): Promise<UserLimitDecision> => {
    let answer: UserLimitDecision | undefined;
    void Promise.resolve(store.checkAndAddRequest(user, limit, clock.wallMs(), 60)).then((decision) => (answer = decision));
    await clock.advanceUntil(() => answer !== undefined);
    return answer as UserLimitDecision;
  };
  const many = async (count: number, user?: string): Promise<number> => {
    let allowed = 0;
    for (let request = 0; request < count; request++) if ((await ask(user)).allowed) allowed++;
    return allowed;
  };
  return { clock, fragile, logged, store, ask, many };
}

describeUserLimitStore('with a fallback', async () => {
  const clock = new VirtualClock();
  return {
    store: new UserLimitsWithFallback(new InMemoryUserRateLimitStoreAdapter(), { clock }),
    nowMs: () => clock.wallMs(),
    pass: (ms) => clock.advance(ms),
    close: async () => {},
  };
});

describe('user limits whose store goes down', () => {
  it('go on with 0.9 of the limit, at least one request, and say so once', async () => {
    const { fragile, store, many, ask, logged } = setUp();
    fragile.isDown = true;

    expect(await many(30)).toBe(9);
    expect(await many(30, 'bob')).toBe(9);
    expect((await ask('one', 1)).allowed).toBe(true);
    expect(store.isDown).toBe(true);
    expect(store.failures).toBe(1);
    expect(logged).toEqual(['the store of user limits is down: this process counts alone, up to a share of each limit']);
  });

  it('ask the store once a second whether it is back, and no request waits for that', async () => {
    const { clock, fragile, store, ask, logged } = setUp();
    await store.connect();
    fragile.isDown = true;
    await ask();
    const { asked } = fragile;
    await ask();
    expect(fragile.asked).toBe(asked);
    await clock.advance(5_000);
    fragile.isDown = false;
    await clock.advance(1_000);

    expect(store.isDown).toBe(false);
    expect(logged.at(-1)).toBe('the store of user limits is back');
    await ask();
    expect(fragile.asked).toBe(asked + 1);
    await store.disconnect();
    expect(clock.pendingTimers).toBe(0);
  });

  it('carry over what the store had counted', async () => {
    const { fragile, many } = setUp();
    expect(await many(6)).toBe(6);
    fragile.isDown = true;
    expect(await many(30)).toBe(3);
  });

  it('carry what was counted meanwhile back to a store that comes back empty', async () => {
    const { clock, fragile, many } = setUp();
    await many(4);
    fragile.isDown = true;
    expect(await many(30)).toBe(5);
    fragile.isDown = false;
    fragile.forget();
    await clock.advance(1_000);

    expect(await many(30)).toBe(1);
  });

  it('start without the store, but not with a wrong configuration', async () => {
    const { clock, fragile, store } = setUp();
    fragile.isDown = true;
    await store.connect();
    expect(store.isDown).toBe(true);

    const wrong: UserLimitStore = {
      connect: () => Promise.reject(new InvalidConfiguration('wrong')),
      disconnect: () => {},
      checkAndAddRequest: () => ({ allowed: true }),
    };
    await expect(new UserLimitsWithFallback(wrong, { clock }).connect()).rejects.toThrow(InvalidConfiguration);
  });

  it.each([0, -1, 1.1, Number.NaN])('refuse the share %d', (share) => {
    expect(() => setUp(share)).toThrow(InvalidConfiguration);
  });

  it('wait for the moment that they named themselves, while the store answers late', async () => {
    const { clock, fragile, ask } = setUp();
    fragile.answersAfterMs = 40;
    await ask('ann', 1);
    const { allowed, remaining = Number.NaN } = await ask('ann', 1);
    expect(allowed).toBe(false);
    await clock.advance(remaining * 1000);
    expect((await ask('ann', 1)).allowed).toBe(true);
  });

  it('never let more through in any window than the limit, whatever becomes of the store', () => {
    const step = fc.record({
      waitMs: fc.oneof(fc.constant(0), fc.nat(3_000)),
      at: fc.constantFrom('request', 'request', 'request', 'request', 'down', 'up', 'forget'),
      lateMs: fc.constantFrom(0, 0, 5, 250),
    });
    return holds(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 12 }), async (steps, limit) => {
        const { clock, fragile, store } = setUp();
        const through: number[] = [];
        for (const { waitMs, at, lateMs } of steps) {
          await clock.advance(waitMs);
          if (at === 'down') fragile.isDown = true;
          else if (at === 'up') fragile.isDown = false;
          else if (at === 'forget') fragile.forget();
          else {
            fragile.answersAfterMs = lateMs;
            const asked = clock.wallMs();
            void Promise.resolve(store.checkAndAddRequest('ann', limit, asked, 10)).then(({ allowed }) => {
              if (allowed) through.push(clock.wallMs());
            });
          }
        }
        await clock.advance(300);
        for (const from of through) {
          expect(through.filter((moment) => moment >= from && moment < from + 10_000).length).toBeLessThanOrEqual(limit);
        }
        await store.disconnect();
      }),
      200,
    );
  });
});

describe('user limits whose Redis is stopped', () => {
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  it.each(['stopped', 'hanging'])(
    'keep between 0.8 of the limit and all of it while it is %s, and use it again once it is back',
    async (how) => {
      const server = await openRedis();
      open.push(() => server.remove());
      const limit = 100;
      const store = new UserLimitsWithFallback(new RedisUserRateLimitStoreAdapter({ redisUrl: server.url }));
      open.push(() => store.disconnect());
      await store.connect();
      const ask = () => store.checkAndAddRequest('ann', limit, systemClock.wallMs(), 60);
      const many = async (count: number): Promise<number> =>
        (await Promise.all(Array.from({ length: count }, ask))).filter(({ allowed }) => allowed).length;

      let through = await many(50);
      expect(through).toBe(50);
      if (how === 'stopped') await server.stop();
      else server.pause();
      const before = performance.now();
      through += await many(200);
      expect(performance.now() - before).toBeLessThan(500);
      expect(store.isDown).toBe(true);
      expect(through).toBeGreaterThanOrEqual(0.8 * limit);
      expect(through).toBeLessThanOrEqual(limit);

      if (how === 'stopped') await server.start();
      else server.resume();
      await expect.poll(() => store.isDown, { timeout: 15_000 }).toBe(false);
      through += await many(200);
      expect(through).toBeGreaterThanOrEqual(0.8 * limit);
      expect(through).toBeLessThanOrEqual(limit);
      expect(store.failures).toBe(1);
      expect((await store.checkAndAddRequest('bob', limit, systemClock.wallMs(), 60)).allowed).toBe(true);
    },
  );
});
