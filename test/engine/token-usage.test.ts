import { describe, expect, it } from 'vitest';
import { InvalidRequest } from '../../src/index.ts';
import { bench, MODEL, thrownBy } from './harness.ts';

const START = 1_735_689_600_000;

describe('updateTokenUsage', () => {
  const LIMIT = { rateLimiters: [{ type: 'tpm', limit: 1_000 } as const] };

  it('corrects a running and a finished request, is idempotent, and charges more than was estimated', async () => {
    const { manager, submit, calls, clock } = bench(LIMIT);
    const handle = submit({ estimatedInputTokens: 100, estimatedOutputTokens: 100 });
    await clock.settle();
    const usage = () => manager.getQueueInfo(MODEL).rateLimiterUsage;
    for (let i = 0; i < 3; i++) expect(manager.updateTokenUsage(MODEL, handle.id, { inputTokens: 20, outputTokens: 30 })).toBe(true);
    expect(usage()).toBe(50);
    calls.last.resolve({ usage: { input_tokens: 500, output_tokens: 500 } });
    // What the caller said stands.
    expect(await handle.response).toMatchObject({ inputTokensUsed: 20, outputTokensUsed: 30 });
    expect(usage()).toBe(50);
    for (let i = 0; i < 3; i++) expect(manager.updateTokenUsage(MODEL, handle.id, { inputTokens: 600, outputTokens: 600 })).toBe(true);
    expect(usage()).toBe(1_200);
    expect(manager.getQueueInfo(MODEL).rateLimiters[0]).toMatchObject({ available: -200, state: 'exhausted' });
    expect(manager.getStatus(MODEL, handle.id)).toMatchObject({ inputTokensUsed: 600, outputTokensUsed: 600 });
    await clock.advance(61_000);
    expect(usage()).toBe(0);
    expect(manager.updateTokenUsage(MODEL, handle.id, { inputTokens: 1, outputTokens: 1 })).toBe(true);
    expect(usage()).toBe(0);
  });

  it('wakes who waits for the tokens that come back', async () => {
    const { manager, submit, calls, clock } = bench(LIMIT);
    const first = submit({ estimatedInputTokens: 900 });
    submit({ id: 'waits', estimatedInputTokens: 200 });
    await clock.settle();
    expect(calls.ids).not.toContain('waits');
    manager.updateTokenUsage(MODEL, first.id, { inputTokens: 700, outputTokens: 0 });
    await clock.settle();
    expect(calls.ids).toContain('waits');
  });

  it('is false for an unknown request and throws for what is no usage', () => {
    const { manager, submit } = bench(LIMIT);
    expect(manager.updateTokenUsage(MODEL, 'unknown', { inputTokens: 1, outputTokens: 1 })).toBe(false);
    const handle = submit();
    for (const usage of [undefined, null, {}, { inputTokens: Number.NaN, outputTokens: 1 }, { inputTokens: -1, outputTokens: 0 }]) {
      expect(thrownBy(() => manager.updateTokenUsage(MODEL, handle.id, usage as never))).toBeInstanceOf(InvalidRequest);
    }
    expect(manager.getQueueInfo(MODEL).rateLimiterUsage).toBe(0);
  });

  it('of a request that is still pending does not outlive its attempt’s own report', async () => {
    const { manager, submit, calls, clock } = bench(LIMIT);
    const handle = submit({ estimatedInputTokens: 10 });
    expect(manager.updateTokenUsage(MODEL, handle.id, { inputTokens: 99, outputTokens: 0 })).toBe(true);
    await clock.settle();
    calls.last.context.reportUsage({ inputTokens: 11, outputTokens: 1 });
    calls.last.resolve();
    expect(await handle.response).toMatchObject({ inputTokensUsed: 11, outputTokensUsed: 1 });
    expect(manager.getQueueInfo(MODEL).rateLimiterUsage).toBe(12);
  });
});

describe('the estimator', () => {
  it('reserves characters ÷ 4 and max_tokens, never nothing; what the caller states wins', async () => {
    const { manager, calls, clock } = bench({
      rateLimiters: [
        { type: 'itpm', limit: 1_000 },
        { type: 'otpm', limit: 1_000 },
      ],
    });
    const reserve = async (input: object): Promise<number[]> => {
      const before = manager.getQueueInfo(MODEL).rateLimiters.map(({ usage }) => usage);
      manager.submit({ modelId: MODEL, id: `e${calls.all.length}`, ...input });
      await clock.settle();
      return manager.getQueueInfo(MODEL).rateLimiters.map(({ usage }, i) => usage - (before[i] ?? 0));
    };
    expect(await reserve({ params: { messages: [{ role: 'user', content: 'x'.repeat(36) }], max_tokens: 50 } })).toEqual([10, 50]);
    expect(await reserve({ metadata: { prompt: 'x'.repeat(9) } })).toEqual([3, 0]);
    expect(await reserve({})).toEqual([1, 0]);
    expect(await reserve({ params: 'x'.repeat(40), estimatedOutputTokens: 7 })).toEqual([10, 7]);
    expect(await reserve({ params: 'x'.repeat(40), estimatedInputTokens: 2 })).toEqual([2, 0]);
  });

  it('comes to an end with params that hold themselves many times over', async () => {
    const params: unknown[] = ['four'];
    for (let i = 0; i < 10; i++) params.push(params);
    let looks = 0;
    Object.defineProperty(params, 0, {
      get: () => {
        looks++;
        return 'four';
      },
    });
    const { submit } = bench({}, () => 1);
    expect(await submit({ params, estimatedInputTokens: undefined }).response).toMatchObject({ status: 'completed' });
    expect(looks).toBeLessThanOrEqual(100_000);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('estimator');
      },
    ],
    ['says NaN', () => ({ inputTokens: Number.NaN, outputTokens: 0 })],
    ['says less than nothing', () => ({ inputTokens: 1, outputTokens: -4 })],
    ['says nothing', () => undefined],
  ])('that %s costs its own request only', async (_what, estimator) => {
    const { manager, submit } = bench({ rateLimiters: [{ type: 'tpm', limit: 10 }] }, () => 1, { estimator: estimator as never });
    expect(thrownBy(() => manager.submit({ modelId: MODEL }))).toBeInstanceOf(InvalidRequest);
    expect(await submit({ estimatedInputTokens: 3 }).response).toMatchObject({ status: 'completed' });
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, rateLimiterUsage: 3 });
  });
});
describe('restoreUsage', () => {
  it('counts what was sent before this process, at its own place in time', async () => {
    const { manager, submit, calls, clock } = bench({
      rateLimiters: [
        { type: 'rpm', limit: 3 },
        { type: 'tpm', limit: 100 },
      ],
    });
    manager.restoreUsage(MODEL, [
      { type: 'tpm', amount: 90, at: START - 20_000 },
      { type: 'rpm', amount: 2, at: START - 50_000 },
      { type: 'rpm', amount: 5, at: START - 600_000 },
    ]);
    expect(manager.getQueueInfo(MODEL).rateLimiters.map(({ usage }) => usage)).toEqual([2, 90]);
    submit({ estimatedInputTokens: 20 });
    await clock.advance(39_000);
    expect(calls.all).toHaveLength(0);
    await clock.advance(1_100);
    expect(calls.all).toHaveLength(1);
  });

  it('refuses what is no usage and counts none of it', () => {
    const { manager } = bench({ rateLimit: 5 });
    for (const wrong of [
      { amount: Number.NaN, at: START },
      { amount: -1, at: START },
      { amount: 1, at: Number.NaN },
    ]) {
      const usages = [
        { type: 'rpm' as const, amount: 1, at: START },
        { type: 'rpm' as const, ...wrong },
      ];
      expect(thrownBy(() => manager.restoreUsage(MODEL, usages))).toMatchObject({ code: 'invalid_configuration', path: 'usages[1]' });
    }
    expect(manager.getQueueInfo(MODEL).rateLimiterUsage).toBe(0);
  });
});
