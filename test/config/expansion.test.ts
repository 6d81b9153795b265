import { describe, expect, it } from 'vitest';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { complaints, deploymentsOf } from './read.ts';

const limits = (rpm: number): object => ({ requestsPerMinute: rpm });
const provider = (section: object): object => ({ providers: { anthropic: section } });

describe("a provider's keys", () => {
  it('get a model and limits each, where there is one for each', () => {
    const config = parseHeadgateConfig(
      provider({ apiKeys: ['k1', 'k2'], models: ['haiku', 'opus'], rateLimits: [limits(10), limits(20)] }),
    );
    expect(deploymentsOf(config, 'haiku')).toMatchObject([{ id: 'anthropic-1', apiKey: 'k1', rateLimiters: [{ type: 'rpm', limit: 10 }] }]);
    expect(deploymentsOf(config, 'opus')).toMatchObject([{ id: 'anthropic-2', apiKey: 'k2', rateLimiters: [{ type: 'rpm', limit: 20 }] }]);
  });

  it('are one deployment with one quota domain, where one key serves several models within one set of limits', () => {
    const config = parseHeadgateConfig(provider({ apiKeys: ['k1'], models: ['haiku', 'opus'], rateLimits: limits(10) }));
    for (const model of ['haiku', 'opus']) {
      expect(deploymentsOf(config, model)).toMatchObject([
        { id: 'anthropic-1', model, apiKey: 'k1', rateLimiters: [{ type: 'rpm', limit: 10, domain: 'anthropic-1' }] },
      ]);
    }
  });

  it('are a deployment for each model, where one key has limits for each', () => {
    const config = parseHeadgateConfig(provider({ apiKeys: 'k1', models: ['haiku', 'opus'], rateLimits: [limits(10), limits(20)] }));
    expect(deploymentsOf(config, 'haiku')).toMatchObject([{ id: 'anthropic-1', rateLimiters: [{ limit: 10 }] }]);
    expect(deploymentsOf(config, 'opus')).toMatchObject([{ id: 'anthropic-2', rateLimiters: [{ limit: 20 }] }]);
  });

  it('serve all models of a list within the list', () => {
    const config = parseHeadgateConfig(provider({ apiKeys: ['k1', 'k2'], models: [['haiku', 'opus']], rateLimits: limits(10) }));
    for (const model of ['haiku', 'opus']) {
      expect(deploymentsOf(config, model).map(({ id, rateLimiters }) => [id, rateLimiters[0]?.domain])).toEqual([
        ['anthropic-1', 'anthropic-1'],
        ['anthropic-2', 'anthropic-2'],
      ]);
    }
  });

  it('that are empty are skipped', () => {
    const config = parseHeadgateConfig(provider({ apiKeys: ['', 'k2', ''], models: 'haiku' }));
    expect(deploymentsOf(config, 'haiku').map(({ apiKey }) => apiKey)).toEqual(['k2']);
    expect(config.warnings).toEqual([]);
  });

  it('must match models and limits in number', () => {
    expect(complaints(provider({ apiKeys: ['a', 'b', 'c'], models: ['m', 'n'] }))).toEqual([
      'providers.anthropic.models: expected one model, or one for each of the 3 keys, not 2; [[a, b]] gives every key both models',
    ]);
    expect(complaints(provider({ apiKeys: ['a', 'b'], models: 'm', rateLimits: [limits(1), limits(2), limits(3)] }))).toEqual([
      'providers.anthropic.rateLimits: expected limits once, or once for each of the 2 keys, not 3 times',
    ]);
  });

  it('pass their settings on to what they serve', () => {
    const settings = { base_url: 'http://localhost:9/v1', temperature: 0, max_tokens: 5, timeout: 30, max_retries: 0 };
    const config = parseHeadgateConfig(provider({ apiKeys: ['k'], models: 'm', settings }));
    expect(config.providers['anthropic']?.settings).toEqual({
      baseUrl: 'http://localhost:9/v1',
      temperature: 0,
      maxTokens: 5,
      timeout: 30,
      maxRetries: 0,
    });
    expect(config.models['m']).toMatchObject({ attemptTimeoutSeconds: 30, retry: { maxAttempts: 1 } });
    expect(deploymentsOf(config, 'm')).toMatchObject([{ baseUrl: 'http://localhost:9/v1' }]);
  });

  it('are warned about where a figure does nothing or a key counts twice', () => {
    const { warnings } = parseHeadgateConfig({
      ...provider({ apiKeys: ['k', 'k'], models: 'm', rateLimits: { ...limits(1), burstMultiplier: 1.5 } }),
      pool: { maxSize: 1 },
    });
    expect(warnings).toEqual([
      'providers.anthropic: burstMultiplier is not applied: Headgate never lets a window exceed its limit.',
      'providers.anthropic: a key stands there twice; its limits count for each of the two.',
      "pool.maxSize is 1: of the 2 keys of 'anthropic' no more are used at once.",
    ]);
  });

  it('stand beside deployments that are written out, with ids of their own', () => {
    const config = parseHeadgateConfig({
      models: { m: { deployments: [{ provider: 'anthropic' }, { id: 'anthropic-2', provider: 'anthropic' }] } },
      ...provider({ apiKeys: ['a', 'b'], models: 'm' }),
    });
    expect(deploymentsOf(config, 'm').map(({ id, apiKey }) => [id, apiKey])).toEqual([
      ['anthropic-1', 'a'],
      ['anthropic-3', 'b'],
      ['anthropic-4', undefined],
      ['anthropic-2', undefined],
    ]);
  });

  it('are bounded in number, with their models', () => {
    const models = [Array.from({ length: 200 }, (_, i) => `m${i}`)];
    const apiKeys = Array.from({ length: 51 }, (_, i) => `k${i}`);
    expect(complaints(provider({ apiKeys, models }))).toEqual(['expected at most 10000 deployments']);
    expect(Object.keys(parseHeadgateConfig(provider({ apiKeys: apiKeys.slice(1), models })).models)).toHaveLength(200);
  });
});

describe('Azure resources', () => {
  const resource = (region: string, model: object): object => ({
    api_key: `key-${region}`,
    azure_endpoint: `https://${region}.openai.azure.com`,
    azure_oai_models: [{ unique_model_id: 'gpt-4o', ...model }],
  });

  it('with the same model are replicas of it', () => {
    const config = parseHeadgateConfig({
      azure_open_ai: [resource('east', { req_per_min: 10 }), resource('west', { req_per_min: 20, deployment_name_in_azure: 'four' })],
    });
    expect(deploymentsOf(config, 'gpt-4o')).toMatchObject([
      { id: 'azure-1', apiKey: 'key-east', model: 'gpt-4o', rateLimiters: [{ type: 'rpm', limit: 10 }] },
      {
        id: 'azure-2',
        model: 'four',
        azure: {
          apiType: 'azure',
          azureEndpoint: 'https://west.openai.azure.com',
          modelNameInAzure: 'gpt-4o',
          deploymentNameInAzure: 'four',
        },
      },
    ]);
  });

  it('may not do different things under one model id', () => {
    const resources = [resource('east', { model_type: 'chat' }), resource('west', { model_type: 'embeddings' })];
    expect(complaints({ azure_open_ai: resources })).toEqual([
      "azureOpenAi[1].azureOaiModels[0].modelType: expected chat, as at the model's other deployments, not embeddings",
    ]);
  });

  it('have defaults where system B has none', () => {
    const config = parseHeadgateConfig({ azure_open_ai: [resource('east', {})], user_limits: {}, scheduler_limits: {} });
    expect(deploymentsOf(config, 'gpt-4o')).toMatchObject([{ rateLimiters: [], errorBackoffInSeconds: 60 }]);
    expect(config.userLimits).toEqual({ maxNumRequestsInTimeWindow: 40, timeWindowInSeconds: 60 });
    expect(config.schedulerLimits).toEqual({ maxQueueSize: 1000, requestTimeoutSeconds: 300 });
  });

  it('take two spellings of a field only where they say the same', () => {
    expect(complaints({ user_limits: { time_window_in_seconds: 60, time_window_length_in_seconds: 30 } })).toEqual([
      'userLimits.timeWindowLengthInSeconds: says another value than timeWindowInSeconds, which is the same; give one of them',
    ]);
    const both = parseHeadgateConfig({ scheduler_limits: { ttl_in_seconds: 30, request_timeout_seconds: 30 } });
    expect(both.schedulerLimits?.requestTimeoutSeconds).toBe(30);
  });
});

it('keeps custom models with their module, in either spelling', () => {
  const config = parseHeadgateConfig({
    custom_models: [{ unique_model_id: 'own', model_type: 'chat', path_to_py_file: './own.ts', class_name: 'Own', req_per_min: 5 }],
  });
  expect(config.customModels).toEqual([
    {
      uniqueModelId: 'own',
      modelType: 'chat',
      modulePath: './own.ts',
      exportName: 'Own',
      rateLimiters: [{ type: 'rpm', limit: 5 }],
      errorBackoffInSeconds: 60,
    },
  ]);
});

describe('deployments that share', () => {
  const shared = { domains: { org: { rateLimiters: [{ type: 'tpm', limit: 1000 }] } } };

  it("get their domain's limits beside their own", () => {
    const rateLimiters = [{ type: 'rpm', limit: 5 }];
    const config = parseHeadgateConfig({
      ...shared,
      models: { m: { deployments: [{ provider: 'openai', rateLimiters, domain: 'org' }] } },
    });
    expect(deploymentsOf(config, 'm')[0]).toMatchObject({
      domains: ['org'],
      rateLimiters: [
        { type: 'rpm', limit: 5 },
        { type: 'tpm', limit: 1000, domain: 'org' },
      ],
    });
  });

  it('must name a domain that is declared', () => {
    const models = { m: { deployments: [{ provider: 'openai', domains: ['orgg'] }] } };
    expect(complaints({ ...shared, models })).toEqual([
      'models.m.deployments[0].domains[0]: expected a name under domains, not "orgg"; did you mean "org"?',
    ]);
  });

  it('must agree on the size of a limit in one domain', () => {
    const of = (limit: number): object => ({ rateLimiters: [{ type: 'tpm', limit, domain: 'org' }] });
    expect(complaints({ ...shared, models: { m: of(1000), n: of(999) } })).toEqual([
      'models.n.rateLimiters[0]: expected the same as elsewhere in domain "org", a limit of 1000, not 999',
    ]);
  });

  it('are one where they have one id, described once or alike', () => {
    const first = { id: 'x', provider: 'openai', apiKey: 'k', rateLimiters: [{ type: 'rpm', limit: 5 }] };
    const config = parseHeadgateConfig({
      models: { a: { deployments: [first] }, b: { deployments: [{ id: 'x', provider: 'openai', model: 'upstream' }] } },
    });
    expect(deploymentsOf(config, 'b')).toMatchObject([{ id: 'x', model: 'upstream', apiKey: 'k', rateLimiters: [{ limit: 5 }] }]);
    const other = { models: { a: { deployments: [first] }, b: { deployments: [{ id: 'x', provider: 'openai', apiKey: 'other' }] } } };
    expect(complaints(other)).toEqual([
      'models.b.deployments[0].apiKey: expected the same as where deployment "x" of model "a" is described: one id is one deployment',
    ]);
  });

  it('stand only once in a model', () => {
    const deployments = [
      { id: 'x', provider: 'openai' },
      { id: 'x', provider: 'openai' },
    ];
    expect(complaints({ models: { m: { deployments } } })).toEqual([
      'models.m.deployments[1].id: expected another id: the model has a deployment "x" already',
    ]);
  });
});

it('fills in what a model leaves out, and keeps what it says', () => {
  const { models } = parseHeadgateConfig({
    models: {
      plain: {},
      full: { fallbacks: ['plain'], retry: { base_delay_ms: 5 }, tenants: { acme_corp: { weight: 2 }, other: {} }, learn_limits: false },
    },
  });
  expect(models['plain']).toMatchObject({ deployments: [], rateLimiters: [], type: 'chat', retry: { maxAttempts: 4 } });
  expect(models['plain']?.learnLimits).toBeUndefined();
  expect(models['full']).toMatchObject({
    fallbacks: ['plain'],
    retry: { maxAttempts: 4, baseDelayMs: 5 },
    tenants: { acme_corp: { weight: 2 }, other: { weight: 1 } },
    learnLimits: false,
  });
});
