import { describe, expect, it } from 'vitest';
import type { HeadgateConfigInput } from '../../src/config/headgate-config-schema.ts';
import { anthropicAnswer, failure, keys, world } from './llm-world.ts';

const slow = (ms: number) => () => ({ ...anthropicAnswer(), delayMs: ms });
const all = (count: number, ask: (text: string) => Promise<unknown>) => Promise.all(Array.from({ length: count }, (_, i) => ask(`q${i}`)));

describe("a pool's size", () => {
  it('grows on demand at once, up to maxSize', async () => {
    const { manager, until, behave, calls, clock } = await world(keys(3, {}, { maxSize: 2 }));
    behave(slow(1_000));
    const client = manager.getClient();
    expect(client.getStatus()).toMatchObject({ totalClients: 1, totalConfigs: 3, inUseClients: 0 });

    const answers = all(6, (text) => client.complete(text));
    await clock.advance(0);

    expect(new Set(calls.map(({ key }) => key))).toEqual(new Set(['secret-key-1', 'secret-key-2']));
    expect(calls).toHaveLength(6);
    expect(client.getStatus()).toMatchObject({ totalClients: 2, inUseClients: 2, availableClients: 2, queueSize: 0 });
    await until(answers);
  });

  it('a client carries many calls at once', async () => {
    const { manager, until, behave, open } = await world(keys(1, { rateLimits: { requestsPerMinute: 100 } }));
    behave(slow(1_000));
    await until(all(20, (text) => manager.getClient().complete(text)));
    expect(open.most).toBe(20);
  });

  it('shrinks to minSize when unused for idleTimeout, and grows again', async () => {
    const { manager, until, behave, clock, calls } = await world(keys(3, {}, { minSize: 1, idleTimeout: 60 }));
    behave(slow(1_000));
    const client = manager.getClient();
    await until(all(3, (text) => client.complete(text)));
    expect(client.getStatus().totalClients).toBe(3);

    await clock.advance(59_000);
    expect(client.getStatus().totalClients).toBe(3);
    await clock.advance(61_000);
    expect(client.getStatus().totalClients).toBe(1);

    await until(all(3, (text) => client.complete(text)));
    expect(calls).toHaveLength(6);
    expect(client.getStatus().totalClients).toBe(3);
  });

  it('opens minSize clients at the start', async () => {
    const { manager } = await world(keys(3, {}, { minSize: 2 }));
    expect(manager.getStatus('anthropic').totalClients).toBe(2);
  });
});

describe('waiting for a pool', () => {
  it('limited calls wait, first in first out', async () => {
    const { manager, until, calls } = await world(keys(1, { rateLimits: { requestsPerMinute: 2 } }, { acquireTimeout: 600 }));
    await until(all(7, (text) => manager.getClient().complete(text)));
    expect(calls.map(({ body }) => JSON.stringify(body['messages']))).toEqual(
      Array.from({ length: 7 }, (_, i) => expect.stringContaining(`"q${i}"`)),
    );
  });

  it('ends after acquireTimeout: LLMRateLimitError where limits were to blame', async () => {
    const { manager, until, clock } = await world(keys(1, { rateLimits: { requestsPerMinute: 1 } }, { acquireTimeout: 5 }));
    const client = manager.getClient();
    await until(client.complete('a'));
    const start = clock.now();

    await expect(until(client.complete('b'))).rejects.toMatchObject({
      name: 'LLMRateLimitError',
      retryable: true,
      message: expect.stringContaining("'anthropic'"),
    });
    expect(clock.now() - start).toBeCloseTo(5_000, -1);
    expect(client.getStatus().metrics).toMatchObject({ totalRequests: 2, failedRequests: 1, poolExhaustedCount: 1 });
  });

  it('ends after acquireTimeout: LLMPoolExhaustedError where every client was busy', async () => {
    const config: HeadgateConfigInput = {
      models: {
        'claude-x': { deployments: [{ provider: 'anthropic', apiKey: 'secret-key-1', rateLimiters: [{ type: 'concurrent', limit: 1 }] }] },
      },
      pool: { acquireTimeout: 2, healthCheckInterval: 0 },
    };
    const { manager, until, behave } = await world(config);
    behave(slow(60_000));
    const client = manager.getClient('anthropic');
    const running = client.complete('a');

    await expect(until(client.complete('b'))).rejects.toMatchObject({
      name: 'LLMPoolExhaustedError',
      message: expect.stringContaining('within 2 s'),
    });
    await until(running);
  });
});

describe('health', () => {
  it('unused clients are checked by a call that costs nothing; one that fails is left out until it passes', async () => {
    const { manager, until, behave, calls, clock } = await world(keys(2, {}, { minSize: 2, healthCheckInterval: 30 }));
    let broken = true;
    behave(({ method, key }) => {
      if (method !== 'GET') return anthropicAnswer();
      return broken && key === 'secret-key-1' ? failure(401, 'authentication_error') : { json: { data: [] } };
    });
    await clock.advance(31_000);
    expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/models', 'GET /v1/models']);
    const client = manager.getClient();
    expect(client.getStatus().clientStatuses.map(({ clientId, healthy, errorCount }) => [clientId, healthy, errorCount])).toEqual([
      ['anthropic-1', false, 1],
      ['anthropic-2', true, 0],
    ]);

    await until(all(4, (text) => client.complete(text)));
    expect(calls.filter(({ method }) => method === 'POST').map(({ key }) => key)).toEqual(Array.from({ length: 4 }, () => 'secret-key-2'));

    broken = false;
    await clock.advance(31_000);
    behave(slow(1_000));
    await until(all(2, (text) => client.complete(text)));
    expect(new Set(calls.slice(-2).map(({ key }) => key)).size).toBe(2);
  });

  it('0 checks nothing', async () => {
    const { calls, clock } = await world(keys(1));
    await clock.advance(600_000);
    expect(calls).toEqual([]);
  });
});

describe('closing', () => {
  it('waits for what runs and what waits, and takes nothing new', async () => {
    const { manager, until, behave, clock } = await world(keys(1, { rateLimits: { requestsPerMinute: 1 } }, { acquireTimeout: 600 }));
    behave(slow(1_000));
    const client = manager.getClient();
    const both = all(2, (text) => client.complete(text));
    await clock.advance(10);
    const closed = manager.close();

    await expect(client.complete('late')).rejects.toMatchObject({ code: 'client_closed' });
    await until(closed);
    expect(await both).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('status', () => {
  it('shows keys, calls and limits, never a key', async () => {
    const { manager, until, behave, clock } = await world(
      keys(2, { rateLimits: { requestsPerMinute: 3, inputTokensPerMinute: 1_000, outputTokensPerMinute: 500 } }, { acquireTimeout: 600 }),
    );
    behave(slow(1_000));
    const client = manager.getClient();
    const answers = all(7, (text) => client.complete(text, { maxTokens: 10 }));
    await clock.advance(500);

    const status = manager.getStatus('anthropic');
    expect(status).toMatchObject({
      provider: 'anthropic',
      availableClients: 0,
      totalClients: 2,
      inUseClients: 2,
      totalConfigs: 2,
      queueSize: 1,
      closed: false,
    });
    expect(status.clientStatuses[0]).toMatchObject({
      clientId: 'anthropic-1',
      isAvailable: false,
      inUse: true,
      activeCalls: 3,
      errorCount: 0,
      totalRequests: 3,
      models: ['claude-x'],
      rateLimitStatus: { requestsRemaining: 0 },
    });
    expect(status.clientStatuses[0]?.lastUsed).toBeInstanceOf(Date);
    const { tokensRemaining, inputTokensRemaining, outputTokensRemaining } = status.clientStatuses[0]?.rateLimitStatus ?? {};
    expect(tokensRemaining).toBe((inputTokensRemaining ?? 0) + (outputTokensRemaining ?? 0));
    expect(JSON.stringify(manager.getStatus())).not.toContain('secret-key');
    await until(answers);
  });

  it('has no figures with enableMetrics false', async () => {
    const { manager } = await world(keys(1, {}, { enableMetrics: false }));
    expect(manager.getStatus('anthropic').metrics).toBeUndefined();
  });

  it('retryOnError false: one attempt', async () => {
    const { manager, until, behave, calls } = await world(keys(1, {}, { retryOnError: false }));
    behave(() => failure(500));
    await expect(until(manager.getClient().complete('a'))).rejects.toThrow();
    expect(calls).toHaveLength(1);
  });
});
