import { expect, it, vi } from 'vitest';
import { RedisUserRateLimitStoreAdapter, UserLimitsWithFallback } from '../../src/stores/redis/index.ts';

vi.mock('ioredis', () => {
  throw new Error("Cannot find package 'ioredis'");
});

it('a store in Redis names the package that is missing, and no fallback hides that', async () => {
  const store = new RedisUserRateLimitStoreAdapter({ redisUrl: 'redis://localhost' });
  const missing = { code: 'invalid_configuration', message: expect.stringContaining('npm install ioredis') };
  await expect(store.connect()).rejects.toMatchObject(missing);
  await expect(new UserLimitsWithFallback(store).connect()).rejects.toMatchObject(missing);
});
