import { describe, expect, it } from 'vitest';
import { getLlmManager } from '../../src/client/llm/get-llm-manager.ts';
import { MetricsMiddleware } from '../../src/middleware/metrics-middleware.ts';
import { RateLimitMiddleware } from '../../src/middleware/rate-limit-middleware.ts';
import { anthropicAnswer, failure, keys, type SeenCall, world } from './llm-world.ts';

/** The most calls in any stretch of a minute that begins with one. */
function mostPerMinute(calls: readonly SeenCall[]): number {
  return Math.max(...calls.map((first) => calls.filter(({ at }) => at >= first.at && at < first.at + 60_000).length));
}

describe('what was wrong with system C', () => {
  it('C2-1: retries really run again, and are counted', async () => {
    const { manager, until, behave, calls, clock } = await world(keys(1));
    behave((_, count) => (count < 3 ? failure(500) : anthropicAnswer()));
    const client = manager.getClient();
    const start = clock.now();

    await expect(until(client.complete('a'))).resolves.toMatchObject({ content: 'Four metres.' });

    expect(calls).toHaveLength(3);
    expect(clock.now() - start).toBeGreaterThan(0);
    expect(client.middlewareChain.getMiddleware(MetricsMiddleware)?.getMetrics()).toMatchObject({
      totalRequests: 1,
      successfulRequests: 1,
      retries: 2,
    });

    behave(() => failure(500));
    await expect(until(client.complete('b'))).rejects.toMatchObject({ name: 'LLMProviderError' });
    expect(calls).toHaveLength(3 + 4);
    expect(client.middlewareChain.getMiddleware(MetricsMiddleware)?.getMetrics()).toMatchObject({
      failedRequests: 1,
      errorsByType: { LLMProviderError: 1 },
    });
  });

  it('C2-2: calls that time out while they wait give nothing back that they never took', async () => {
    const { manager, until, calls } = await world(keys(1, { rateLimits: { outputTokensPerMinute: 10 } }, { acquireTimeout: 2 }));
    const client = manager.getClient();

    const outcomes = [];
    for (let i = 0; i < 7; i++) outcomes.push((await Promise.allSettled([until(client.complete('a', { maxTokens: 10 }))]))[0]?.status);

    // Each answer used 3 of 10 a minute; nobody gets a fourth in the same minute.
    const outputInMinute = calls.length * 3;
    expect(outputInMinute).toBeLessThanOrEqual(10);
    expect(outcomes).toContain('rejected');
  });

  it("C2-3: a limit's no is never passed by", async () => {
    const { manager, until, calls } = await world(keys(1, {}, { acquireTimeout: 10 }));
    const client = manager.getClient();
    client.middlewareChain.add(new RateLimitMiddleware({ requestsPerMinute: 1 }));

    const outcomes = await until(Promise.allSettled([1, 2, 3].map((i) => client.complete(`q${i}`))));

    expect(calls).toHaveLength(1);
    expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.name : 'answered'))).toEqual([
      'answered',
      'LLMRateLimitError',
      'LLMRateLimitError',
    ]);
  });

  it('C2-4: a minute never holds more than its limit, however many come at once', async () => {
    const { manager, until, calls } = await world(
      keys(1, { rateLimits: { requestsPerMinute: 60, burstMultiplier: 1.5 } }, { acquireTimeout: 600 }),
    );
    const client = manager.getClient();

    await until(Promise.all(Array.from({ length: 150 }, (_, i) => client.complete(`q${i}`))));

    expect(calls).toHaveLength(150);
    expect(mostPerMinute(calls)).toBe(60);
  });

  it('C2-5: 50 parallel prompts on 3 keys are all answered', async () => {
    const { manager, until, calls, behave } = await world(
      keys(3, { rateLimits: { requestsPerMinute: 12 } }, { maxSize: 4, acquireTimeout: 120 }),
    );
    behave(() => ({ ...anthropicAnswer(), delayMs: 500 }));
    const client = manager.getClient();

    const answers = await until(Promise.all(Array.from({ length: 50 }, (_, i) => client.complete(`Question ${i}`))));

    expect(answers).toHaveLength(50);
    for (const key of ['secret-key-1', 'secret-key-2', 'secret-key-3']) {
      const ofKey = calls.filter((call) => call.key === key);
      expect(ofKey.length).toBeGreaterThan(0);
      expect(mostPerMinute(ofKey)).toBeLessThanOrEqual(12);
    }
  });

  it('C2-6: a closed pool opens nothing any more, and a closed manager is followed by a new one', async () => {
    const { manager, until, calls, clock } = await world(keys(2, { rateLimits: { requestsPerMinute: 1 } }, { acquireTimeout: 300 }));
    const client = manager.getClient();
    const waiting = Promise.allSettled([1, 2, 3, 4].map((i) => client.complete(`q${i}`)));
    await clock.advance(1_000);
    await until(manager.close({ force: true }));
    const sent = calls.length;
    await clock.advance(600_000);

    expect((await waiting).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(calls).toHaveLength(sent);
    expect(client.getStatus()).toMatchObject({ closed: true, totalClients: 0 });
    await expect(client.complete('again')).rejects.toMatchObject({ code: 'client_closed' });

    const first = await getLlmManager(keys(1), { env: {} });
    expect(await getLlmManager()).toBe(first);
    await first.close();
    const second = await getLlmManager(keys(1), { env: {} });
    expect(second).not.toBe(first);
    expect(second.getClient().name).toBe('anthropic');
    await second.close();
  });
});
