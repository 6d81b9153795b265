import { describe, expect, it } from 'vitest';
import { admit } from '../../src/simulator/admission.ts';
import { refusalBody } from '../../src/simulator/error-bodies.ts';
import { goDuration } from '../../src/simulator/go-duration.ts';
import { LimitAccount } from '../../src/simulator/limits/limit-account.ts';
import type { Mechanism, SimulatedLimitType } from '../../src/simulator/limits/simulated-limit.ts';
import { rateHeaders, resetText, retryHeaders } from '../../src/simulator/rate-headers.ts';
import { SeededRandom } from '../../src/simulator/seeded-random.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

function account(type: SimulatedLimitType, limit: number, mechanism: Mechanism = 'bucket', windowMs = MINUTE, seed = 1): LimitAccount {
  return new LimitAccount({ type, limit, windowMs, mechanism }, 'gpt-4o-mini', new SeededRandom(seed));
}

function tokens(total: number) {
  return { input: total, output: 0, total, metered: false };
}

describe('published numbers', () => {
  it.each([
    [200_000, 195_869, 4412, '84ms'],
    [50_000, 47_949, 3006, '1.146s'],
    [30_000, 22_999, 12_528, '11.054s'],
  ])('OpenAI: limit %i, used %i, requested %i: try again in %s', (limit, used, requested, wait) => {
    const tpm = account('tpm', limit);
    tpm.count(used, 0);
    const refusal = admit([tpm], tokens(requested), 0);
    expect(refusal).toBeDefined();
    if (!refusal) return;
    expect(refusalBody('gpt-4o-mini', refusal, 'openai')).toEqual({
      error: {
        message:
          'Rate limit reached for gpt-4o-mini in organization org-simulated on tokens per min (TPM): ' +
          `Limit ${limit}, Used ${used}, Requested ${requested}. Please try again in ${wait}. ` +
          'Visit https://platform.openai.com/account/rate-limits to learn more.',
        type: 'tokens',
        param: null,
        code: 'rate_limit_exceeded',
      },
    });
  });

  it.each([
    ['rpm', 500, MINUTE, '499', '120ms'],
    ['rpd', 10_000, DAY, '9999', '8.64s'],
  ] as const)('OpenAI: one request of %s %i leaves its headers', (type, limit, windowMs, remaining, reset) => {
    const requests = account(type, limit, 'bucket', windowMs);
    expect(admit([requests], tokens(10), 0)).toBeUndefined();
    expect(rateHeaders([requests], 0, 'openai')).toEqual({
      'x-ratelimit-limit-requests': String(limit),
      'x-ratelimit-remaining-requests': remaining,
      'x-ratelimit-reset-requests': reset,
    });
  });

  it('Groq: requests a day and tokens a minute, milliseconds rounded down', () => {
    const accounts = [
      account('rpm', 30),
      account('rpd', 1000, 'bucket', DAY),
      account('tpm', 8000),
      account('tpd', 200_000, 'bucket', DAY),
    ];
    const [rpm, rpd, tpm] = accounts;
    rpm?.count(2, 0);
    rpd?.count(2, 0);
    tpm?.count(73, 0);
    expect(rateHeaders(accounts, 0, 'groq')).toEqual({
      'x-ratelimit-limit-requests': '1000',
      'x-ratelimit-remaining-requests': '998',
      'x-ratelimit-reset-requests': '2m52.8s',
      'x-ratelimit-limit-tokens': '8000',
      'x-ratelimit-remaining-tokens': '7927',
      'x-ratelimit-reset-tokens': '547ms',
    });
  });

  it.each([
    [11_972, 5292],
    [11_390, 2964],
  ])('Groq: 15,000 limit, %i used, 4,351 requested: about %i ms', (used, waitMs) => {
    const tpm = account('tpm', 15_000);
    tpm.count(used, 0);
    expect(tpm.counter.waitMs(4351, 0)).toBeCloseTo(waitMs, 0);
  });

  it('Azure: 600 RPM by the second: the 11th is refused until the next second', () => {
    const random = new SeededRandom(5);
    random.next();
    const secondBegins = random.next() * 1000;
    const rpm = account('rpm', 600, 'subwindow', MINUTE, 5);
    for (let i = 0; i < 10; i++) expect(admit([rpm], tokens(1), secondBegins + i)).toBeUndefined();
    const refusal = admit([rpm], tokens(1), secondBegins + 10);
    expect(refusal?.waitMs).toBeCloseTo(990, 6);
    expect(retryHeaders(refusal?.waitMs ?? 0, 'azure')).toEqual({ 'retry-after': '1', 'retry-after-ms': '990' });
    expect(admit([rpm], tokens(1), secondBegins + 1000)).toBeUndefined();
  });

  it('Azure: bare seconds and its own envelope', () => {
    const tpm = account('tpm', 1000);
    tpm.count(1000, 0);
    const refusal = admit([tpm], tokens(110), 0);
    if (!refusal) throw new Error('admitted over the limit');
    expect(refusalBody('m', refusal, 'azure').error).toEqual({
      code: '429',
      message:
        'Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate limit ' +
        'of your current OpenAI S0 pricing tier. Please retry after 7 seconds.',
    });
    expect(rateHeaders([tpm], 0, 'azure')['x-ratelimit-reset-tokens']).toBe('60');
    expect(resetText(9001, 'azure')).toBe('10');
  });

  it('a request larger than the limit is told so, without a wait', () => {
    const tpm = account('tpm', 30_000);
    const refusal = admit([tpm], tokens(34_307), 0);
    if (!refusal) throw new Error('admitted over the limit');
    const { message } = refusalBody('gpt-4o', refusal, 'openai').error;
    expect(message).toMatch(
      /^Request too large for gpt-4o in organization org-simulated on tokens per min \(TPM\): Limit 30000, Requested 34307\./,
    );
    expect(message).not.toContain('Used');
    expect(retryHeaders(refusal.waitMs, 'openai')).toEqual({});
    expect(tpm.stats().accepted).toBe(0);
  });

  it('rounds waits up, so that nobody who obeys comes too early', () => {
    expect(retryHeaders(84.3, 'openai')).toEqual({ 'retry-after': '1', 'retry-after-ms': '85' });
    expect(retryHeaders(2000.4, 'groq')).toEqual({ 'retry-after': '3' });
  });

  it('OpenAI shows the tighter of minute and day', () => {
    const accounts = [account('rpm', 500), account('rpd', 200, 'bucket', DAY)];
    admit(accounts, tokens(1), 0);
    expect(rateHeaders(accounts, 0, 'openai')['x-ratelimit-limit-requests']).toBe('200');
  });
});

describe('goDuration', () => {
  it.each([
    [0, '0s'],
    [0.4, '0s'],
    [1, '1ms'],
    [20, '20ms'],
    [84.3, '84ms'],
    [999.9, '999ms'],
    [1000, '1s'],
    [8640, '8.64s'],
    [60_000, '1m0s'],
    [172_800, '2m52.8s'],
    [360_000, '6m0s'],
    [3_600_000, '1h0m0s'],
    [83_909_144, '23h18m29.144s'],
    [119.9999999, '120ms'],
    [-5, '0s'],
  ])('%d ms is %s', (ms, text) => {
    expect(goDuration(ms)).toBe(text);
  });
});
