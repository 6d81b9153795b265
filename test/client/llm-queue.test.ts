import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BaseRequestController } from '../../src/client/llm-queue/base-request-controller.ts';
import { loadCustomModel } from '../../src/client/llm-queue/custom-model.ts';
import { ModelPreferences } from '../../src/client/llm-queue/model-preferences.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { InvalidConfiguration, InvalidRequest, RequestCancelled } from '../../src/domain/errors.ts';
import { LLMRateLimitError } from '../../src/domain/llm-errors.ts';
import { LLMError } from '../../src/domain/llm-queue-errors.ts';
import { BOTH, bench, config, EMBEDDING, embedding, LLM, model } from './llm-queue-bench.ts';

describe('an executor', () => {
  it('gets the request, the chosen deployments as [embedding, llm], the record and a signal; what it returns is the response', async () => {
    const { send, clock, calls } = bench(config([model('gpt-4o'), embedding('ada')]));
    const sent = send(BOTH, { requestData: { question: 'Why?' } });
    await clock.advance(0);
    const [call] = calls;
    call?.resolve({ text: 'Because.' });
    await clock.advance(0);

    const resource = {
      apiKey: 'your-api-key',
      apiVersion: '2023-03-15-preview',
      apiType: 'azure',
      azureEndpoint: 'https://your-resource.openai.azure.com/',
    };
    const chosen = (id: string, modelType: string) => ({
      ...resource,
      uniqueModelId: id,
      deploymentId: id,
      modelType,
      modelNameInAzure: id,
      deploymentNameInAzure: `${id}-here`,
    });
    expect(call?.req).toEqual({ question: 'Why?' });
    expect(call?.chosen).toEqual([chosen('ada', 'embeddings'), chosen('gpt-4o', 'completion')]);
    expect(call?.record).toMatchObject({ userId: 'ann', reqType: 'chat' });
    expect(call?.signal.aborted).toBe(false);
    expect(sent.answer).toEqual({ response: { text: 'Because.' }, statusCode: 200 });
  });

  it('can use a key that no log shows', async () => {
    const apiKey = 'secret-of-more-than-twenty-characters';
    const [resource] = config([model('gpt')])['azure_open_ai'] as object[];
    const { send, clock, calls } = bench({ azure_open_ai: [{ ...resource, api_key: apiKey }] });
    send();
    await clock.advance(0);
    const { chosen } = calls[0] ?? {};

    expect(chosen?.[0]?.apiKey).toBe(apiKey);
    expect({ ...chosen?.[0] }).toMatchObject({ apiKey, uniqueModelId: 'gpt' });
    expect(JSON.stringify(chosen) + inspect(chosen)).not.toContain(apiKey);
  });

  it('may be a class, may be added and replaced while the queue runs, and is kept by what is queued already', async () => {
    class Greeter extends BaseRequestController {
      readonly #word: string;
      constructor(word: string) {
        super();
        this.#word = word;
      }
      async processRequest(req: unknown): Promise<string> {
        return `${this.#word} ${String(req)}`;
      }
    }
    const { send, clock, queue } = bench(config([model('gpt')]));
    queue.registerRequestExecutors({ greet: new Greeter('Hello') });
    const before = [1, 2].map((n) => send(LLM, { reqType: 'greet', requestData: n }));
    await clock.advance(0);
    queue.registerRequestExecutors({ greet: new Greeter('Goodbye') });
    const after = send(LLM, { reqType: 'greet', requestData: 3 });
    await clock.advance(10_000);

    expect([...before, after].map(({ answer }) => answer?.response)).toEqual(['Hello 1', 'Hello 2', 'Goodbye 3']);
    expect(() => queue.registerRequestExecutors({ bad: {} as never })).toThrow(InvalidConfiguration);
  });

  it('that throws is answered with 500 and a text, whatever it throws', async () => {
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 60_000, error_backoff_in_seconds: 1 })]));
    const outcomes: [unknown, string][] = [
      [new LLMError('no answer'), 'LLM ERROR: no answer'],
      [new LLMRateLimitError('no room'), 'LLM ERROR: no room'],
      [new Error('a bug'), 'INTERNAL SERVER ERROR: a bug'],
      ['a text', 'INTERNAL SERVER ERROR: a text'],
      [undefined, 'INTERNAL SERVER ERROR: undefined'],
    ];
    for (const [thrown, response] of outcomes) {
      const sent = send();
      await clock.advance(1_500);
      calls.at(-1)?.reject(thrown);
      await clock.advance(0);
      expect(sent.answer).toEqual({ response, statusCode: 500 });
    }
  });

  it('that throws synchronously is answered too', async () => {
    const throws = { processRequest: () => JSON.parse('{') };
    const { send, clock } = bench(config([model('gpt')]), { requestExecutors: { throws } });
    const sent = send(LLM, { reqType: 'throws' });
    await clock.advance(0);

    expect(sent.answer?.response).toMatch(/^INTERNAL SERVER ERROR: /);
  });

  it('that meets a refusal is called again once the limit is open, without anybody hearing of it', async () => {
    const { send, clock, calls } = bench(config([model('gpt')]));
    const sent = send();
    await clock.advance(0);
    calls[0]?.reject(Object.assign(new Error('Too Many Requests'), { status: 429, headers: { 'retry-after': '7' } }));
    await clock.advance(6_900);
    expect(calls).toHaveLength(1);
    await clock.advance(200);
    calls[1]?.resolve('ok');
    await clock.advance(0);

    expect(sent.answer).toEqual({ response: 'ok', statusCode: 200 });
  });

  it('is told by its signal that the caller has left; whoever still waited never starts', async () => {
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 1 })]));
    const controller = new AbortController();
    const running = send(LLM, { signal: controller.signal });
    const waiting = send(LLM, { signal: controller.signal });
    await clock.advance(0);
    controller.abort(new Error('the user left'));
    await clock.advance(200_000);

    expect(running.error).toBeInstanceOf(RequestCancelled);
    expect(waiting.error).toBeInstanceOf(RequestCancelled);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.signal.aborted).toBe(true);
  });
});

describe('model preferences', () => {
  it('have six fields with defaults', () => {
    expect({ ...new ModelPreferences() }).toEqual({
      specificLlmModel: undefined,
      specificEmbeddingModel: undefined,
      requireLlmModel: true,
      requireEmbeddingModel: false,
      numLlmCallsPerReq: 1,
      numEmbCallsPerReq: 1,
    });
  });

  it('that are none are the caller’s InvalidRequest, which names the field', async () => {
    const { send } = bench(config([model('gpt')]));

    await expect(send({ numLlmCallsPerReq: 0 }).promise).rejects.toThrow(InvalidRequest);
    await expect(send({ requireLlmModel: 'yes' as never }).promise).rejects.toThrow("'requireLlmModel' is yes");
  });

  it('for a kind that nothing serves are answered with 400', async () => {
    const { send, clock } = bench(config([model('gpt')]));
    const sent = [send(EMBEDDING), send({ ...EMBEDDING, specificEmbeddingModel: 'gpt' }), send(BOTH)];
    await clock.advance(0);

    expect(sent.map(({ answer }) => answer?.statusCode)).toEqual([400, 400, 400]);
    expect(sent[0]?.answer?.response).toContain('any embedding model');
  });
});

describe('deployments', () => {
  it('that are required together are reserved in one step: neither is held while the other is busy', async () => {
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 600 }), embedding('ada', { req_per_min: 1 })]));
    send(EMBEDDING);
    await clock.advance(0);
    send(BOTH);
    await clock.advance(0);
    const alone = Array.from({ length: 50 }, () => send(LLM));
    await clock.advance(20_000);
    for (const call of calls.slice(1)) call.resolve('ok');
    await clock.advance(0);

    expect(alone.filter(({ answer }) => answer !== undefined)).toHaveLength(50);
    expect(calls.filter(({ models }) => models === 'ada;gpt')).toHaveLength(0);
    await clock.advance(50_000);
    expect(calls.at(-1)?.models).toBe('ada;gpt');
  });

  it('start what wants the same of them in the order in which it came, whatever it costs', async () => {
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 600, tokens_per_min: 1_000 })]));
    for (const max_tokens of [700, 600, 100, 100]) send(LLM, { requestData: { max_tokens } });
    await clock.advance(59_000);
    expect(calls).toHaveLength(1);
    await clock.advance(3_000);

    expect(calls.map(({ req }) => (req as { max_tokens: number }).max_tokens)).toEqual([700, 600, 100, 100]);
  });

  it('that were chosen together don’t rest for an error that does not say which of them failed', async () => {
    const { send, clock, calls } = bench(config([model('gpt'), embedding('ada')]));
    const sent = send(BOTH);
    await clock.advance(0);
    calls[0]?.reject(new LLMError('down'));
    await clock.advance(2_000);
    send(BOTH);
    await clock.advance(0);

    expect(sent.answer?.response).toBe('LLM ERROR: down');
    expect(calls).toHaveLength(2);
  });

  it('that are busy hold up only those who asked for them', async () => {
    const { send, clock, calls } = bench(config([model('busy', { req_per_min: 1 }), model('free', { req_per_min: 600 })]));
    for (let n = 0; n < 5; n++) send({ specificLlmModel: 'busy' });
    for (let n = 0; n < 5; n++) send({ specificLlmModel: 'free' });
    await clock.advance(10_000);

    expect(calls.map(({ models }) => models).sort()).toEqual(['busy', 'free', 'free', 'free', 'free', 'free']);
  });

  it('with the same id are replicas that share the load, each with its own key', async () => {
    const replica = (key: string, name: string) => ({
      api_key: key,
      api_version: 'v',
      api_type: 'azure',
      azure_endpoint: `https://${key}.openai.azure.com/`,
      azure_oai_models: [model(name, { req_per_min: 60 })],
    });
    const { send, clock, calls } = bench({ azure_open_ai: [replica('key-one', 'gpt'), replica('key-two', 'gpt')] });
    for (let n = 0; n < 20; n++) send({ specificLlmModel: 'gpt' });
    await clock.advance(15_000);

    expect(calls.map(({ chosen }) => chosen[0]?.apiKey)).toEqual(Array.from({ length: 20 }, (_, n) => ['key-one', 'key-two'][n % 2]));
    expect(calls[1]?.chosen[0]).toMatchObject({ uniqueModelId: 'gpt', deploymentId: 'gpt#2' });
  });

  it('take turns, in proportion to their limits', async () => {
    const models = [model('slow', { req_per_min: 60 }), model('quick', { req_per_min: 180 })];
    const { send, clock, calls } = bench(config(models));
    for (let n = 0; n < 120; n++) send(LLM, { reqType: 'chat' });
    await clock.advance(29_500);

    const slow = calls.filter(({ models: name }) => name === 'slow').length;
    expect(calls.length).toBeGreaterThanOrEqual(118);
    expect(slow / calls.length).toBeGreaterThan(0.2);
    expect(slow / calls.length).toBeLessThan(0.3);
  });

  it('keep tokensPerMin, counted by what executors report', async () => {
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 6_000, tokens_per_min: 1_000 })]));
    const data = { messages: 'x'.repeat(400), max_tokens: 100 };
    for (let n = 0; n < 12; n++) send(LLM, { requestData: data });
    await clock.advance(1_000);
    expect(calls).toHaveLength(5);
    for (const { record, resolve } of [...calls]) {
      Object.assign(record, { promptTokens: 20, completionTokens: 30 });
      resolve('ok');
    }
    await clock.advance(1_000);

    expect(calls).toHaveLength(8);
  });

  it('refuse at once what can never fit, with 400 and the limit’s name', async () => {
    const { send, clock } = bench(config([model('gpt', { tokens_per_min: 1_000 })]));
    const sent = send(LLM, { requestData: { max_tokens: 2_000 } });
    await clock.advance(0);

    expect(sent.answer?.statusCode).toBe(400);
    expect(sent.answer?.response).toContain("'tpm'");
  });

  it('count as many calls as a request says that it makes', async () => {
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 600 }), embedding('ada', { req_per_min: 30 })]));
    for (let n = 0; n < 30; n++) send({ ...BOTH, numEmbCallsPerReq: 3, numLlmCallsPerReq: 0.5 });
    await clock.advance(59_000);

    expect(calls).toHaveLength(10);
  });

  it('may be custom models, whose module is imported by path and export name', async () => {
    const module_path = fileURLToPath(new URL('./fixtures/custom-model.ts', import.meta.url));
    const custom = { unique_model_id: 'own', model_type: 'chat', req_per_min: 60, tokens_per_min: 1_000, error_backoff_in_seconds: 60 };
    const { send, clock, calls } = bench({ custom_models: [{ ...custom, path_to_py_file: module_path, class_name: 'CustomModel' }] });
    send({ specificLlmModel: 'own' });
    await clock.advance(0);
    const [chosen] = calls[0]?.chosen ?? [];
    if (chosen === undefined) throw new Error('nothing was chosen');

    expect(chosen).toEqual({
      uniqueModelId: 'own',
      deploymentId: 'own',
      modelType: 'chat',
      modulePath: module_path,
      exportName: 'CustomModel',
    });
    const Custom = (await loadCustomModel(chosen)) as new () => { answer: number };
    expect(new Custom().answer).toBe(42);
    await expect(loadCustomModel({ ...chosen, exportName: 'Other' })).rejects.toThrow("no 'Other'");
    await expect(loadCustomModel({ ...chosen, modulePath: './nowhere.ts' })).rejects.toThrow(InvalidConfiguration);
    await expect(loadCustomModel({ ...chosen, modulePath: undefined })).rejects.toThrow(InvalidConfiguration);
  });

  it('may come from a configuration that was parsed, or be those of its models', async () => {
    const models = {
      gpt: { deployments: [{ provider: 'openai', api_key: 'key', model: 'gpt-4o-2024' }], rate_limiters: [{ type: 'rpm', limit: 2 }] },
    };
    const { send, clock, calls } = bench({ ...parseHeadgateConfig({ models }) });
    for (let n = 0; n < 3; n++) send();
    await clock.advance(10_000);

    expect(calls).toHaveLength(2);
    expect(calls[0]?.chosen[0]).toMatchObject({ uniqueModelId: 'gpt', apiKey: 'key', deploymentNameInAzure: 'gpt-4o-2024' });
  });
});

describe('the configuration as system B prints it', () => {
  const chat = { api_key: 'your-api-key', api_version: '2023-03-15-preview', api_type: 'azure' };
  const printed = {
    azure_open_ai: [
      {
        ...chat,
        azure_endpoint: 'https://your-resource.openai.azure.com/',
        azure_oai_models: [
          {
            unique_model_id: 'gpt-4o',
            model_name_in_azure: 'gpt-4o',
            deployment_name_in_azure: 'gpt-4o',
            model_type: 'completion',
            req_per_min: 450,
            tokens_per_min: 75_000,
            error_backoff_in_seconds: 60,
          },
          {
            unique_model_id: 'text-embedding-ada-002',
            model_name_in_azure: 'text-embedding-ada-002',
            deployment_name_in_azure: 'text-embedding-ada-002',
            model_type: 'embeddings',
            req_per_min: 1020,
            tokens_per_min: 170_000,
            error_backoff_in_seconds: 60,
          },
        ],
      },
    ],
    user_limits: { max_num_requests_in_time_window: 40, time_window_in_seconds: 60 },
    scheduler_limits: { max_queue_size: 1000, request_timeout_seconds: 300 },
  };

  it('serves chats, embeddings and both together, 40 requests of a user a minute', async () => {
    const { send, clock } = bench(printed);
    const chats = { specificLlmModel: 'gpt-4o', requireLlmModel: true, requireEmbeddingModel: false, numLlmCallsPerReq: 1 };
    const embeddings = {
      specificEmbeddingModel: 'text-embedding-ada-002',
      requireLlmModel: false,
      requireEmbeddingModel: true,
      numEmbCallsPerReq: 1,
    };
    const both = { requireLlmModel: true, requireEmbeddingModel: true, numLlmCallsPerReq: 1, numEmbCallsPerReq: 3 };
    const data = { messages: [{ role: 'user', content: 'Hello, world!' }], max_tokens: 100 };
    const sent = Array.from({ length: 41 }, (_, n) =>
      send([chats, embeddings, both][n % 3], { reqType: 'quick', userId: 'user123', requestData: data }),
    );
    await clock.advance(30_000);

    expect(sent.filter(({ answer }) => answer?.statusCode === 200)).toHaveLength(40);
    expect(sent[40]?.error).toMatchObject({ code: 'user_rate_limit_exceeded' });
  });
});
