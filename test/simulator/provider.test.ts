import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import {
  type CallOutcome,
  LONG_NON_STREAMING,
  type Mechanism,
  type SimulatedCall,
  type SimulatedLimit,
  SimulatedNetworkError,
  SimulatedProvider,
  type SimulatedProviderOptions,
} from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

function limit(type: SimulatedLimit['type'], size: number, over: Partial<SimulatedLimit> = {}): SimulatedLimit {
  return { type, limit: size, windowMs: 60_000, mechanism: 'bucket', ...over };
}

function setUp(options: Partial<SimulatedProviderOptions> = {}) {
  const clock = new VirtualClock();
  return { clock, provider: new SimulatedProvider({ clock, limits: [], ...options }) };
}

const call: SimulatedCall = { model: 'm', inputTokens: 10, outputTokens: 5 };

describe('SimulatedProvider', () => {
  it('decides within the count delay, answers after the latency, and counts at the decision', async () => {
    const { clock, provider } = setUp({
      limits: [limit('tpm', 1000)],
      countDelayMs: { min: 5, max: 40 },
      latency: { headersMs: { min: 200, max: 200 }, bodyMs: { min: 300, max: 300 } },
    });
    const seen: string[] = [];
    const response = provider.call(call);
    void response.headers.then((head) => seen.push(`head ${head.status} at ${clock.now()}`));
    void response.done.then((outcome) => seen.push(`${outcome.kind} at ${clock.now()}`));
    await clock.advance(4.9);
    expect(provider.stats().accepted).toBe(0);
    await clock.advance(35.2);
    expect(provider.stats().accepted).toBe(1);
    expect(provider.stats().limits[0]).toMatchObject({ model: 'm', type: 'tpm', accepted: 15, mostInAnyWindow: 15 });
    await clock.advance(1000);
    expect(seen).toEqual(['head 200 at 200', 'completed at 500']);
    expect(await response.done).toEqual({
      kind: 'completed',
      inputTokens: 10,
      outputTokens: 5,
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it('refuses with the wait in headers, body and outcome, and admits after it', async () => {
    const { clock, provider } = setUp({ limits: [limit('tpm', 100), limit('rpm', 50)], countDelayMs: { min: 0, max: 0 } });
    await provider.call({ model: 'm', inputTokens: 90, outputTokens: 0 }).done;
    const refused = provider.call({ model: 'm', inputTokens: 20, outputTokens: 0 });
    const head = await refused.headers;
    expect(head.status).toBe(429);
    expect(head.headers).toMatchObject({ 'retry-after': '6', 'retry-after-ms': '6000', 'x-ratelimit-remaining-requests': '49' });
    expect(head.error?.error.message).toContain('Limit 100, Used 90, Requested 20. Please try again in 6s.');
    expect(await refused.done).toMatchObject({ kind: 'refused', limitType: 'tpm', retryAfterMs: 6000, tooLarge: false });
    await clock.advance(5999);
    expect((await provider.call({ model: 'm', inputTokens: 20, outputTokens: 0 }).headers).status).toBe(429);
    await clock.advance(1);
    expect((await provider.call({ model: 'm', inputTokens: 20, outputTokens: 0 }).headers).status).toBe(200);
    expect(provider.stats()).toMatchObject({ accepted: 2, refused: 2, faults: 0 });
  });

  it('says of a call above the whole limit that it can never fit', async () => {
    const { provider } = setUp({ limits: [limit('tpm', 100)], countDelayMs: { min: 0, max: 0 } });
    const response = provider.call({ model: 'm', inputTokens: 101, outputTokens: 0 });
    expect(await response.done).toMatchObject({ kind: 'refused', tooLarge: true, retryAfterMs: undefined });
    expect((await response.headers).headers['retry-after']).toBeUndefined();
  });

  it('counts per model, for one model, or for all together', async () => {
    const { provider } = setUp({
      limits: [limit('rpm', 2), limit('rpd', 1, { model: 'b' }), limit('tpm', 45, { shared: true })],
      countDelayMs: { min: 0, max: 0 },
    });
    const statuses: number[] = [];
    for (const model of ['a', 'a', 'a', 'b', 'b', 'c']) statuses.push((await provider.call({ ...call, model }).headers).status);
    expect(statuses).toEqual([200, 200, 429, 200, 429, 429]);
    const rows = provider.stats().limits.map(({ model, type, accepted }) => `${model} ${type} ${accepted}`);
    expect(rows.sort()).toEqual(['* tpm 45', 'a rpm 2', 'b rpd 1', 'b rpm 1', 'c rpm 0']);
  });

  it('charges a refusal one request only when told to', async () => {
    for (const chargeRefusals of [false, true]) {
      const { provider } = setUp({ limits: [limit('rpm', 10), limit('tpm', 20)], chargeRefusals, countDelayMs: { min: 0, max: 0 } });
      await provider.call({ ...call, inputTokens: 15 }).done;
      await provider.call(call).done;
      expect(provider.stats().limits[0]?.accepted).toBe(chargeRefusals ? 2 : 1);
      expect(provider.stats().limits[1]?.accepted).toBe(20);
    }
  });

  it.each([
    ['exact', 30],
    ['openai', 80],
    ['azure', 92],
  ] as const)('rule %s charges %i tokens', async (cost, expected) => {
    const { provider } = setUp({ limits: [limit('tpm', 1000)], cost, countDelayMs: { min: 0, max: 0 } });
    await provider.call({ model: 'm', inputTokens: 10, estimatedInputTokens: 12, outputTokens: 20, maxOutputTokens: 80 }).done;
    expect(provider.stats().limits[0]?.accepted).toBe(expected);
  });

  it('meters output as it is produced, and corrects the input at the end', async () => {
    const { clock, provider } = setUp({
      limits: [limit('itpm', 1000), limit('otpm', 100)],
      cost: 'metered-output',
      countDelayMs: { min: 0, max: 0 },
      latency: { headersMs: { min: 100, max: 100 }, bodyMs: { min: 1000, max: 1000 } },
    });
    const counted = () => provider.stats().limits.map((row) => row.accepted);
    const response = provider.call({ model: 'm', inputTokens: 10, estimatedInputTokens: 25, outputTokens: 80, stream: true });
    expect(counted()).toEqual([25, 0]);
    await clock.advance(600);
    expect(counted()[1]).toBe(40);
    await clock.advance(500);
    await response.done;
    expect(counted()).toEqual([10, 80]);
    void provider.call({ model: 'm', inputTokens: 10, outputTokens: 80, stream: true });
    await clock.advance(1100);
    const [, output] = provider.stats().limits;
    expect(output).toMatchObject({ accepted: 160, mostInAnyWindow: 160 });
    expect((await provider.call(call).headers).status).toBe(429);
  });

  it('generates a response that does not stream before its headers, and a stream after them', async () => {
    const { clock, provider } = setUp({ latency: { ttft: {} } });
    const at: Record<string, number> = {};
    for (const stream of [false, true]) {
      const response = provider.call({ model: 'm', inputTokens: 1000, outputTokens: 300, stream });
      void response.headers.then(() => (at[`head ${stream}`] = clock.now()));
      void response.done.then(() => (at[`done ${stream}`] = clock.now()));
    }
    await clock.advance(60_000);
    expect(at['head false']).toBe(at['done false']);
    expect(at['head false']).toBeGreaterThan(3000);
    expect(at['head true']).toBeLessThan(5000);
    expect((at['done true'] ?? 0) - (at['head true'] ?? 0)).toBeGreaterThan(3000);
  });

  it('LONG_NON_STREAMING answers between 0.5 and 20 s', async () => {
    const { clock, provider } = setUp({ latency: LONG_NON_STREAMING });
    const times: number[] = [];
    for (let i = 0; i < 200; i++) void provider.call(call).headers.then(() => times.push(clock.now()));
    await clock.advance(20_000);
    expect(times).toHaveLength(200);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...times)).toBeGreaterThan(15_000);
  });

  it('an abort ends the call with its reason; what was counted stays, and what was on its way still counts', async () => {
    const { clock, provider } = setUp({
      limits: [limit('rpm', 10), limit('otpm', 1000)],
      cost: 'metered-output',
      countDelayMs: { min: 20, max: 20 },
      latency: { headersMs: { min: 100, max: 100 }, bodyMs: { min: 1000, max: 1000 } },
    });
    const early = new AbortController();
    const late = new AbortController();
    const first = provider.call({ ...call, outputTokens: 100, stream: true }, { signal: early.signal });
    const second = provider.call({ ...call, outputTokens: 100, stream: true }, { signal: late.signal });
    await clock.advance(10);
    early.abort(new Error('too early'));
    await expect(first.headers).rejects.toThrow('too early');
    await clock.advance(40);
    expect(provider.stats().accepted).toBe(2);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(550);
    late.abort(new Error('enough'));
    await expect(second.done).rejects.toThrow('enough');
    expect((await second.headers).status).toBe(200);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(5000);
    expect(provider.stats()).toMatchObject({ accepted: 2, aborted: 2 });
    expect(provider.stats().limits.map((row) => row.accepted)).toEqual([2, 50]);
    await expect(provider.call(call, { signal: late.signal }).done).rejects.toThrow('enough');
    expect(provider.stats().accepted).toBe(2);
  });

  it('an abort at the moment of the headers stops all that would follow', async () => {
    const { clock, provider } = setUp({ latency: { headersMs: { min: 10, max: 10 }, bodyMs: { min: 100, max: 100 } } });
    const heard: string[] = [];
    const exchange = provider.exchange(
      { ...call, stream: true },
      {
        head: () => {
          heard.push('head');
          exchange.abort();
        },
        tokens: () => heard.push('tokens'),
        done: () => heard.push('done'),
        failed: () => heard.push('failed'),
      },
    );
    await clock.advance(1000);
    expect(heard).toEqual(['head']);
    expect(provider.stats().aborted).toBe(1);
  });

  it('leaves nothing on the signal once a call has ended', async () => {
    for (const max of [0, 20]) {
      const { clock, provider } = setUp({ countDelayMs: { min: max, max } });
      const { signal } = new AbortController();
      const response = provider.call(call, { signal });
      expect(getEventListeners(signal, 'abort')).toHaveLength(max === 0 ? 0 : 1);
      await clock.advance(50);
      await response.done;
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    }
  });

  it('names the limit that makes a call wait longest', async () => {
    const { provider } = setUp({
      limits: [limit('rpm', 1, { windowMs: 5000 }), limit('tpm', 10), limit('rpd', 1, { windowMs: 7000 })],
      countDelayMs: { min: 0, max: 0 },
    });
    await provider.call({ model: 'm', inputTokens: 9, outputTokens: 0 }).done;
    expect(await provider.call({ model: 'm', inputTokens: 10, outputTokens: 0 }).done).toMatchObject({
      limitType: 'tpm',
      retryAfterMs: 54_000,
    });
    expect(await provider.call({ model: 'm', inputTokens: 1, outputTokens: 0 }).done).toMatchObject({
      limitType: 'rpd',
      retryAfterMs: 7000,
    });
  });

  it('metered output wants room for its first token', async () => {
    const { provider } = setUp({
      limits: [limit('otpm', 80, { mechanism: 'sliding' })],
      cost: 'metered-output',
      countDelayMs: { min: 0, max: 0 },
    });
    await provider.call({ model: 'm', inputTokens: 1, outputTokens: 79 }).done;
    expect((await provider.call({ model: 'm', inputTokens: 1, outputTokens: 1 }).headers).status).toBe(200);
    expect((await provider.call({ model: 'm', inputTokens: 1, outputTokens: 1 }).headers).status).toBe(429);
  });

  it('meets each fault as it is described', async () => {
    const { clock, provider } = setUp({
      latency: { headersMs: { min: 10, max: 10 }, bodyMs: { min: 100, max: 100 } },
      faults: { stallMs: 7000 },
      countDelayMs: { min: 0, max: 0 },
    });
    const results: Record<string, string> = {};
    const faults = ['serverError', 'reset', 'stall', 'truncate', 'errorInBody'] as const;
    for (const fault of faults) {
      const response = provider.call({ ...call, stream: true, fault });
      const head = response.headers.then(({ status }) => String(status)).catch((error: Error) => error.name);
      const tell = (outcome: CallOutcome) => `${outcome.kind} ${outcome.kind === 'error' ? outcome.status : ''}`;
      const body = response.done.then(tell).catch((error: unknown) => {
        const truncated = error instanceof SimulatedNetworkError && error.truncated;
        return `broken, truncated ${truncated} at ${clock.now() > 7000 ? 'stall' : 'once'}`;
      });
      void Promise.all([head, body]).then(([h, b]) => (results[fault] = `${h}; ${b}`));
    }
    await clock.advance(10_000);
    expect(results['serverError']).toMatch(/^50[03]; error 50[03]$/);
    expect(results['reset']).toBe('SimulatedNetworkError; broken, truncated false at once');
    expect(results['stall']).toBe('200; broken, truncated false at stall');
    expect(results['truncate']).toBe('200; broken, truncated true at once');
    expect(results['errorInBody']).toMatch(/^200; error 50[03]$/);
    expect(provider.stats()).toMatchObject({ accepted: 5, faults: 5, refused: 0 });
  });

  it('draws faults at their rates', async () => {
    const { clock, provider } = setUp({ faults: { serverError: 0.05, reset: 0.1 } });
    const codes = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const count = (key: string) => codes.set(key, (codes.get(key) ?? 0) + 1);
      provider.call(call).headers.then(
        ({ status }) => count(status >= 500 ? '5xx' : String(status)),
        () => count('reset'),
      );
    }
    await clock.advance(100);
    expect(codes.get('reset')).toBeGreaterThan(340);
    expect(codes.get('reset')).toBeLessThan(460);
    expect(codes.get('5xx')).toBeGreaterThan(150);
    expect(codes.get('5xx')).toBeLessThan(250);
    expect(provider.stats().faults).toBe((codes.get('reset') ?? 0) + (codes.get('5xx') ?? 0));
  });

  it('the same seed gives the same run, another seed another', async () => {
    const run = async (seed: number) => {
      const { clock, provider } = setUp({ seed, limits: [limit('rpm', 30, { mechanism: 'fixed' })], latency: { ttft: {} } });
      const log: string[] = [];
      for (let i = 0; i < 60; i++) {
        void provider.call({ model: 'm', inputTokens: 500, stream: true }).done.then((outcome) => {
          log.push(`${i} ${clock.now()} ${outcome.kind === 'completed' ? outcome.outputTokens : 'refused'}`);
        });
        await clock.advance(700);
      }
      await clock.advance(60_000);
      return log.join('\n');
    };
    expect(await run(7)).toBe(await run(7));
    expect(await run(7)).not.toBe(await run(8));
  });

  it('knows its models when they are listed', async () => {
    const { provider } = setUp({ models: ['m'], countDelayMs: { min: 0, max: 0 } });
    const head = await provider.call({ ...call, model: 'x' }).headers;
    expect(head).toMatchObject({ status: 404, error: { error: { code: 'model_not_found' } } });
    expect(provider.models).toEqual(['m']);
  });

  it('takes only so many different models when they are not listed', async () => {
    const { provider } = setUp({ countDelayMs: { min: 0, max: 0 } });
    for (let i = 0; i < 1000; i++) await provider.call({ ...call, model: `m${i}` }).headers;
    expect((await provider.call({ ...call, model: 'one more' }).headers).status).toBe(404);
    expect((await provider.call({ ...call, model: 'm3' }).headers).status).toBe(200);
  });

  it.each([
    [{ limits: [limit('rpm', 0)] }, 'limits[0].limit is 0'],
    [{ limits: [limit('rpm', 1, { mechanism: 'magic' as Mechanism })] }, 'limits[0].mechanism is "magic"'],
    [{ limits: [limit('rpm', 1, { windowMs: Number.NaN })] }, 'limits[0].windowMs'],
    [{ limits: [limit('rpm', 1, { subWindowMs: 70_000 })] }, 'limits[0].subWindowMs is 70000'],
    [{ limits: [limit('rpm', 1, { shared: true, model: 'm' })] }, 'limits[0].model'],
    [{ faults: { reset: 0.7, stall: 0.6 } }, 'add up to 1.3'],
    [{ faults: { reset: -1 } }, 'faults.reset is -1'],
    [{ countDelayMs: { min: 5, max: 1 } }, 'countDelayMs is 5-1'],
    [{ latency: { headersMs: { min: 5, max: 1 } } }, 'latency.headersMs is 5-1'],
    [{ defaultMaxOutputTokens: 0 }, 'defaultMaxOutputTokens is 0'],
  ])('refuses a wrong configuration: %j', (options, message) => {
    expect(() => setUp(options)).toThrow(InvalidConfiguration);
    expect(() => setUp(options)).toThrow(message);
  });
});

describe('under load', () => {
  const calls = fc.array(
    fc.record({ gap: fc.integer({ min: 0, max: 400 }), input: fc.integer({ min: 1, max: 400 }), output: fc.integer({ min: 0, max: 100 }) }),
    { minLength: 1, maxLength: 60 },
  );

  it('every call ends once, the counts add up, and a sliding provider never lets through more than its limits', async () => {
    await fc.assert(
      fc.asyncProperty(calls, fc.integer({ min: 1, max: 1e9 }), async (steps, seed) => {
        const limits = [
          limit('rpm', 6, { mechanism: 'sliding', windowMs: 1000 }),
          limit('tpm', 600, { mechanism: 'sliding', windowMs: 2000 }),
        ];
        const { clock, provider } = setUp({ seed, limits, latency: { headersMs: { min: 0, max: 300 } } });
        const ended: CallOutcome[] = [];
        for (const { gap, input, output } of steps) {
          await clock.advance(gap);
          void provider.call({ model: 'm', inputTokens: input, outputTokens: output }).done.then((outcome) => ended.push(outcome));
        }
        await clock.advance(1000);
        const stats = provider.stats();
        expect(ended).toHaveLength(steps.length);
        const completed = ended.flatMap((outcome) => (outcome.kind === 'completed' ? outcome.inputTokens + outcome.outputTokens : []));
        expect(stats.accepted).toBe(completed.length);
        expect(stats.refused).toBe(steps.length - completed.length);
        expect(stats.limits.map((row) => row.accepted)).toEqual([completed.length, completed.reduce((a, b) => a + b, 0)]);
        for (const row of stats.limits) expect(row.mostInAnyWindow).toBeLessThanOrEqual(row.limit);
      }),
      { numRuns: 40 },
    );
  });
});
