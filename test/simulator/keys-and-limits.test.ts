import { describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { type Mechanism, type SimulatedLimit, simulateHttp } from '../../src/simulator/index.ts';
import { chat, post, setUp, textOf } from './in-process.ts';

function rpm(limit: number, over: Partial<SimulatedLimit> = {}): SimulatedLimit {
  return { type: 'rpm', limit, windowMs: 60_000, mechanism: 'sliding', ...over };
}

const call = { model: 'm', inputTokens: 1, outputTokens: 1 };

describe('several keys', () => {
  it('each has its own books; limits across keys are one', async () => {
    const limits = [rpm(2), { ...rpm(3), type: 'rpd', windowMs: 86_400_000, acrossKeys: true } as const];
    const { provider } = setUp({ apiKeys: ['first', 'second'], limits });
    const statuses = async (key: string | undefined, times: number) => {
      const seen: number[] = [];
      const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
      for (let i = 0; i < times; i++) seen.push((await post(provider, '/v1/chat/completions', chat(), headers)).status);
      return seen;
    };
    expect(await statuses('first', 3)).toEqual([200, 200, 429]);
    expect(await statuses('second', 2)).toEqual([200, 429]);
    expect(await statuses('third', 1)).toEqual([401]);
    expect(await statuses(undefined, 1)).toEqual([401]);
    const rows = provider.stats().limits.map(({ type, key, accepted }) => [type, key, accepted]);
    expect(rows).toEqual([
      ['rpm', 0, 2],
      ['rpd', undefined, 3],
      ['rpm', 1, 1],
    ]);
    expect(JSON.stringify(provider.stats())).not.toContain('first');
  });

  it('in process a call names its key; without one it is the first', async () => {
    const { provider } = setUp({ apiKeys: ['a', 'b'], limits: [rpm(1)] });
    const status = async (apiKey?: string) => (await provider.call({ ...call, apiKey }).headers).status;
    expect([await status(), await status('a'), await status('b'), await status('c')]).toEqual([200, 429, 200, 401]);
  });

  it.each([
    [{ apiKeys: [] }, 'apiKeys has 0 keys'],
    [{ apiKeys: ['a', 'a'] }, 'no two the same'],
    [{ apiKeys: ['a'], apiKey: 'a' }, 'Both apiKey and apiKeys'],
  ])('refuses %j', (options, message) => {
    expect(() => setUp(options)).toThrow(message);
  });
});

describe('hidden limits', () => {
  it('shows no rate header and no amount, but still when to come back', async () => {
    const { provider } = setUp({ limits: [rpm(1)], hideHeaders: true });
    const first = await post(provider, '/v1/chat/completions', chat());
    expect(Object.keys(first.headers).filter((name) => name.includes('ratelimit'))).toEqual([]);
    const refused = await post(provider, '/v1/chat/completions', chat());
    expect(refused.headers['retry-after']).toBe('60');
    expect(refused.json().error.message).not.toMatch(/Limit \d|Used/);
    expect(refused.json().error).toMatchObject({ type: 'requests', code: 'rate_limit_exceeded' });
  });

  it.each(['openai', 'azure', 'anthropic', 'groq'] as const)('%s: nothing says when to come back', async (dialect) => {
    const { provider } = setUp({ limits: [rpm(1)], hideHeaders: true, hideRetryAfter: true, dialect });
    await provider.call(call).done;
    const head = await provider.call(call).headers;
    expect(head.status).toBe(429);
    expect(Object.keys(head.headers).filter((name) => /ratelimit|retry/.test(name))).toEqual([]);
    expect(head.error?.error.message).not.toMatch(/\d+ ?m?s\b|\d+ seconds|60/);
    const injected = await provider.call({ ...call, fault: 'rateLimit' }).headers;
    expect([injected.status, injected.headers['retry-after'], injected.headers['retry-after-ms']]).toEqual([429, undefined, undefined]);
    expect(injected.error?.error.message).not.toMatch(/\d+ ?m?s\b|\d+ seconds/);
  });
});

describe('limits that change', () => {
  it.each(['bucket', 'fixed', 'sliding', 'subwindow'] as const)('%s lets through what it says now', async (mechanism: Mechanism) => {
    const { provider, clock } = setUp({ limits: [rpm(60, { mechanism, subWindowMs: mechanism === 'subwindow' ? 60_000 : undefined })] });
    const admitted = async () => {
      for (let count = 0; ; count++) if ((await provider.call(call).headers).status !== 200) return count;
    };
    await clock.advance(180_000);
    expect(await admitted()).toBe(60);
    provider.setLimits([{ type: 'rpm', limit: 120 }]);
    await clock.advance(180_000);
    expect(await admitted()).toBe(120);
    provider.setLimits([{ type: 'rpm', limit: 30 }]);
    await clock.advance(300_000);
    expect(await admitted()).toBe(30);
    expect(provider.stats().limits[0]).toMatchObject({ limit: 30, accepted: 210 });
  });

  it('the share counts what each size allowed in its time', async () => {
    const { provider, clock } = setUp({ limits: [rpm(60, { mechanism: 'bucket' })] });
    const steady = async (everyMs: number, times: number) => {
      for (let i = 0; i < times; i++) {
        expect((await provider.call(call).headers).status).toBe(200);
        await clock.advance(everyMs);
      }
    };
    await steady(1000, 60);
    provider.setLimits([{ type: 'rpm', limit: 120 }]);
    await steady(500, 120);
    // 60 for the first window, 60 a minute for a minute, 120 a minute until the last count.
    expect(provider.stats().limits[0]?.share).toBeCloseTo(180 / (60 + 60 + 119), 6);
  });

  it('holds for later models, for one model, or for one key', async () => {
    const { provider } = setUp({ limits: [rpm(10)], apiKeys: ['a', 'b'] });
    await provider.call({ ...call, model: 'x' }).done;
    await provider.call({ ...call, model: 'x', apiKey: 'b' }).done;
    provider.setLimits([{ type: 'rpm', limit: 5 }]);
    provider.setLimits([
      { type: 'rpm', limit: 7, model: 'x', key: 1 },
      { type: 'rpm', limit: 8, model: 'z' },
    ]);
    await provider.call({ ...call, model: 'y' }).done;
    await provider.call({ ...call, model: 'z' }).done;
    expect(provider.stats().limits.map((row) => [row.model, row.key, row.limit])).toEqual([
      ['x', 0, 5],
      ['y', 0, 5],
      ['z', 0, 8],
      ['x', 1, 7],
    ]);
  });

  it('changes nothing where one of the changes is wrong', () => {
    const { provider } = setUp({ limits: [rpm(10)], models: ['m'] });
    for (const wrong of [
      { type: 'rpm', limit: 0 },
      { type: 'rpm', limit: 1, key: 3 },
    ] as const) {
      expect(() => provider.setLimits([{ type: 'rpm', limit: 5 }, wrong])).toThrow(InvalidConfiguration);
    }
    expect(provider.stats().limits[0]?.limit).toBe(10);
  });

  it('POST /__limits does the same', async () => {
    const { provider } = setUp({ limits: [rpm(10)], models: ['m'] });
    const send = async (body: string) => {
      const answer = await simulateHttp(provider, { path: '/__limits', body });
      return { status: answer.status, text: await textOf(answer) };
    };
    const changed = await send('[{"type":"rpm","limit":3}]');
    expect([changed.status, JSON.parse(changed.text).limits[0].limit]).toEqual([200, 3]);
    for (const body of [
      '',
      '{}',
      '[]',
      '[{"type":"rpm"}]',
      '[{"type":"rpx","limit":1}]',
      '[{"type":"rpm","limit":0.5}]',
      '[{"type":"rpm","limit":1,"key":9}]',
    ]) {
      expect((await send(body)).status).toBe(400);
    }
    expect(provider.stats().limits[0]?.limit).toBe(3);
  });
});
