import { describe, expect, it } from 'vitest';
import { InvalidConfiguration, QueueManager, RateLimiter, validateRateLimit, validateTimePeriod } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { thrownBy } from './harness.ts';

const rpm = { type: 'rpm', limit: 10 };
const limits = (...rateLimiters: unknown[]): object => ({ modelId: 'm', rateLimiters });

/** What is wrong, the config, the path to it, and what the message must say: the value and what was expected. */
const WRONG: readonly (readonly [string, unknown, string, ...string[]])[] = [
  ['no config', undefined, '', 'missing'],
  ['null', null, '', 'null'],
  ['text', 'gpt', '', '"gpt"'],
  ['no model', { rateLimit: 1 }, 'modelId', 'missing', 'a model id'],
  ['an empty model', { modelId: '', rateLimit: 1 }, 'modelId', '""', 'a model id'],
  ['a model that is a number', { modelId: 4, rateLimit: 1 }, 'modelId', '4', 'a model id'],
  ['neither form of limits', { modelId: 'm' }, 'rateLimiters', 'missing', 'rateLimiters (or rateLimit)'],
  ['a mode without a limit', { modelId: 'm', rateLimiterMode: 'requests_per_period' }, 'rateLimiters', 'missing'],
  ['both forms', { ...limits(rpm), rateLimit: 5 }, 'rateLimit', '5', 'not both'],
  [
    'both forms, by the mode',
    { ...limits(rpm), rateLimiterMode: 'concurrent_requests' },
    'rateLimiterMode',
    'concurrent_requests',
    'not both',
  ],
  ['both forms, by the period', { ...limits(rpm), timePeriod: 5 }, 'timePeriod', '5', 'not both'],
  ['no limits at all', limits(), 'rateLimiters', '[]', 'at least one'],
  ['limits that are no list', { modelId: 'm', rateLimiters: rpm }, 'rateLimiters', '"rpm"', 'array'],
  ['a rateLimit of 0', { modelId: 'm', rateLimit: 0 }, 'rateLimit', '0', 'a whole number > 0'],
  ['a rateLimit of 1.5', { modelId: 'm', rateLimit: 1.5 }, 'rateLimit', '1.5', 'a whole number > 0'],
  ["a rateLimit of '5'", { modelId: 'm', rateLimit: '5' }, 'rateLimit', '"5"', 'a whole number > 0'],
  ['an infinite rateLimit', { modelId: 'm', rateLimit: Number.POSITIVE_INFINITY }, 'rateLimit', 'a whole number > 0'],
  [
    'an unknown mode',
    { modelId: 'm', rateLimit: 1, rateLimiterMode: 'rps' },
    'rateLimiterMode',
    '"rps"',
    'requests_per_period, concurrent_requests',
  ],
  ['a period of 0', { modelId: 'm', rateLimit: 1, timePeriod: 0 }, 'timePeriod', '0', 'seconds'],
  ['an unknown key', { modelId: 'm', rateLimit: 1, rateLimt: 5 }, '', 'rateLimt'],
  ['a limit of 0', limits({ type: 'rpm', limit: 0 }), 'rateLimiters[0].limit', '0', 'a whole number > 0'],
  ['a limit of 1.5', limits(rpm, { type: 'tpm', limit: 1.5 }), 'rateLimiters[1].limit', '1.5', 'a whole number > 0'],
  ["a limit of '5'", limits({ type: 'rpm', limit: '5' }), 'rateLimiters[0].limit', '"5"', 'a whole number > 0'],
  ['a negative limit', limits({ type: 'rpm', limit: -3 }), 'rateLimiters[0].limit', '-3', 'a whole number > 0'],
  ['no limit', limits({ type: 'rpm' }), 'rateLimiters[0].limit', 'missing'],
  ['no type', limits({ limit: 5 }), 'rateLimiters[0].type', 'missing', 'rpm, rpd, tpm, tpd, itpm, otpm, concurrent'],
  ['an unknown type', limits({ type: 'rps', limit: 5 }), 'rateLimiters[0].type', '"rps"', 'rpm, rpd, tpm'],
  ['an unknown key of a limit', limits({ ...rpm, window: 5 }), 'rateLimiters[0]', 'window'],
  ['a window of 0', limits({ ...rpm, timePeriod: 0 }), 'rateLimiters[0].timePeriod', '0', 'seconds'],
  ['an unknown algorithm', limits({ ...rpm, algorithm: 'leaky' }), 'rateLimiters[0].algorithm', '"leaky"', 'token-bucket'],
  [
    'a burst above the limit',
    limits({ ...rpm, algorithm: 'token-bucket', burst: 11 }),
    'rateLimiters[0].burst',
    '11',
    'at most the limit of 10',
  ],
  ['a burst without a bucket', limits({ ...rpm, burst: 5 }), 'rateLimiters[0].burst', '5', 'token-bucket'],
  [
    'an unknown time zone',
    limits({ ...rpm, type: 'rpd', algorithm: 'calendar-day', timeZone: 'Mars/Base' }),
    'rateLimiters[0].timeZone',
    'Mars/Base',
    'America/Los_Angeles',
  ],
  ['a time zone without a day', limits({ ...rpm, timeZone: 'UTC' }), 'rateLimiters[0].timeZone', 'UTC', 'calendar-day'],
  [
    'a sub-window too short for one request',
    limits({ ...rpm, subWindowSeconds: 1 }),
    'rateLimiters[0].subWindowSeconds',
    '1',
    'at least 6 s',
  ],
  [
    'a sub-window as long as the window',
    limits({ ...rpm, subWindowSeconds: 60 }),
    'rateLimiters[0].subWindowSeconds',
    '60',
    'less than the window of 60 s',
  ],
  ['a negative countedWithinMs', limits({ ...rpm, countedWithinMs: -1 }), 'rateLimiters[0].countedWithinMs', '-1', 'milliseconds'],
  ['a domain without a name', limits({ ...rpm, domain: '' }), 'rateLimiters[0].domain', '""', 'a name'],
  [
    'a window of a concurrent limit',
    limits({ type: 'concurrent', limit: 5, timePeriod: 10 }),
    'rateLimiters[0].timePeriod',
    '10',
    'no window',
  ],
  ['the same limit twice', limits(rpm, rpm), 'rateLimiters[1]', 'rpm', 'once'],
  [
    'two windows in one domain and type',
    limits({ ...rpm, domain: 'd' }, { ...rpm, domain: 'd', timePeriod: 5 }),
    'rateLimiters[1].timePeriod',
    '5',
    "'d'",
  ],
  ['a queue size of 0', { modelId: 'm', rateLimit: 1, maxQueueSize: 0 }, 'maxQueueSize', '0', 'a whole number > 0'],
  ['a wait of 0', { modelId: 'm', rateLimit: 1, requestTimeoutSeconds: 0 }, 'requestTimeoutSeconds', '0', 'seconds'],
  ['an attempt of -1 s', { modelId: 'm', rateLimit: 1, attemptTimeoutSeconds: -1 }, 'attemptTimeoutSeconds', '-1', 'seconds'],
  ['no attempt at all', { modelId: 'm', rateLimit: 1, retry: { maxAttempts: 0 } }, 'retry.maxAttempts', '0', 'attempts'],
  ['a negative delay', { modelId: 'm', rateLimit: 1, retry: { baseDelayMs: -1 } }, 'retry.baseDelayMs', '-1', 'milliseconds'],
  ['a factor below 1', { modelId: 'm', rateLimit: 1, retry: { factor: 0.5 } }, 'retry.factor', '0.5', 'factor'],
  ['another jitter', { modelId: 'm', rateLimit: 1, retry: { jitter: 'half' } }, 'retry.jitter', '"half"', 'full'],
  ['an unknown key of retry', { modelId: 'm', rateLimit: 1, retry: { attempts: 3 } }, 'retry', 'attempts'],
  ['a look-ahead of -1', { modelId: 'm', rateLimit: 1, lookAhead: -1 }, 'lookAhead', '-1', '≥ 0'],
  ['a weight of 0', { modelId: 'm', rateLimit: 1, tenants: { t: { weight: 0 } } }, 'tenants.t.weight', '0', 'weight'],
  ['a schema that is none', { modelId: 'm', rateLimit: 1, paramsSchema: { type: 'object' } }, 'paramsSchema', 'zod'],
];

describe('a wrong model configuration', () => {
  it.each(WRONG)('%s: names the path, the value and what was expected', (_what, config, path, ...says) => {
    const manager = new QueueManager({ clock: new VirtualClock() });
    const error = thrownBy(() => manager.registerQueue(config as never, () => 1));
    expect(error).toBeInstanceOf(InvalidConfiguration);
    expect(error).toMatchObject({ code: 'invalid_configuration', path });
    for (const part of [path, ...says]) expect((error as Error).message).toContain(part);
    expect(manager.getRegisteredModels()).toEqual([]);
  });

  it('a domain that contradicts what another model said of it', () => {
    const manager = new QueueManager({ clock: new VirtualClock() });
    const shared = { type: 'rpm', limit: 10, domain: 'team' } as const;
    manager.registerQueue({ modelId: 'a', rateLimiters: [shared] }, () => 1);
    const error = thrownBy(() => manager.registerQueue({ modelId: 'b', rateLimiters: [{ ...shared, limit: 20 }] }, () => 1));
    expect(error).toMatchObject({ code: 'invalid_configuration', path: 'rateLimiters[0].limit' });
    for (const part of ['20', '10', "'team'"]) expect((error as Error).message).toContain(part);
    manager.registerQueue({ modelId: 'b', rateLimiters: [shared] }, () => 1);
    manager.registerQueue({ modelId: 'c', rateLimiters: [{ ...shared, type: 'tpm', limit: 20 }] }, () => 1);
    expect(manager.getRegisteredModels()).toEqual(['a', 'b', 'c']);
  });

  it('a window that is spelled out is no contradiction to the default', () => {
    const manager = new QueueManager({ clock: new VirtualClock() });
    const shared = { type: 'rpm', limit: 10, domain: 'team' } as const;
    manager.registerQueue({ modelId: 'a', rateLimiters: [shared] }, () => 1);
    manager.registerQueue({ modelId: 'b', rateLimiters: [{ ...shared, timePeriod: 60, algorithm: 'sliding-window' }] }, () => 1);
    expect(manager.getRegisteredModels()).toEqual(['a', 'b']);
  });

  it('several mistakes are told at once', () => {
    const manager = new QueueManager({ clock: new VirtualClock() });
    const error = thrownBy(() => manager.registerQueue({ modelId: '', rateLimit: 0, lookAhead: -1 }, () => 1)) as Error;
    for (const path of ['modelId', 'rateLimit', 'lookAhead']) expect(error.message).toContain(`'${path}'`);
  });

  it.each([undefined, null, 'fn', {}])('a processor that is %s', (processor) => {
    const manager = new QueueManager({ clock: new VirtualClock() });
    const error = thrownBy(() => manager.registerQueue({ modelId: 'm', rateLimit: 1 }, processor as never));
    expect(error).toMatchObject({ code: 'invalid_configuration', path: 'processor' });
    expect((error as Error).message).toContain("'m'");
  });
});

describe('what is valid', () => {
  it.each<[string, object]>([
    ['every type', limits(...['rpm', 'rpd', 'tpm', 'tpd', 'itpm', 'otpm', 'concurrent'].map((type) => ({ type, limit: 5 })))],
    ['a fractional window', limits({ ...rpm, timePeriod: 0.5 })],
    ['a bucket', limits({ ...rpm, algorithm: 'token-bucket', burst: 10 })],
    ['a day in a zone', limits({ type: 'tpd', limit: 5, algorithm: 'calendar-day', timeZone: 'America/Los_Angeles' })],
    ['a sub-window', limits({ ...rpm, limit: 60, subWindowSeconds: 1 })],
    ['two windows of one type', limits(rpm, { ...rpm, timePeriod: 1 })],
    ['explicit undefined', { modelId: 'm', rateLimit: 1, rateLimiters: undefined, maxQueueSize: undefined }],
  ])('%s', (_what, config) => {
    const manager = new QueueManager({ clock: new VirtualClock() });
    manager.registerQueue(config as never, () => 1);
    expect(manager.getRegisteredModels()).toEqual(['m']);
  });
});

describe('a wrong limiter of its own', () => {
  it.each([0, 1.5, '5', undefined, Number.NaN])('limit %s', (limit) => {
    const error = thrownBy(() => RateLimiter.create({ type: 'rpm', limit: limit as number }));
    expect(error).toBeInstanceOf(InvalidConfiguration);
    expect(error).toMatchObject({ path: 'limit' });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1'])('a cost of %s', async (cost) => {
    const limiter = RateLimiter.create({ type: 'rpm', limit: 5 });
    expect(thrownBy(() => limiter.tryAcquire(cost as number))).toMatchObject({ path: 'cost' });
    await expect(limiter.waitForSlot(cost as number)).rejects.toMatchObject({ path: 'cost' });
    expect(limiter.getCurrentUsage()).toBe(0);
  });
});

describe('validateRateLimit and validateTimePeriod', () => {
  it('return what is right', () => {
    expect(validateRateLimit(5)).toBe(5);
    expect(validateTimePeriod(0.5)).toBe(0.5);
  });

  it.each([0, -1, 1.5, '5', null, undefined, Number.NaN, Number.POSITIVE_INFINITY, {}, Symbol('s')])('refuse %s', (value) => {
    expect(thrownBy(() => validateRateLimit(value))).toBeInstanceOf(InvalidConfiguration);
    if (value !== 1.5) expect(thrownBy(() => validateTimePeriod(value))).toMatchObject({ path: 'timePeriod' });
  });

  it('refuse what cannot be shown', () => {
    for (const validate of [validateRateLimit, validateTimePeriod]) {
      expect(thrownBy(() => validate(Object.create(null)))).toBeInstanceOf(InvalidConfiguration);
    }
  });
});

describe('wrong options of a manager', () => {
  it.each<[string, unknown]>([
    ['historySize', -1],
    ['historySize', 1.5],
    ['historySize', '10'],
    ['historyTtlMs', Number.NaN],
    ['priorityStepMs', -5],
    ['inspectRequestsPerSecond', null],
    ['random', 0.5],
    ['estimator', {}],
  ])('%s of %s', (path, value) => {
    const error = thrownBy(() => new QueueManager({ clock: new VirtualClock(), [path]: value }));
    expect(error).toBeInstanceOf(InvalidConfiguration);
    expect(error).toMatchObject({ path });
    expect((error as Error).message).toContain(`'${path}' is ${String(value)}: expected`);
  });
});
