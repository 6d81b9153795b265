import { describe, expect, it } from 'vitest';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { LLMQueueException } from '../../src/domain/errors.ts';
import { complaints, invalid } from './read.ts';

const limited = (limit: unknown): object => ({ models: { 'gpt-4o': { rateLimiters: [{ type: 'rpm', limit }] } } });

describe('a limit', () => {
  it.each([
    [0, '0'],
    [-5, '-5'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['10', '"10"'],
    [[], 'an empty list'],
    [[1], 'a list'],
    [{}, 'a map'],
    [true, 'true'],
  ])('of %j is refused with its path and value', (limit, shown) => {
    const error = invalid(() => parseHeadgateConfig(limited(limit)));
    expect(error.path).toBe('models.gpt-4o.rateLimiters[0].limit');
    expect(error.message).toBe(`models.gpt-4o.rateLimiters[0].limit: expected a limit, a whole number > 0, not ${shown}`);
    expect(LLMQueueException.isInstance(error)).toBe(true);
  });

  it('is not left out by an empty list, which a template that came out wrong would have', () => {
    expect(complaints({ models: { m: { rateLimiters: [] } } })).toEqual([
      'models.m.rateLimiters: expected at least one limit, or the key left out where there is none, not an empty list',
    ]);
  });

  it('that is left out is called missing', () => {
    expect(complaints(limited(undefined))).toEqual(['models.gpt-4o.rateLimiters[0].limit: missing; expected a limit, a whole number > 0']);
  });

  it.each(['requests_per_minute', 'input_tokens_per_minute', 'output_tokens_per_minute', 'total_tokens_per_minute'])(
    'of 0 is refused as %s too',
    (key) => {
      const [line] = complaints({ providers: { openai: { api_keys: ['k'], models: ['m'], rate_limits: { [key]: 0 } } } });
      expect(line).toMatch(/^providers\.openai\.rateLimits\.\w+: expected a limit, a whole number > 0, not 0$/);
    },
  );

  it('says which of a list is wrong', () => {
    const rate_limits = [{ requests_per_minute: 1 }, { requests_per_minute: -1 }];
    expect(complaints({ providers: { openai: { api_keys: ['a', 'b'], models: ['m'], rate_limits } } })).toEqual([
      'providers.openai.rateLimits[1].requestsPerMinute: expected a limit, a whole number > 0, not -1',
    ]);
  });
});

describe('an address with a user name or password', () => {
  const hidden =
    'expected a URL without a user name and password, which would be shown; put a key into apiKey, or both into headers: { authorization: "Basic …" }, not ';
  const at = 'models.m.deployments[0].baseUrl: ';
  const deployment = (baseUrl: string) => ({ models: { m: { deployments: [{ provider: 'openai', baseUrl }] } } });

  it.each([
    ['both', 'https://ann:pass-w0rd@host.example/v1', 'https://host.example/v1'],
    ['a name', 'https://pass-w0rd@host.example/v1', 'https://host.example/v1'],
    ['a password', 'https://:pass-w0rd@host.example/v1', 'https://host.example/v1'],
    ['a scheme in capitals', 'HTTPS://ann:pass-w0rd@host.example/v1', 'https://host.example/v1'],
  ])('is refused with its path, and not shown: %s', (_, url, shown) => {
    expect(complaints(deployment(url))).toEqual([at + hidden + shown]);
  });

  it('is refused in a variable, for a provider, and for Azure', () => {
    const secret = 'https://ann:pass-w0rd@host.example/v1';
    const env = { ADDRESS: secret };
    expect(complaints(deployment('env:ADDRESS'), { env })).toEqual([`${at}${hidden}what the environment variable ADDRESS holds`]);
    const provider = { providers: { openai: { apiKeys: ['k'], models: 'm', settings: { baseUrl: secret } } } };
    expect(complaints(provider)).toEqual([`providers.openai.settings.baseUrl: ${hidden}https://host.example/v1`]);
    const azure = { azure: [{ azureEndpoint: secret, apiKey: 'k', apiVersion: 'v', models: [] }] };
    expect(complaints(azure).join()).not.toContain('pass-w0rd');
  });

  it('is not shown where it is no http address either', () => {
    expect(complaints(deployment('ftp://ann:pass-w0rd@host.example')).join()).not.toContain('pass-w0rd');
  });
});

describe('control characters', () => {
  const deployment = (more: object) => ({ models: { m: { deployments: [{ provider: 'openai', ...more }] } } });

  it.each([
    ["a model's id", { models: { 'gpt\r\nx: y': {} } }, /^models\["gpt/],
    ["a provider's name", { providers: { 'open\tai': { apiKeys: ['k'], models: 'm' } } }, /^providers\["open/],
    ["a provider's models", { providers: { openai: { apiKeys: ['k'], models: ['gpt\u0000'] } } }, /^providers\.openai\.models/],
    ['a deployment id', deployment({ id: 'a\nb' }), 'models.m.deployments[0].id'],
    ['an upstream name', deployment({ model: 'a\u007fb' }), 'models.m.deployments[0].model'],
    ['a preset', deployment({ provider: 'open\nai' }), 'models.m.deployments[0].provider'],
    ['an API version', deployment({ apiVersion: 'a\u0085b' }), 'models.m.deployments[0].apiVersion'],
    ['a key', deployment({ apiKey: 'k\r\nx: y' }), 'models.m.deployments[0].apiKey'],
    ['a header', deployment({ headers: { 'x-team': 'a\u0001b' } }), 'models.m.deployments[0].headers.x-team'],
    ['a header in another script', deployment({ headers: { 'x-team': '水' } }), 'models.m.deployments[0].headers.x-team'],
    ["a header's name", deployment({ headers: { 'x\r\ny': 'a' } }), /^models\.m\.deployments\[0\]\.headers/],
    ["a tenant's name", { models: { m: { tenants: { 'a\nb': {} } } } }, /^models\.m\.tenants/],
  ])('are refused in %s', (_, config, path) => {
    const error = invalid(() => parseHeadgateConfig(config));
    if (typeof path === 'string') expect(error.path).toBe(path);
    else expect(error.path).toMatch(path);
  });

  it('are no letters of other scripts', () => {
    expect(() =>
      parseHeadgateConfig({ models: { 模型: { deployments: [{ provider: 'openai', id: 'Schleuse 7 · Süd' }] } } }),
    ).not.toThrow();
  });
});

describe('a key that nobody knows', () => {
  it.each([
    ['at the top', { model: {} }, 'model: unknown key "model"; did you mean models?'],
    ['without a value', { modles: null }, 'modles: unknown key "modles"; did you mean models?'],
    ['in a model', { models: { m: { rate_limter: [] } } }, 'models.m.rateLimter: unknown key "rateLimter"; did you mean rateLimiters?'],
    [
      'in a limit',
      { models: { m: { rateLimiters: [{ type: 'rpm', limit: 1, bursts: 1 }] } } },
      'models.m.rateLimiters[0].bursts: unknown key "bursts"; did you mean burst?',
    ],
    [
      'in a union',
      { providers: { openai: { apiKeys: ['k'], models: 'm', rateLimits: { requestPerMinute: 1 } } } },
      'providers.openai.rateLimits.requestPerMinute: unknown key "requestPerMinute"; did you mean requestsPerMinute?',
    ],
    [
      'far from all others',
      { user_limits: { colour: 1 } },
      'userLimits.colour: unknown key "colour"; known here: maxNumRequestsInTimeWindow, timeWindowInSeconds',
    ],
  ])('%s is refused, with the nearest one that is known', (_, value, line) => {
    expect(complaints(value)).toEqual([line]);
  });

  it('is told for each of several, up to twenty', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`key${i}`, 1]));
    const lines = complaints(many);
    expect(lines).toHaveLength(21);
    expect(lines[20]).toBe('… and 10 more.');
  });
});

describe('what is written', () => {
  it('may be in either spelling, but each key once', () => {
    expect(complaints({ models: { m: { max_queue_size: 1, maxQueueSize: 2 } } })).toEqual([
      'models.m.maxQueueSize: given twice, as max_queue_size and as maxQueueSize',
    ]);
  });

  it('keeps names as they are, however they are spelled', () => {
    const config = parseHeadgateConfig({
      models: { my_model: { tenants: { my_tenant: {} }, deployments: [{ provider: 'openai', headers: { x_my_header: 'v' } }] } },
      domains: { my_domain: { rate_limiters: [{ type: 'rpm', limit: 1 }] } },
    });
    expect(Object.keys(config.models)).toEqual(['my_model']);
    expect(config.models['my_model']?.tenants).toEqual({ my_tenant: { weight: 1 } });
    expect(config.models['my_model']?.deployments[0]?.headers).toEqual({ x_my_header: 'v' });
    expect(config.domains['my_domain']?.rateLimiters).toEqual([{ type: 'rpm', limit: 1 }]);
  });

  it('counts as left out where a key has no value', () => {
    expect(parseHeadgateConfig({ models: { m: null }, custom_models: null, user_limits: null }).userLimits).toBeUndefined();
  });

  it.each([[null], [undefined], [{}]])('may be nothing (%j)', (value) => {
    expect(parseHeadgateConfig(value).warnings).toEqual(['No models are configured.']);
  });

  it.each([[5], [[]], [new Date(0)], [() => {}]])('is a map, not %j', (value) => {
    expect(complaints(value)[0]).toMatch(/^expected a map, not /);
  });

  it('is no text of a file: that is read with loadHeadgateConfig', () => {
    expect(invalid(() => parseHeadgateConfig('models: {}')).message).toBe('expected a map, not "models: {}"');
  });

  it('may not be nested without end', () => {
    const circle: Record<string, unknown> = {};
    circle['pool'] = circle;
    expect(complaints(circle)[0]).toMatch(/: expected no more than 32 levels$/);
  });

  it('leaves an object of the user as it is', () => {
    class Mine {
      order<T>(candidates: readonly T[]): readonly T[] {
        return candidates;
      }
    }
    const balancer = new Mine();
    expect(parseHeadgateConfig({ models: { m: { balancer } } }).models['m']?.balancer).toBe(balancer);
    const plain = { order: <T>(candidates: readonly T[]) => candidates, under_score: 1 };
    expect(parseHeadgateConfig({ models: { m: { balancer: plain } } }).models['m']?.balancer).toBe(plain);
  });

  it('has no name that means something to the language', () => {
    const models: unknown = JSON.parse('{"__proto__": {"maxQueueSize": 1}, "constructor": {}}');
    expect(complaints({ models })).toEqual(['models.__proto__: expected another name: this one has a meaning of its own']);
    expect(Object.keys(parseHeadgateConfig({ models: { constructor: {} } }).models)).toEqual(['constructor']);
  });
});

it.each([
  [{ models: { m: { fallbacks: ['m'] } } }, 'models.m.fallbacks[0]: expected another model: a model is no fallback of itself'],
  [
    { models: { 'gpt-4o': {}, m: { fallbacks: ['gpt-4'] } } },
    'models.m.fallbacks[0]: expected one of the models, not "gpt-4"; did you mean "gpt-4o"?',
  ],
  [{ global: { default_provider: 'x' } }, 'global.defaultProvider: expected a section under providers, not "x"'],
  [{ pool: { min_size: 5, max_size: 4 } }, 'pool.minSize: expected at most maxSize, 4, not 5'],
  [{ global: { log_level: 'loud' } }, /^global\.logLevel: expected one of trace, .*, not "loud"$/],
  [
    { models: { m: { deployments: [] } } },
    'models.m.deployments: expected at least one deployment, or the key left out where callers bring their own, not an empty list',
  ],
  [{ models: { m: { balancer: 'best' } } }, /^models\.m\.balancer: expected one of most-headroom, .*, not "best"$/],
  [
    { models: { m: { deployments: [{ provider: 'openai', base_url: 'localhost:8080' }] } } },
    'models.m.deployments[0].baseUrl: expected a URL such as https://api.openai.com/v1, not "localhost:8080"',
  ],
  [
    { models: { 'gpt-4.1': { deployments: [{ provider: 'openai', headers: { 'a b': 'c' } }] } } },
    'models["gpt-4.1"].deployments[0].headers["a b"]: expected the name of a header',
  ],
  [
    {
      models: {
        m: {
          rateLimiters: [
            { type: 'rpm', limit: 1 },
            { type: 'rpm', limit: 2 },
          ],
        },
      },
    },
    'models.m.rateLimiters[1]: expected each type once per domain and window',
  ],
])('%j is refused', (value, line) => {
  const lines = complaints(value);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toEqual(typeof line === 'string' ? line : expect.stringMatching(line));
});
