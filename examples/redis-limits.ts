/**
 * Limits of users in a Redis server, so that two processes count together. Start one and name it: `REDIS_URL=redis://127.0.0.1:6379 node
 * examples/redis-limits.ts`. It needs the package `ioredis`.
 */
import { randomUUID } from 'node:crypto';
import { LLMQueue, UserRateLimitExceededError } from 'headgate/client';
import { RedisUserRateLimitStoreAdapter, UserLimitsWithFallback } from 'headgate/redis';

const redisUrl = process.env['REDIS_URL'] ?? '';
if (redisUrl === '') {
  console.log('Skipped: no Redis server is named. Set REDIS_URL, as in REDIS_URL=redis://127.0.0.1:6379.');
  process.exit(0);
}

/** A queue as each of several processes has one. */
async function queueOfOneProcess(): Promise<LLMQueue> {
  const queue = new LLMQueue({
    llmConfig: {
      models: { 'gpt-4o': { deployments: [{ provider: 'openai', apiKey: 'any', rateLimiters: [{ type: 'rpm', limit: 6_000 }] }] } },
      userLimits: { maxNumRequestsInTimeWindow: 3, timeWindowInSeconds: 60 },
    },
    // In place of a call to a provider.
    requestExecutors: { chat: { processRequest: (question) => `You asked: ${question}` } },
    // While Redis is down each process counts alone, up to half of the limit; without a fallback nobody would get through.
    userRateLimitsStoreAdapter: new UserLimitsWithFallback(new RedisUserRateLimitStoreAdapter({ redisUrl }), { share: 0.5 }),
  });
  await queue.initiate();
  return queue;
}

const [first, second] = await Promise.all([queueOfOneProcess(), queueOfOneProcess()]);
const anna = `anna-${randomUUID()}`;

async function ask(queue: LLMQueue, question: string): Promise<string> {
  try {
    const { response } = await queue.executeRequest({ reqType: 'chat', requestData: question, userId: anna });
    return String(response);
  } catch (error) {
    if (error instanceof UserRateLimitExceededError) return `refused for ${Math.ceil(error.retryAfterSeconds)} s`;
    throw error;
  }
}

console.log(`first process: ${await ask(first, 'one')}`);
console.log(`second process: ${await ask(second, 'two')}`);
console.log(`first process: ${await ask(first, 'three')}`);
console.log(`second process: ${await ask(second, 'four')}`);

await Promise.all([first.gracefulShutdown(), second.gracefulShutdown()]);
