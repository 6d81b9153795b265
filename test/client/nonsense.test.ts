import { describe, expect, it } from 'vitest';
import * as client from '../../src/client/index.ts';
import { LLMQueueException } from '../../src/domain/errors.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const circle: Record<string, unknown> = {};
circle['self'] = circle;
const nested = (levels: number, around: (inner: unknown) => unknown): unknown => {
  let value: unknown = {};
  for (let level = 0; level < levels; level++) value = around(value);
  return value;
};

const NONSENSE: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['a number', 5],
  ['NaN', Number.NaN],
  ['a text', 'nonsense'],
  ['an empty text', ''],
  ['a symbol', Symbol('s')],
  ['a BigInt', 10n],
  ['a function', () => {}],
  ['a list', []],
  ['a list of a number', [5]],
  ['an empty object', {}],
  ['a circle', circle],
  ['a deep object', nested(20_000, (a) => ({ a }))],
  ['a deep list', nested(20_000, (a) => [a])],
  ['an object without prototype', Object.create(null)],
  ['a date that is none', new Date(Number.NaN)],
];

/** Whatever was given stands where something else belongs. */
const as = (value: unknown) => value as never;
const given = (name: string, value: unknown) => as({ [name]: value });

const CONFIG = { providers: { openai: { apiKeys: ['secret-key-123'], models: 'gpt' } }, pool: { healthCheckInterval: 0 } };
const ANSWER = '{"choices":[{"message":{"content":"hi"}}],"data":[{"embedding":[1]}]}';
const transport: NonNullable<client.CreateHeadgateOptions['transport']> = async (request) => {
  request.onWritten();
  const body = (async function* () {
    yield Buffer.from(ANSWER);
  })();
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
};
const made = { transport, env: {}, clock: new VirtualClock() };
const headgate = await client.createHeadgate(
  { models: { gpt: { deployments: [{ provider: 'openai', apiKey: 'secret-key-123' }] } } },
  made,
);
const manager = await client.createLlmManager(CONFIG, made);
const openai = manager.getClient();
const queue = new client.LLMQueue({ llmConfig: { models: {} }, requestExecutors: {} });
const sdkModel = { provider: 'openai', modelId: 'gpt', doGenerate: async () => ({ usage: { inputTokens: {}, outputTokens: {} } }) };
const noFetch = async (): Promise<Response> => new Response('passed on');

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

const each = (names: readonly string[], act: (name: string) => (value: unknown) => unknown) =>
  Object.fromEntries(names.map((name) => [name, act(name)]));

const CALL_OPTIONS = ['model', 'maxTokens', 'temperature', 'topP', 'stop', 'tools', 'toolChoice', 'schema', 'schemaName', 'signal'];
const PARTS = ['llmConfig', 'requestExecutors', 'userRateLimitsStoreAdapter', 'telemetryStoreAdapter', 'scheduler', 'llmLoadBalancer'];

const DOORS: Readonly<Record<string, (value: unknown) => unknown>> = {
  createHeadgate: (value) => client.createHeadgate(as(value), { env: {} }),
  'createHeadgate, options': (value) => client.createHeadgate({}, as(value)),
  'createHeadgate, env': (value) => client.createHeadgate({}, given('env', value)),
  'createHeadgate, clock': (value) => client.createHeadgate({}, given('clock', value)),
  assembleHeadgate: (value) => client.assembleHeadgate(as(value)),
  createLlmManager: (value) => client.createLlmManager(as(value), { env: {} }),
  'createLlmManager, options': (value) => client.createLlmManager(CONFIG, as(value)),
  'createLlmManager, clock': (value) => client.createLlmManager(CONFIG, given('clock', value)),
  LLMManager: (value) => new client.LLMManager(as(value)),
  parseHeadgateConfig: (value) => client.parseHeadgateConfig(value),
  'parseHeadgateConfig, options': (value) => client.parseHeadgateConfig({}, as(value)),
  loadHeadgateConfig: (value) => client.loadHeadgateConfig(as(value)),
  getClient: (value) => manager.getClient(as(value)),
  getStatus: (value) => manager.getStatus(as(value)),
  getOrCreateClient: (value) => manager.getOrCreateClient(as(value)),
  addProvider: (value) => manager.addProvider(as(value), { apiKeys: 'k', models: 'm' }),
  'addProvider, section': (value) => manager.addProvider('openai-compatible', as(value)),
  closeProvider: (value) => manager.closeProvider(as(value)),
  complete: (value) => openai.complete(as(value)),
  'complete, message': (value) => openai.complete(as([value])),
  'complete, content': (value) => openai.complete(as([{ role: 'user', content: value }])),
  'complete, toolCalls': (value) => openai.complete(as([{ role: 'assistant', content: '', toolCalls: value }])),
  'complete, options': (value) => openai.complete('a', as(value)),
  'complete, a tool': (value) => openai.complete('a', given('tools', [value])),
  ...each(
    [...CALL_OPTIONS, 'priority', 'tenant', 'deadline', 'of_the_provider'],
    (name) => (value) => openai.complete('a', given(name, value)),
  ),
  streamComplete: (value) => drain(openai.streamComplete(as(value))),
  'stream, options': (value) => drain(openai.stream('a', as(value))),
  chat: (value) => openai.chat(as(value)),
  'chat, options': (value) => openai.chat('a', as(value)),
  'chat, history': (value) => openai.chat('a', given('history', value)),
  embed: (value) => openai.embed(as(value), { model: 'gpt' }),
  'embed, options': (value) => openai.embed('a', as(value)),
  'middlewareChain.add': (value) => openai.middlewareChain.add(as(value)).remove(as(value)),
  'middlewareChain.add, options': (value) => new client.MiddlewareChain().add(new client.RetryMiddleware(), as(value)),
  'middlewareChain.getMiddleware': (value) => openai.middlewareChain.getMiddleware(as(value)),
  'manager.close': async (value) => (await client.createLlmManager(CONFIG, made)).close(as(value)),
  LLMQueue: (value) => new client.LLMQueue(as(value)),
  ...each(PARTS, (name) => (value) => new client.LLMQueue(as({ llmConfig: { models: {} }, [name]: value }))),
  executeRequest: (value) => queue.executeRequest(as(value)),
  ...each(['reqType', 'userId', 'modelPref'], (name) => (value) => queue.executeRequest(as({ reqType: 'a', userId: 'u', [name]: value }))),
  registerRequestExecutors: (value) => queue.registerRequestExecutors(as(value)),
  gracefulShutdown: (value) => new client.LLMQueue({ llmConfig: { models: {} } }).gracefulShutdown(as(value)),
  ModelPreferences: (value) => new client.ModelPreferences(as(value)),
  EvenlySpacedRequestLB: (value) => new client.EvenlySpacedRequestLB(as(value)),
  BasicFIFOScheduler: (value) => new client.BasicFIFOScheduler(as(value)),
  loadCustomModel: (value) => client.loadCustomModel(as(value)),
  Message: (value) => new client.Message('user', 'x', {}, as(value)),
  LoggingMiddleware: (value) => new client.LoggingMiddleware(as(value)),
  MetricsMiddleware: (value) => new client.MetricsMiddleware(as(value)),
  RetryMiddleware: (value) => new client.RetryMiddleware(as(value)),
  'RetryMiddleware, baseDelay': (value) => new client.RetryMiddleware(given('baseDelay', value)),
  RateLimitMiddleware: (value) => new client.RateLimitMiddleware(as(value)),
  'RateLimitMiddleware, rateLimiters': (value) => new client.RateLimitMiddleware(given('rateLimiters', value)),
  registerProvider: (value) => client.registerProvider(as(value)).unregister(),
  'headgate.fetch': (value) => headgate.fetch(as(value)),
  'headgate.fetch, deadlineMs': (value) => headgate.fetch(given('deadlineMs', value)),
  'headgate.fetch, fetch': (value) => headgate.fetch(given('fetch', value)),
  'headgate.middleware': (value) => headgate.middleware(as(value)),
  'headgate.middleware, deadlineMs': (value) => headgate.middleware(given('deadlineMs', value)),
  'wrapGenerate, params': (value) => headgate.middleware().wrapGenerate(as({ params: value, model: sdkModel })),
  'wrapGenerate, model': (value) => headgate.middleware().wrapGenerate(as({ params: { prompt: [] }, model: value })),
  dispatch: (value) => headgate.dispatch(as(value), { format: 'openai-chat', body: {} }),
  'dispatch, call': (value) => headgate.dispatch('gpt', as(value)),
  'dispatch, format': (value) => headgate.dispatch('gpt', as({ format: value, body: {} })),
  'dispatch, body': (value) => headgate.dispatch('gpt', as({ format: 'openai-chat', body: value })),
  'dispatch, options': (value) => headgate.dispatch('gpt', { format: 'openai-chat', body: {} }, as(value)),
  addModel: (value) => headgate.addModel('another', as(value)),
  'headgate.close': async (value) => (await client.createHeadgate({})).close(as(value)),
};

// A wrong argument is told as what it is, with the path to it; never by whoever trips over it, and never behind the caller's back.
describe('nonsense', () => {
  it.each(Object.entries(DOORS))('handed to %s is taken, or refused with a typed error', async (_, act) => {
    for (const [name, value] of NONSENSE) {
      const outcome = (async () => act(value))().then(
        () => undefined,
        (error: unknown) => error,
      );
      // What is sent to the provider is answered at once, but for what is tried again.
      let settled = false;
      void outcome.then(() => {
        settled = true;
      });
      for (let turn = 0; turn < 50 && !settled; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        if (!settled) await made.clock.advance(60_000);
      }
      const error = await outcome;
      if (error === undefined) continue;
      expect(LLMQueueException.isInstance(error), `${name}: ${error instanceof Error ? error.stack : String(error)}`).toBe(true);
      expect((error as LLMQueueException).code, name).not.toBe('processing_error');
    }
  });

  it.each([
    ['a list of tools that is none', () => openai.complete('a', given('tools', 5)), 'options.tools'],
    ['a tool without parameters', () => openai.complete('a', given('tools', [{ name: 'x' }])), 'options.tools[0].parameters'],
    ['a signal that is none', () => openai.complete('a', given('signal', 5)), 'options.signal'],
    ['a name of a provider that is none', () => manager.getClient(as(5)), 'provider'],
    ['options of a queue that are none', () => new client.LLMQueue(as(undefined)), 'options'],
    ['a configuration that is none', () => client.createHeadgate(as(5), { env: {} }), ''],
    ['options of a middleware that are none', () => headgate.middleware(as(5)), 'options'],
    ['a balancer that chooses nothing', () => new client.LLMQueue({ llmConfig: {}, llmLoadBalancer: as({}) }), 'options.llmLoadBalancer'],
    ['a body that is none', () => headgate.dispatch('gpt', as({ format: 'openai-chat', body: 5 })), 'call.body'],
  ])('%s is named by its path', async (_, act, path) => {
    await expect((async () => act())()).rejects.toMatchObject({ path });
  });

  it.each([
    [null, {}],
    [5, {}],
    ['https://a.test/v1/chat/completions', { method: 5, body: '{}' }],
    ['https://a.test/v1/chat/completions', { method: 'POST', signal: 5, body: '{}' }],
    ['https://a.test/v1/chat/completions', { method: 'POST', headers: 5, body: '{}' }],
    ['https://a.test/v1/chat/completions', { method: 'POST', body: 5 }],
  ])('handed to fetch() is for the fetch behind it to judge: %j, %j', async (input, init) => {
    const response = await headgate.fetch({ fetch: noFetch })(as(input), as(init));
    expect(await response.text()).toBe('passed on');
  });
});
