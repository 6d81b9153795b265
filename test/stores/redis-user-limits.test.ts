import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LLMQueue } from '../../src/client/index.ts';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { StoreUnavailable } from '../../src/domain/store-errors.ts';
import { RedisUserRateLimitStoreAdapter } from '../../src/stores/redis/index.ts';
import { anyRedis, openRedis } from '../servers/redis.ts';
import { describeUserLimitStore } from './user-limits-contract.ts';

let server: Awaited<ReturnType<typeof anyRedis>>;
beforeAll(async () => {
  server = await anyRedis();
});
afterAll(() => server.remove());

const prefix = (): string => `headgate-test:${randomUUID()}:`;

describeUserLimitStore('in Redis', async () => {
  const store = new RedisUserRateLimitStoreAdapter({ redisUrl: server.url, prefix: prefix() });
  return {
    store,
    // Of no interest: it counts by the server's clock.
    nowMs: () => 0,
    // A timer may fire a millisecond early.
    pass: (ms) => sleep(Math.ceil(ms) + 1),
    close: () => store.disconnect(),
  };
});

describe('user limits in Redis', () => {
  it('are one limit for all processes', async () => {
    const options = { redisUrl: server.url, prefix: prefix() };
    const stores = [new RedisUserRateLimitStoreAdapter(options), new RedisUserRateLimitStoreAdapter(options)];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => stores[index % 2]?.checkAndAddRequest('ann', 9, 0, 60)));
    expect(answers.filter((answer) => answer?.allowed)).toHaveLength(9);
    for (const store of stores) await store.disconnect();
  });

  it('hold no more than the limit for a user, and nothing once the window is over', async () => {
    const begin = prefix();
    const store = new RedisUserRateLimitStoreAdapter({ redisUrl: server.url, prefix: begin });
    const redis = new Redis(server.url);
    for (let request = 0; request < 200; request++) await store.checkAndAddRequest('ann', 5, 0, 0.2);
    expect(await redis.llen(`${begin}ann`)).toBeLessThanOrEqual(5);
    const ttl = await redis.pttl(`${begin}ann`);
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(201);
    await sleep(250);
    expect(await redis.keys(`${begin}*`)).toEqual([]);
    redis.disconnect();
    await store.disconnect();
  });

  it('serve an LLMQueue', async () => {
    const store = new RedisUserRateLimitStoreAdapter({ redisUrl: server.url, prefix: prefix() });
    const queue = new LLMQueue({
      llmConfig: { models: { m: { deployments: [{ provider: 'openai', apiKey: 'k' }] } }, userLimits: { maxNumRequestsInTimeWindow: 2 } },
      requestExecutors: { chat: { processRequest: async () => 'done' } },
      userRateLimitsStoreAdapter: store,
    });
    const ask = () => queue.executeRequest({ reqType: 'chat', requestData: {}, userId: 'ann' });
    expect(await ask()).toEqual({ response: 'done', statusCode: 200 });
    await ask();
    await expect(ask()).rejects.toMatchObject({ code: 'user_rate_limit_exceeded', retryAfterSeconds: expect.closeTo(60, 0) });
    await queue.gracefulShutdown();
  });

  it.each(['', 'http://localhost', 'localhost:6379', 'redis//x', 7])('refuse the URL %j', (redisUrl) => {
    expect(() => new RedisUserRateLimitStoreAdapter({ redisUrl: redisUrl as string })).toThrow(InvalidConfiguration);
  });

  it('say which server is down, without its password', async () => {
    const store = new RedisUserRateLimitStoreAdapter({ redisUrl: 'redis://me:hush@127.0.0.1:1/2' });
    const error: unknown = await Promise.resolve(store.checkAndAddRequest('ann', 1, 0, 60)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(String(error)).toContain('redis://127.0.0.1:1/2');
    expect(String(error)).not.toContain('hush');
    await store.disconnect();
  });

  it('fail at once while the server is down, and count again once it is back, without what it forgot', async () => {
    await using own = await openRedis();
    const store = new RedisUserRateLimitStoreAdapter({ redisUrl: own.url });
    await store.connect();
    expect((await store.checkAndAddRequest('ann', 1, 0, 60)).allowed).toBe(true);
    await own.stop();
    const before = performance.now();
    await expect(store.checkAndAddRequest('ann', 1, 0, 60)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(performance.now() - before).toBeLessThan(300);
    await own.start();
    await expect
      .poll(
        () =>
          store.connect().then(
            () => 'back',
            () => 'down',
          ),
        { timeout: 10_000 },
      )
      .toBe('back');
    expect((await store.checkAndAddRequest('ann', 1, 0, 60)).allowed).toBe(true);
    await store.disconnect();
  });

  it('wait no longer than they are told for a server that hangs', async () => {
    await using own = await openRedis();
    const store = new RedisUserRateLimitStoreAdapter({ redisUrl: own.url, commandTimeoutMs: 100 });
    await store.connect();
    own.pause();
    const before = performance.now();
    await expect(store.checkAndAddRequest('ann', 1, 0, 60)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(performance.now() - before).toBeLessThan(300);
    own.resume();
    await expect
      .poll(
        () =>
          store.connect().then(
            () => 'back',
            () => 'down',
          ),
        { timeout: 10_000 },
      )
      .toBe('back');
    await store.disconnect();
  });

  it('do not count afterwards what nobody waited for while the server hung', async () => {
    await using own = await openRedis();
    const store = new RedisUserRateLimitStoreAdapter({ redisUrl: own.url });
    expect((await store.checkAndAddRequest('ann', 6, 0, 60)).allowed).toBe(true);
    own.pause();
    const late = await Promise.allSettled(Array.from({ length: 5 }, () => store.checkAndAddRequest('ann', 6, 0, 60)));
    expect(late.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    own.resume();
    await expect.poll(() => store.checkAndAddRequest('ann', 6, 0, 60), { timeout: 10_000 }).toEqual({ allowed: true, used: 2 });
    await store.disconnect();
  });
});
