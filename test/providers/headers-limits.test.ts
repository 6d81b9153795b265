import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnyLimits } from '../../src/providers/headers/known-limit-headers.ts';
import { BUILT_IN_PRESETS, findPreset } from '../../src/providers/preset-registry.ts';
import { holds } from '../lib/property.ts';

const DATE = 'Mon, 18 May 2026 11:42:00 GMT';
const AT = Date.parse(DATE);

function read(name: string, headers: Record<string, string | string[]>) {
  return findPreset(name).readLimits(headers);
}

describe("OpenAI's limits", () => {
  it('are read with commas and without, and their resets as durations', () => {
    const headers = {
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': '120ms',
      'x-ratelimit-limit-tokens': '30,000',
      'x-ratelimit-remaining-tokens': '29,976',
      'x-ratelimit-reset-tokens': '48ms',
    };
    expect(read('openai', headers)).toEqual([
      { type: 'rpm', limit: 500, remaining: 499, resetMs: 120 },
      { type: 'tpm', limit: 30_000, remaining: 29_976, resetMs: 48 },
    ]);
  });

  // 500 a minute refill one in 120 ms, 10,000 a day one in 8.64 s; the rule holds for tokens too.
  it.each([
    [500, 499, 60_000, '120ms'],
    [10_000, 9_999, 86_400_000, '8.64s'],
    [200_000, 195_588, 60_000, '1.3236s'],
    [50_000, 2_051, 60_000, '57.5388s'],
  ])('%d with %d left in %d ms are reset after what a bucket needs: %s', (limit, remaining, windowMs, reset) => {
    const headers = {
      'x-ratelimit-limit-tokens': `${limit}`,
      'x-ratelimit-remaining-tokens': `${remaining}`,
      'x-ratelimit-reset-tokens': reset,
    };
    const [seen] = read('openai', headers);
    expect(seen?.resetMs).toBeCloseTo(((limit - remaining) * windowMs) / limit, 3);
  });

  it("are the project's where those are tighter", () => {
    const headers = {
      'x-ratelimit-limit-tokens': '30000',
      'x-ratelimit-remaining-tokens': '29000',
      'x-ratelimit-reset-tokens': '2s',
      'x-ratelimit-limit-project-tokens': '10000',
      'x-ratelimit-remaining-project-tokens': '500',
      'x-ratelimit-reset-project-tokens': '57s',
    };
    expect(read('openai', headers)).toEqual([{ type: 'tpm', limit: 10_000, remaining: 500, resetMs: 57_000 }]);
  });
});

describe("Azure's limits", () => {
  it('have resets in bare seconds, and may be overdrawn', () => {
    const headers = { 'x-ratelimit-limit-tokens': '100000', 'x-ratelimit-remaining-tokens': '-27689', 'x-ratelimit-reset-tokens': '64' };
    expect(read('azure', headers)).toEqual([{ type: 'tpm', limit: 100_000, remaining: -27_689, resetMs: 64_000 }]);
  });

  it.each([
    ['-1', '-1'],
    ['0', '0'],
    ['0', '100'],
    ['-5', '10'],
  ])('are unknown where the limit is %s', (limit, remaining) => {
    const headers = { 'x-ratelimit-limit-tokens': limit, 'x-ratelimit-remaining-tokens': remaining, 'x-ratelimit-reset-tokens': '0' };
    expect(read('azure', headers)).toEqual([]);
  });

  it('have nothing known to be left where that is -1', () => {
    expect(read('azure', { 'x-ratelimit-limit-tokens': '600', 'x-ratelimit-remaining-tokens': '-1' })).toEqual([
      { type: 'tpm', limit: 600 },
    ]);
    expect(read('azure', { 'x-ratelimit-remaining-tokens': '-1' })).toEqual([]);
    expect(read('azure', { 'x-ratelimit-remaining-tokens': '20' })).toEqual([{ type: 'tpm', remaining: 20 }]);
  });
});

describe("Anthropic's limits", () => {
  const reset = '2026-05-18T11:42:16Z';
  const tokens = (what: string, limit: string, remaining: string) => ({
    [`anthropic-ratelimit-${what}-limit`]: limit,
    [`anthropic-ratelimit-${what}-remaining`]: remaining,
    [`anthropic-ratelimit-${what}-reset`]: reset,
  });

  it("tell input and output apart, and are reset at a time that is reckoned from the answer's own", () => {
    const headers = {
      date: DATE,
      ...tokens('requests', '1000', '999'),
      ...tokens('tokens', '90000', '90000'),
      ...tokens('input-tokens', '450000', '449000'),
      ...tokens('output-tokens', '90000', '90000'),
    };
    expect(findPreset('anthropic').readLimits(headers, AT - 3_600_000)).toEqual([
      { type: 'rpm', limit: 1000, remaining: 999, resetMs: 16_000, resetRoundedToMs: 1000 },
      { type: 'itpm', limit: 450_000, remaining: 449_000, resetMs: 16_000, resetRoundedToMs: 1000 },
      { type: 'otpm', limit: 90_000, remaining: 90_000, resetMs: 16_000, resetRoundedToMs: 1000 },
    ]);
  });

  it('are of both together where they are not told apart', () => {
    expect(findPreset('anthropic').readLimits(tokens('tokens', '40000', '39000'), AT)).toEqual([
      { type: 'tpm', limit: 40_000, remaining: 39_000, resetMs: 16_000, resetRoundedToMs: 1000 },
    ]);
  });

  it('never have more left than there is, rounded as they are', () => {
    expect(read('anthropic', tokens('tokens', '1500', '2000'))).toEqual([{ type: 'tpm', limit: 1500, remaining: 1500 }]);
  });
});

describe("other providers' limits", () => {
  it("are a day's requests and a minute's tokens at Groq", () => {
    const headers = {
      'x-ratelimit-limit-requests': '1000',
      'x-ratelimit-remaining-requests': '998',
      'x-ratelimit-reset-requests': '2m52.8s',
      'x-ratelimit-limit-tokens': '8000',
      'x-ratelimit-remaining-tokens': '7927',
      'x-ratelimit-reset-tokens': '547ms',
    };
    expect(read('groq', headers)).toEqual([
      { type: 'rpd', limit: 1000, remaining: 998, resetMs: 172_800, windowMs: 86_400_000 },
      { type: 'tpm', limit: 8000, remaining: 7927, resetMs: 547, windowMs: 60_000 },
    ]);
  });

  it("are a minute's at Mistral, and none where the model is not on the plan", () => {
    const headers = {
      'x-ratelimit-limit-req-minute': '60',
      'x-ratelimit-remaining-req-minute': '59',
      'x-ratelimit-limit-tokens-minute': '500000',
      'x-ratelimit-remaining-tokens-minute': '499900',
    };
    expect(read('mistral', headers)).toEqual([
      { type: 'rpm', limit: 60, remaining: 59, windowMs: 60_000 },
      { type: 'tpm', limit: 500_000, remaining: 499_900, windowMs: 60_000 },
    ]);
    expect(read('mistral', { 'x-ratelimit-limit-req-minute': '0', 'x-ratelimit-remaining-req-minute': '0' })).toEqual([]);
  });

  it.each([
    [30_000, { type: 'rpm', limit: 20, remaining: 0, resetMs: 30_000, windowMs: 60_000 }],
    [7_200_000, { type: 'rpd', limit: 20, remaining: 0, resetMs: 7_200_000, windowMs: 86_400_000 }],
  ])('are told apart at OpenRouter by how far away the reset is: %d ms', (away, expected) => {
    const headers = { date: DATE, 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${AT + away}` };
    expect(read('openrouter', headers)).toEqual([expected]);
    expect(read('openrouter', { ...headers, 'x-ratelimit-reset': 'soon' })).toEqual([]);
  });

  it.each(['gemini', 'together', 'ollama'])('are not in the headers of %s', (name) => {
    expect(read(name, { 'x-ratelimit-limit-requests': '5', 'x-ratelimit-limit': '5' })).toEqual([]);
  });

  it('are read by their names where nothing is known of the provider', () => {
    expect(read('openai-compatible', { 'x-ratelimit-limit-requests': ['60', '61'] })).toEqual([{ type: 'rpm', limit: 60 }]);
    expect(readAnyLimits({ 'anthropic-ratelimit-output-tokens-limit': '8000' })).toEqual([{ type: 'otpm', limit: 8000 }]);
    expect(readAnyLimits({ 'x-ratelimit-limit-tokens-minute': '9' })).toEqual([{ type: 'tpm', limit: 9, windowMs: 60_000 }]);
    expect(readAnyLimits({ 'x-ratelimit-limit': '9' })).toEqual([]);
    expect(readAnyLimits({})).toEqual([]);
  });
});

describe('headers with nonsense', () => {
  const names = ['requests', 'tokens', 'project-tokens', 'req-minute', 'tokens-minute'].flatMap((what) =>
    ['limit', 'remaining', 'reset'].map((part) => `x-ratelimit-${part}-${what}`),
  );
  const anthropic = ['requests', 'tokens', 'input-tokens', 'output-tokens'].flatMap((what) =>
    ['limit', 'remaining', 'reset'].map((part) => `anthropic-ratelimit-${what}-${part}`),
  );
  const all = [...names, ...anthropic, 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'date'];
  const oddities = [
    '',
    ' ',
    '-1',
    '0',
    '1e9',
    'Infinity',
    'NaN',
    '0x10',
    '30,000',
    '3,0',
    '9'.repeat(40),
    '6m0s',
    DATE,
    '9999-12-31T23:59:59Z',
    '💥',
  ];
  const value = fc.oneof(fc.constantFrom(...oddities), fc.string(), fc.double().map(String), fc.array(fc.string(), { maxLength: 2 }));

  it.each(['x', '1e9', 'Infinity', 'NaN', '0x10', '3,0', '9'.repeat(24), '12 34', '0.5', '--5'])('give no limit: %s', (text) => {
    expect(readAnyLimits({ 'x-ratelimit-limit-requests': text })).toEqual([]);
  });

  it('never give an observation that means nothing, and never throw', () =>
    holds(
      fc.property(fc.dictionary(fc.constantFrom(...all), value), fc.option(fc.constant(AT), { nil: undefined }), (headers, wallMs) => {
        for (const { readLimits } of [...BUILT_IN_PRESETS, { readLimits: readAnyLimits }]) {
          for (const { limit, remaining, resetMs, windowMs } of readLimits(headers, wallMs)) {
            expect(limit !== undefined || remaining !== undefined).toBe(true);
            if (limit !== undefined) expect(Number.isSafeInteger(limit) && limit >= 1).toBe(true);
            if (remaining !== undefined) expect(Number.isFinite(remaining) && remaining <= (limit ?? Number.POSITIVE_INFINITY)).toBe(true);
            if (resetMs !== undefined) expect(Number.isFinite(resetMs) && resetMs >= 0).toBe(true);
            if (windowMs !== undefined) expect([60_000, 86_400_000]).toContain(windowMs);
          }
        }
      }),
    ));
});
