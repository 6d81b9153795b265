import { describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { LONG_NON_STREAMING, parseFaults, parseLatency, parseRange, simulatorOptionsFromFlags } from '../../src/simulator/index.ts';

describe('simulatorOptionsFromFlags', () => {
  it('starts as OpenAI does', () => {
    expect(simulatorOptionsFromFlags({})).toMatchObject({
      port: 0,
      cost: 'openai',
      dialect: 'openai',
      limits: [
        { type: 'rpm', limit: 500, windowMs: 60_000, mechanism: 'bucket' },
        { type: 'tpm', limit: 30_000, windowMs: 60_000, mechanism: 'bucket' },
      ],
    });
  });

  it('applies exactly the limits given, with their window and mechanism', () => {
    const options = simulatorOptionsFromFlags({ rpm: '60', rpd: 1000, windowSeconds: '5', mechanism: 'sliding', seed: '7', port: '8080' });
    expect(options.limits).toEqual([
      { type: 'rpm', limit: 60, windowMs: 5000, mechanism: 'sliding' },
      { type: 'rpd', limit: 1000, windowMs: 86_400_000, mechanism: 'sliding' },
    ]);
    expect(options).toMatchObject({ seed: 7, port: 8080 });
  });

  it('counts requests by the second and tokens by the minute for Azure', () => {
    const { limits } = simulatorOptionsFromFlags({ preset: 'azure', subWindowSeconds: '10' });
    expect(limits.map(({ type, mechanism, subWindowMs }) => [type, mechanism, subWindowMs])).toEqual([
      ['rpm', 'subwindow', 10_000],
      ['tpm', 'fixed', 10_000],
    ]);
  });

  it('reads the rest', () => {
    const flags = {
      preset: 'plain',
      latency: '10',
      faults: '5xx=0.5',
      countDelay: '0-5',
      models: 'a,b',
      apiKey: 'k',
      host: '::1',
      cost: 'azure',
      hideHeaders: true,
      hideRetryAfter: true,
      contextTokens: '8000',
      azureQuirks: 'sentinels, refuse-in-stream',
    };
    expect(simulatorOptionsFromFlags(flags)).toMatchObject({
      limits: [],
      cost: 'azure',
      latency: { headersMs: { min: 10, max: 10 } },
      faults: { serverError: 0.5 },
      countDelayMs: { min: 0, max: 5 },
      models: ['a', 'b'],
      apiKey: 'k',
      host: '::1',
      hideHeaders: true,
      hideRetryAfter: true,
      contextTokens: 8000,
      azure: { sentinels: true, refuseInStream: true },
    });
    expect(simulatorOptionsFromFlags({ apiKeys: 'k1, k2' }).apiKeys).toEqual(['k1', 'k2']);
    expect(simulatorOptionsFromFlags({ preset: 'anthropic' })).toMatchObject({ dialect: 'anthropic', cost: 'metered-output' });
  });

  it.each([
    [{ preset: 'opnai' }, "--preset is 'opnai'; expected one of plain, openai, azure, groq, anthropic."],
    [{ rpm: '0' }, "--rpm is '0'; expected an integer of at least 1."],
    [{ tpm: 'many' }, "--tpm is 'many'"],
    [{ tpm: '1.5' }, "--tpm is '1.5'"],
    [{ tpm: '' }, "--tpm is ''"],
    [{ rpm: '1', windowSeconds: '-5' }, "--window-seconds is '-5'"],
    [{ rpm: '1', subWindowSeconds: 'x' }, "--sub-window-seconds is 'x'"],
    [{ mechanism: 'leaky' }, "--mechanism is 'leaky'; expected one of bucket, fixed, sliding, subwindow."],
    [{ cost: 'free' }, "--cost is 'free'"],
    [{ port: '70000' }, "--port is '70000'"],
    [{ countDelay: '50-10' }, "--count-delay is '50-10'"],
    [{ seed: 'x' }, "--seed is 'x'"],
    [{ azureQuirks: 'odd' }, "--azure-quirks is 'odd'; expected one of sentinels, negative, refuse-in-stream."],
    [{ contextTokens: '0' }, "--context-tokens is '0'"],
  ])('refuses %j', (flags, message) => {
    expect(() => simulatorOptionsFromFlags(flags)).toThrow(InvalidConfiguration);
    expect(() => simulatorOptionsFromFlags(flags)).toThrow(message);
  });
});

describe('parseRange, parseLatency, parseFaults', () => {
  it('read what they document', () => {
    expect(parseRange(' 0 - 50 ', '--x')).toEqual({ min: 0, max: 50 });
    expect(parseRange(300, '--x')).toEqual({ min: 300, max: 300 });
    expect(parseLatency('200-1200')).toEqual({ headersMs: { min: 200, max: 1200 } });
    expect(parseLatency('200-1200/1000-5000')).toEqual({ headersMs: { min: 200, max: 1200 }, bodyMs: { min: 1000, max: 5000 } });
    expect(parseLatency('ttft')).toEqual({ ttft: {} });
    expect(parseLatency('long')).toBe(LONG_NON_STREAMING);
    expect(parseLatency('none')).toEqual({ headersMs: { min: 0, max: 0 } });
    expect(parseFaults('5xx=0.01, reset=0.02,error=0.03,stall=0.1,truncate=0,stall-ms=500')).toEqual({
      serverError: 0.01,
      reset: 0.02,
      errorInBody: 0.03,
      stall: 0.1,
      truncate: 0,
      stallMs: 500,
    });
    expect(parseFaults('429=0.1,502=0.2,html=0.3,insufficientQuota=0.05')).toEqual({
      rateLimit: 0.1,
      badGateway: 0.2,
      html: 0.3,
      insufficientQuota: 0.05,
    });
  });

  it.each(['', '-5', 'fast', '5-', '1/2/3', '9-3'])('refuse the latency %j', (text) => {
    expect(() => parseLatency(text)).toThrow(InvalidConfiguration);
  });

  it.each(['', 'reset', 'reset=x', 'reset=2', 'fire=0.1', 'reset=0.6,stall=0.6', '__proto__=0.1'])('refuse the faults %j', (text) => {
    expect(() => parseFaults(text)).toThrow(InvalidConfiguration);
  });
});
