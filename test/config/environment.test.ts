import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { providersInEnvironment } from '../../src/config/expand/environment-defaults.ts';
import { maskKey, maskUrl } from '../../src/config/expand/mask-key.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { complaints, deploymentsOf, fromYaml } from './read.ts';

const KEY = 'sk-live-0123456789abcdefghijklmnop';
const withKey = (apiKey: string, more: object = {}): object => ({
  models: { m: { deployments: [{ provider: 'openai', apiKey, ...more }] } },
});
const reference = (name: string): string => `$\{${name}}`;

describe('a reference to the environment', () => {
  it.each([reference('MY_KEY'), 'env:MY_KEY'])('as %s becomes the value of the variable', (written) => {
    expect(deploymentsOf(parseHeadgateConfig(withKey(written), { env: { MY_KEY: `${KEY}\n` } }), 'm')[0]?.apiKey).toBe(KEY);
  });

  it('may stand inside a text', () => {
    const config = parseHeadgateConfig(
      withKey('k', { baseUrl: `https://${reference('HOST')}/v1`, headers: { 'x-a': `Bearer ${reference('K')}` } }),
      {
        env: { HOST: 'example.org', K: KEY },
      },
    );
    expect(deploymentsOf(config, 'm')[0]).toMatchObject({ baseUrl: 'https://example.org/v1', headers: { 'x-a': `Bearer ${KEY}` } });
  });

  it('is none where the dollar stands twice', () => {
    const headers = { 'x-a': `$${reference('NAME')} and $5` };
    expect(deploymentsOf(parseHeadgateConfig(withKey('k', { headers })), 'm')[0]?.headers).toEqual({
      'x-a': `${reference('NAME')} and $5`,
    });
  });

  it.each([{}, { MY_KEY: '' }, { MY_KEY: ' ' }])('to a variable that is not set (%j) is refused by name, with its place', (env) => {
    const text = `models:\n  m:\n    deployments:\n      - provider: openai\n        api_key: ${reference('MY_KEY')}\n`;
    expect(complaints(text, { env })).toEqual([
      'config.yaml:5:18: models.m.deployments[0].apiKey: the environment variable MY_KEY is not set',
    ]);
  });

  it.each([
    ['"$'.concat('{A"'), 5],
    ['"x$'.concat('{A-B}"'), 5],
    ['"$'.concat('{}"'), 5],
    ['$MY_KEY', 5],
    ['env:MY-KEY', 5],
  ])('that is none, as %s, is no key: it is refused with its place, unquoted', (written, line) => {
    const text = `models:\n  m:\n    deployments:\n      - provider: openai\n        api_key: ${written}\n`;
    const [first, ...others] = complaints(text, { env: { MY_KEY: KEY } });
    expect(first).toMatch(new RegExp(`^config.yaml:${line}:18: models\\.m\\.deployments\\[0\\]\\.apiKey: expected a reference as `));
    expect(others).toEqual([]);
  });

  it('that is not set is told together with everything else', () => {
    expect(complaints({ ...withKey('env:A'), pool: { max_size: 0 } }, { env: {} })).toEqual([
      'models.m.deployments[0].apiKey: the environment variable A is not set',
      'pool.maxSize: expected a number of clients, a whole number > 0, not 0',
    ]);
  });

  it('may be missing for what no model in use needs', () => {
    const value = {
      models: {
        used: { fallbacks: ['spare'] },
        spare: { deployments: [{ provider: 'openai', apiKey: 'k' }] },
        other: { deployments: [{ provider: 'openai', apiKey: 'env:NOPE' }] },
      },
      providers: { groq: { apiKeys: ['env:NOPE'], models: ['llama'] } },
    };
    const config = parseHeadgateConfig(value, { env: {}, only: ['used'] });
    expect(Object.keys(config.models)).toEqual(['used', 'spare']);
    expect(config.warnings).toEqual(
      expect.arrayContaining([
        'models.other is left out: it refers to a variable that is not set, and no model in use needs it.',
        'providers.groq is left out: it refers to a variable that is not set, and no model in use needs it.',
      ]),
    );
    expect(complaints(value, { env: {}, only: ['llama'] })).toEqual([
      'providers.groq.apiKeys[0]: the environment variable NOPE is not set',
    ]);
  });
});

describe('what a section under providers leaves out', () => {
  const env = {
    OPENAI_API_KEY: KEY,
    OPENAI_MODEL: 'gpt-4o',
    OPENAI_BASE_URL: 'http://localhost:9/v1',
    OPENAI_TEMPERATURE: '0.5',
    OPENAI_MAX_TOKENS: '100',
    LLM_POOL_MIN_SIZE: '2',
    LLM_POOL_MAX_SIZE: '3',
  };

  it('comes from the environment', () => {
    const config = parseHeadgateConfig({ providers: { openai: null } }, { env });
    expect(deploymentsOf(config, 'gpt-4o')).toMatchObject([{ id: 'openai-1', apiKey: KEY, baseUrl: 'http://localhost:9/v1' }]);
    expect(config.providers['openai']?.settings).toMatchObject({ temperature: 0.5, maxTokens: 100 });
    expect(config.pool).toMatchObject({ minSize: 2, maxSize: 3 });
  });

  it('is the file’s where the file says it', () => {
    const config = parseHeadgateConfig({ providers: { openai: { api_keys: ['mine'], models: ['m'] } }, pool: { max_size: 7 } }, { env });
    expect(deploymentsOf(config, 'm')).toMatchObject([{ apiKey: 'mine' }]);
    expect(config.pool).toMatchObject({ minSize: 2, maxSize: 7 });
  });

  it('is asked for by the name of its variable', () => {
    expect(complaints({ providers: { anthropic: { api_keys: ['k'] } } })).toEqual([
      'providers.anthropic.models: missing; expected the models that the keys are for, or the environment variable ANTHROPIC_MODEL',
    ]);
  });

  it('names the variable, and not its value, where that is nonsense', () => {
    const wrong = { OPENAI_API_KEY: KEY, OPENAI_MODEL: 'm', OPENAI_TEMPERATURE: 'hot', OPENAI_BASE_URL: KEY, LLM_POOL_MAX_SIZE: '0' };
    expect(complaints({ providers: { openai: {} } }, { env: wrong })).toEqual([
      'providers.openai.settings.temperature: expected a number in the environment variable OPENAI_TEMPERATURE',
      expect.stringMatching(/^providers\.openai\.settings\.baseUrl: .*, not what the environment variable OPENAI_BASE_URL holds$/),
      expect.stringMatching(/^pool\.maxSize: .*, not what the environment variable LLM_POOL_MAX_SIZE holds$/),
    ]);
  });

  it('may be all of it: the environment alone names providers', () => {
    expect(providersInEnvironment(env)).toEqual({ openai: {} });
    expect(providersInEnvironment({ ...env, ANTHROPIC_API_KEY: 'k' })).toEqual({ openai: {} });
    expect(providersInEnvironment({ ANTHROPIC_API_KEY: 'k' })).toEqual({ anthropic: {} });
    expect(providersInEnvironment({})).toEqual({});
  });
});

describe('a key', () => {
  const config = parseHeadgateConfig({
    ...withKey(KEY, { baseUrl: `https://example.org/v1?key=${KEY}`, headers: { 'x-key': KEY } }),
    azure_open_ai: [{ api_key: KEY, azure_endpoint: `https://example.org/?key=${KEY}`, azure_oai_models: [{ unique_model_id: 'az' }] }],
    providers: { anthropic: { api_keys: [KEY], models: ['c'], settings: { base_url: `https://example.org?key=${KEY}` } } },
  });

  it('is whole for whoever calls the provider', () => {
    for (const model of ['m', 'az', 'c']) expect({ ...deploymentsOf(config, model)[0] }.apiKey).toBe(KEY);
  });

  it('is masked in every deployment that is logged or turned into JSON', () => {
    for (const dump of [JSON.stringify(config.models), inspect(config.models, { depth: 20 }), `${inspect(deploymentsOf(config, 'm'))}`]) {
      expect(dump).not.toContain(KEY);
      expect(dump).toContain('sk-…mnop');
    }
  });

  it('is in no message, wherever it stands by mistake', () => {
    const misplaced = [
      withKey(`${KEY} `),
      withKey(KEY, { weight: KEY }),
      withKey(KEY, { baseUrl: KEY }),
      withKey(KEY, { baseUrl: `https://user:${KEY}@example.org/v1` }),
      withKey(KEY, { baseUrl: `ftp://user:${KEY}@example.org/v1` }),
      { models: KEY },
      { models: { m: { deployments: [KEY] } } },
      { models: { m: { fallbacks: KEY } } },
      { providers: { openai: { api_keys: `${KEY}, ${KEY}`, models: ['m'] } } },
      { providers: { openai: { api_keys: [KEY, [KEY]], models: ['m'] } } },
      { azure_open_ai: [{ api_key: KEY, azure_endpoint: `https:/${KEY}` }] },
      `models:\n  m: {deployments: [{provider: openai, api_key: "${KEY}`,
      `api_key: ${KEY}\nmodels: [`,
      `${KEY}:\n`,
      `models: {m: {deployments: [{${KEY}: 1}]}}\n`,
      `? ${KEY}\n: *${KEY}\n`,
      `a: !${KEY} b\n`,
      `models: {m: {deployments: [{api_key: ${KEY}, api_key: ${KEY}}]}}\n`,
    ];
    for (const value of misplaced) expect(complaints(value).join('\n')).not.toContain(KEY.slice(3, -4));
    expect(() => fromYaml(`models: "${KEY}"`)).toThrow('config.yaml:1:9: models: expected models by id, not this text');
  });

  it('is shown by its ends, and not at all where it is short', () => {
    expect([KEY, 'sk-1234', ''].map(maskKey)).toEqual(['sk-…mnop', '***', '***']);
    expect(['https://u:p@example.org:8/v1/?key=x#y', 'http://example.org', 'nonsense'].map(maskUrl)).toEqual([
      'https://example.org:8/v1/?…',
      'http://example.org',
      '***',
    ]);
  });
});
