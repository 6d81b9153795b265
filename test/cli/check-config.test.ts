import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../src/cli/check/describe-config.ts';
import { type ProbeResult, probeDeployments } from '../../src/cli/check/probe.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import type { HeadgateConfig } from '../../src/config/headgate-config-types.ts';
import type { HttpTransport, HttpTransportRequest } from '../../src/domain/http-transport.ts';
import { deploymentProblem } from '../../src/providers/deployment-problem.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { complaints } from '../config/read.ts';

const KEY = 'sk-live-0123456789abcdefghijklmnop';
const openai = (fields: object = {}): object => ({ provider: 'openai', apiKey: KEY, ...fields });
const serving = (deployments: readonly object[], fields: object = {}): HeadgateConfig =>
  parseHeadgateConfig({ models: { m: { deployments, ...fields } } });

describe('what a configuration was understood as', () => {
  it('is told by model, with endpoints, limits and masked keys', () => {
    const config = parseHeadgateConfig({
      models: {
        'gpt-4o': {
          rateLimiters: [{ type: 'concurrent', limit: 8 }],
          deployments: [
            openai({
              rateLimiters: [
                { type: 'rpm', limit: 5000 },
                { type: 'tpm', limit: 10, timePeriod: 5 },
              ],
            }),
            { provider: 'azure', baseUrl: `https://east.openai.azure.com/?k=${KEY}`, domain: 'org', headers: { 'x-a': KEY } },
          ],
          fallbacks: ['own'],
          requestTimeoutSeconds: 30,
        },
        own: { learnLimits: false },
      },
      domains: { org: { rateLimiters: [{ type: 'tpd', limit: 1_000_000 }] } },
      providers: { anthropic: { apiKeys: [KEY], models: ['claude'], settings: { temperature: 0 } } },
      customModels: [{ uniqueModelId: 'mine', modulePath: './mine.ts', reqPerMin: 5 }],
      userLimits: {},
      pool: { maxSize: 2 },
    });
    const text = describeConfig(config, 'config.yaml', { AZURE_OPENAI_API_KEY: `az-${KEY}` }).join('\n');

    expect(text).not.toContain(KEY);
    expect(text).toBe(
      [
        'config.yaml: 3 models, 3 deployments',
        '',
        'gpt-4o: chat · most-headroom · 4 attempts · in all 8 concurrent · waits at most 30 s · then own',
        '  openai-1  openai  https://api.openai.com/v1        gpt-4o  sk-…mnop                         5,000 rpm, 10 tpm per 5 s',
        '  azure-1   azure   https://east.openai.azure.com?…  gpt-4o  az-…mnop (AZURE_OPENAI_API_KEY)  1,000,000 tpd (org)',
        '',
        'own: chat · 4 attempts · learns no limits',
        "  the caller's own endpoint and key",
        '',
        'claude: chat · 4 attempts',
        '  anthropic-1  anthropic  https://api.anthropic.com  claude  sk-…mnop  limits are learned',
        '',
        'domains',
        '  org  1,000,000 tpd',
        '',
        'clients',
        '  anthropic (default)  1 key for claude  temperature 0',
        '  pool                 1 to 2 clients    waits at most 10 s for one, checked every 60 s',
        '',
        'custom models',
        '  mine  completion  ./mine.ts  5 rpm',
        '',
        'users and queue',
        '  one user  40 requests per 60 s',
      ].join('\n'),
    );
  });

  it('tells what each tenant may do, and where that is counted', () => {
    const price = { input: 1, output: 2 };
    const config = parseHeadgateConfig({
      models: { m: {}, n: {} },
      prices: { m: price, n: price },
      userLimits: {},
      tenants: {
        plain: {},
        full: {
          weight: 2.5,
          models: ['m'],
          priorityCeiling: -1,
          userLimits: { maxNumRequestsInTimeWindow: 1, timeWindowInSeconds: 10 },
          budget: { tokens: { perDay: 1_000_000 }, money: { perMonth: 0.5, currency: 'EUR' } },
          timeZone: 'Europe/Berlin',
        },
      },
      limitsStore: `redis://me:${KEY}@redis:6379/1`,
    });
    const lines = describeConfig(config, 'c.yaml', {});
    expect(lines.slice(lines.indexOf('tenants'))).toEqual([
      'tenants',
      '  plain       weight 1 · all models · 40 requests per 60 s',
      '  full        weight 2.5 · m · priority at most -1 · 1 request per 10 s · 1,000,000 tokens a day · 0.5 EUR a month · Europe/Berlin',
      '  counted in  redis://redis:6379/1',
    ]);
  });

  it('names the variable of a key that is nowhere', () => {
    const lines = describeConfig(serving([{ provider: 'groq' }]), 'c.yaml', {});
    expect(lines.join('\n')).toContain('no key (GROQ_API_KEY is not set)');
  });

  it('ends with the warnings', () => {
    expect(describeConfig(parseHeadgateConfig({}), 'c.yaml', {}).slice(-2)).toEqual(['warnings', '  No models are configured.']);
  });
});

it('refuses a provider that nobody knows, and one without an address, at their place in the file', () => {
  const text = 'models:\n  m:\n    deployments:\n      - provider: opnai\n      - provider: azure\n';
  const [unknown = '', nowhere = ''] = complaints(text, { checkDeployment: deploymentProblem });
  expect(unknown).toMatch(/^config\.yaml:4:9: models\.m\.deployments\[0\]: Provider 'opnai' is not known\. Known: /);
  expect(nowhere).toMatch(/^config\.yaml:5:9: models\.m\.deployments\[1\]: Provider 'azure' has no address of its own/);
});

/** A provider in the same process: what it was asked, and how each deployment answered. */
async function probed(config: HeadgateConfig, answer: (request: HttpTransportRequest) => { status: number; json: unknown } | 'silence') {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const transport: HttpTransport = async (request) => {
    request.onWritten();
    asked.push(`${request.method} ${request.origin}${request.path}`);
    const given = answer(request);
    if (given === 'silence')
      return new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)));
    const bytes = new TextEncoder().encode(JSON.stringify(given.json));
    return {
      status: given.status,
      headers: { 'content-type': 'application/json' },
      body: (async function* () {
        yield bytes;
      })(),
    };
  };
  const done = probeDeployments(config, { clock, env: {}, transport });
  await clock.advance(60_000);
  const results: readonly ProbeResult[] = await done;
  return { asked, results, timers: clock.pendingTimers };
}

const list = (...ids: string[]): { status: number; json: unknown } => ({
  status: 200,
  json: { object: 'list', data: ids.map((id) => ({ id })) },
});

describe('a probe', () => {
  it('asks each deployment once for its models, whatever it serves', async () => {
    const shared = openai({ id: 'shared', baseUrl: 'http://one.test/v1' });
    const config = parseHeadgateConfig({
      models: { a: { deployments: [shared, openai({ baseUrl: 'http://two.test/v1' })] }, b: { deployments: [shared] } },
    });
    const { asked, results, timers } = await probed(config, () => list('a', 'b'));
    expect(asked).toEqual(['GET http://one.test/v1/models', 'GET http://two.test/v1/models']);
    expect(results).toMatchObject([
      { deploymentId: 'shared', ok: true },
      { deploymentId: 'openai-1', ok: true },
    ]);
    expect(results.map(({ message }) => message)).toEqual([undefined, undefined]);
    expect(timers).toBe(0);
  });

  it('says which models the provider does not name', async () => {
    const { results } = await probed(serving([openai({ model: 'gpt-9' })]), () => list('gpt-4o'));
    expect(results).toMatchObject([{ ok: true, message: 'its list of models does not name gpt-9' }]);
  });

  it('knows a model by its alias and by its dated name', async () => {
    const models = [openai({ model: 'haiku' }), openai({ model: 'sonnet-latest' }), openai({ model: 'flash' })];
    const { results } = await probed(serving(models), () => list('haiku-20250101', 'sonnet-20250101', 'models/flash'));
    expect(results.map(({ message }) => message)).toEqual([undefined, undefined, undefined]);
  });

  it('asks for the shortest answer where there is no list', async () => {
    const bodies: unknown[] = [];
    const { asked, results } = await probed(serving([openai({ baseUrl: 'http://one.test/v1' })]), ({ method, body = '' }) => {
      if (method === 'GET') return { status: 404, json: { error: { message: 'no such path' } } };
      bodies.push(JSON.parse(body));
      return { status: 200, json: { choices: [{ message: { content: 'Hi' } }], usage: { prompt_tokens: 1, completion_tokens: 1 } } };
    });
    expect(asked).toEqual(['GET http://one.test/v1/models', 'POST http://one.test/v1/chat/completions']);
    expect(bodies).toMatchObject([{ model: 'm', max_tokens: 1 }]);
    expect(results).toMatchObject([{ deploymentId: 'openai-1', ok: true }]);
  });

  it('tells how a deployment fails, each on its own, and never its key', async () => {
    const config = serving([
      openai({ baseUrl: 'http://right.test/v1' }),
      openai({ baseUrl: 'http://wrong-key.test/v1' }),
      openai({ baseUrl: 'http://silent.test/v1' }),
    ]);
    const { results } = await probed(config, ({ origin }) => {
      if (origin.includes('silent')) return 'silence';
      if (origin.includes('right')) return list('m');
      return { status: 401, json: { error: { message: `Incorrect API key provided: ${KEY}`, code: 'invalid_api_key' } } };
    });
    expect(results).toMatchObject([
      { deploymentId: 'openai-1', ok: true },
      { deploymentId: 'openai-2', ok: false },
      { deploymentId: 'openai-3', ok: false, ms: 10_000, code: 'timeout', message: 'no answer within 10 s' },
    ]);
    expect(results[1]?.message).toContain('openai-2');
    expect(JSON.stringify(results)).not.toContain(KEY);
  });
});
