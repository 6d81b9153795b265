import { describe, expect, it } from 'vitest';
import { comparedLimits } from '../../src/cli/status/compare-limits.ts';
import { readStatus } from '../../src/cli/status/read-status.ts';
import { statusLines } from '../../src/cli/status/status-lines.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import type { HttpTransport } from '../../src/domain/http-transport.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const KEY = 'sk-key-of-the-status-unit-test';

describe('limits side by side', () => {
  it('differ by what a window allows', () => {
    const configured = [
      { type: 'rpm', limit: 100 },
      { type: 'tpm', limit: 10, timePeriod: 1 },
      { type: 'rpd', limit: 5 },
      { type: 'concurrent', limit: 3 },
    ] as const;
    const seen = [
      { type: 'rpm', limit: 60, remaining: 59 },
      { type: 'tpm', limit: 600, windowMs: 60_000 },
      { type: 'otpm', limit: 7 },
    ] as const;
    expect(comparedLimits(configured, seen).map(({ type, configured: own, limit, differs }) => [type, own, limit, differs])).toEqual([
      ['rpm', 100, 60, 'higher'],
      ['tpm', 10, 600, null],
      ['rpd', 5, null, null],
      ['otpm', null, 7, null],
    ]);
    expect(comparedLimits([{ type: 'rpm', limit: 50 }], seen)[0]?.differs).toBe('lower');
  });
});

describe('a status', () => {
  const config = parseHeadgateConfig(
    { models: { m: { deployments: [{ provider: 'openai', baseUrl: 'https://one/v1', apiKey: KEY }] } } },
    { env: {} },
  );
  const ask = async (answers: readonly { status: number; headers?: Record<string, string>; body: object }[], probe = true) => {
    const sent: string[] = [];
    const transport: HttpTransport = async (request) => {
      request.onWritten();
      sent.push(`${request.method} ${request.path} ${request.body ?? ''}`);
      const { status, headers = {}, body } = answers[sent.length - 1] ?? { status: 500, body: {} };
      return { status, headers: { 'content-type': 'application/json', ...headers }, body: bytes(JSON.stringify(body)) };
    };
    const [reading] = await readStatus(config, { clock: new VirtualClock(), env: {}, transport, probe });
    return { reading, sent };
  };
  const list = { status: 200, body: { object: 'list', data: [] } };
  const headers = { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '0' };

  it('makes no second call where the list of models shows limits already', async () => {
    const { reading, sent } = await ask([{ ...list, headers }]);
    expect(sent).toEqual(['GET /v1/models ']);
    expect(reading).toMatchObject({ ok: true, key: 'sk-…test', limits: [{ type: 'rpm', limit: 60, remaining: 0 }] });
  });

  it('reads the limits of a refusal too, and of an error', async () => {
    const refused = {
      status: 429,
      headers: { ...headers, 'retry-after': '3' },
      body: { error: { message: 'Rate limit', code: 'rate_limit_exceeded' } },
    };
    expect((await ask([list, refused])).reading).toMatchObject({
      ok: true,
      note: 'at its limit now',
      limits: [{ type: 'rpm', limit: 60 }],
    });
    const locked = { status: 401, body: { error: { message: `Wrong ${KEY}`, code: 'invalid_api_key' } } };
    const { reading } = await ask([locked]);
    expect(reading).toMatchObject({ ok: false, code: 'invalid_api_key', status: 401 });
    expect(JSON.stringify(reading) + statusLines(reading ? [reading] : []).join('\n')).not.toContain(KEY);
  });

  it('asks models that think in their own words', async () => {
    const wrong = {
      status: 400,
      body: {
        error: { message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", code: 'unsupported_parameter' },
      },
    };
    const right = { status: 200, headers, body: { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } } };
    const { reading, sent } = await ask([list, wrong, right]);
    expect(sent[2]).toContain('"max_completion_tokens":16');
    expect(reading?.ok).toBe(true);
  });

  it('costs nothing without being asked to', async () => {
    const { reading, sent } = await ask([list], false);
    expect(sent).toHaveLength(1);
    expect(reading?.note).toContain('--probe');
  });
});

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

describe('where no limits are configured', () => {
  const learningOf = async (provider: string, model: object, headers: Readonly<Record<string, string>> = {}) => {
    const deployment = { provider, baseUrl: 'https://one/v1', apiKey: KEY };
    const config = parseHeadgateConfig({ models: { m: { deployments: [deployment], ...model } } }, { env: {} });
    const transport: HttpTransport = async (request) => {
      request.onWritten();
      return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: bytes('{"object":"list","data":[]}') };
    };
    const readings = await readStatus(config, { clock: new VirtualClock(), env: {}, transport, probe: false });
    return { learning: readings[0]?.learning, text: statusLines(readings).join('\n') };
  };

  it('a status says how they come about', async () => {
    const told = { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '0' };
    expect(await learningOf('openai', {})).toMatchObject({
      learning: 'seeks-rate',
      text: expect.stringContaining('from 10 calls a second') as string,
    });
    expect(await learningOf('openai', {}, told)).toMatchObject({ learning: 'headers' });
    expect(await learningOf('vllm', {})).toMatchObject({
      learning: 'no-rates',
      text: expect.stringContaining('it has none of its own') as string,
    });
    expect(await learningOf('vllm', { learnLimits: true })).toMatchObject({ learning: 'seeks-rate' });
    expect(await learningOf('openai', { learnLimits: false })).toMatchObject({ learning: 'off' });
    expect(
      await learningOf('openai', { deployments: [{ provider: 'openai', apiKey: KEY, rateLimiters: [{ type: 'rpm', limit: 5 }] }] }),
    ).toMatchObject({
      learning: undefined,
    });
  });
});
