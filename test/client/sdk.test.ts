import Anthropic from '@anthropic-ai/sdk';
import { ChatOpenAI } from '@langchain/openai';
import OpenAI from 'openai';
import OpenAI6 from 'openai6';
import { afterEach, describe, expect, it } from 'vitest';
import { at, chatBody, KEY, type World, world } from './headgate-world.ts';

let open: World[] = [];

afterEach(async () => {
  for (const each of open) await each.headgate.close({ force: true });
  open = [];
});

const anthropic = { provider: 'anthropic', baseUrl: 'https://a.test', apiKey: KEY };

async function start(simulated: Parameters<typeof world>[1][string] = {}, more: object = {}): Promise<World> {
  const models = { 'gpt-4o': { deployments: [at('a.test')], ...more }, claude: { deployments: [anthropic], ...more } };
  const started = await world({ models }, { 'a.test': simulated });
  open.push(started);
  return started;
}

/** Retries of an SDK wait in real time: none may come about, or these tests last longer than they may. */
const sdks = {
  'openai 7': (w: World) => new OpenAI({ apiKey: 'unused', fetch: w.headgate.fetch() }),
  // The calls that are made here are the same in both versions.
  'openai 6': (w: World) => new OpenAI6({ apiKey: 'unused', fetch: w.headgate.fetch() }) as unknown as OpenAI,
};

const claude = (w: World) => new Anthropic({ apiKey: 'unused', fetch: w.headgate.fetch() });

/** The SDKs' error classes have names of their own only as classes. */
const kindOf = (error: unknown): string => Object(error).constructor.name;

const tool = {
  name: 'weather',
  description: 'Tells the weather.',
  schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
};

describe.each(Object.entries(sdks))('%s', (_, connect) => {
  const question = chatBody() as OpenAI.ChatCompletionCreateParamsNonStreaming;

  it('asks, and finds where the answer came from', async () => {
    const w = await start();

    const { data, response } = await w.during(connect(w).chat.completions.create(question).withResponse());

    expect(data.choices[0]?.message.content).toEqual(expect.any(String));
    expect(data.usage?.total_tokens).toBeGreaterThan(0);
    expect(response.headers.get('x-headgate-deployment')).toBe('openai-1');
  });

  it('streams, with the usage that it asked for', async () => {
    const w = await start();

    const read = async (): Promise<{ text: string; tokens: number | undefined }> => {
      let text = '';
      let tokens: number | undefined;
      const stream = await connect(w).chat.completions.create({ ...question, stream: true, stream_options: { include_usage: true } });
      for await (const { choices, usage } of stream) {
        text += choices[0]?.delta.content ?? '';
        tokens = usage?.total_tokens ?? tokens;
      }
      return { text, tokens };
    };

    const { text, tokens } = await w.during(read());
    expect(text.length).toBeGreaterThan(0);
    expect(tokens).toBeGreaterThan(0);
  });

  it('calls tools, whole and streamed', async () => {
    const w = await start({ script: () => ({ kind: 'tool_call', text: '{"city":"Bern"}' }) });
    const tools = [{ type: 'function' as const, function: { name: tool.name, description: tool.description, parameters: tool.schema } }];

    const whole = await w.during(connect(w).chat.completions.create({ ...question, tools }));
    const streamed = await w.during(
      connect(w)
        .chat.completions.stream({ ...question, tools, stream: true })
        .finalChatCompletion(),
    );

    for (const { choices } of [whole, streamed]) {
      const [toolCall] = choices[0]?.message.tool_calls ?? [];
      expect(toolCall).toMatchObject({ function: { name: 'weather', arguments: '{"city":"Bern"}' } });
    }
  });

  it('embeds, in base64 as it asks by itself', async () => {
    const w = await start();

    const { data } = await w.during(connect(w).embeddings.create({ model: 'gpt-4o', input: ['one', 'two'] }));

    expect(JSON.parse(w.sent[0]?.body ?? '')).toMatchObject({ encoding_format: 'base64' });
    expect(data.map(({ embedding }) => embedding.every((value) => Number.isFinite(value)))).toEqual([true, true]);
  });

  it('uses the responses API, whole and streamed', async () => {
    const w = await start();

    const whole = await w.during(connect(w).responses.create({ model: 'gpt-4o', input: 'Hello' }));
    const types = await w.during(
      (async () => {
        const seen: string[] = [];
        for await (const { type } of await connect(w).responses.create({ model: 'gpt-4o', input: 'Hello', stream: true })) seen.push(type);
        return seen;
      })(),
    );

    expect(whole.output_text.length).toBeGreaterThan(0);
    expect([types[0], types.at(-1)]).toEqual(['response.created', 'response.completed']);
  });

  it.each([
    ['unauthorized', 'AuthenticationError', 401],
    ['notFound', 'NotFoundError', 404],
    ['promptTooLong', 'BadRequestError', 400],
    ['insufficientQuota', 'RateLimitError', 429],
  ] as const)('throws its own error for %s, after one call', async (fault, name, status) => {
    const w = await start({ script: () => ({ fault }) });

    const error: unknown = await w.during(
      connect(w)
        .chat.completions.create(question)
        .catch((thrown: unknown) => thrown),
    );

    expect({ kind: kindOf(error), status: Reflect.get(Object(error), 'status') }).toEqual({ kind: name, status });
    expect(w.sent).toHaveLength(1);
  });

  it.each(['serverError', 'reset', 'html'] as const)('does not multiply the attempts: %s', async (fault) => {
    const w = await start({ script: () => ({ fault }) });

    const error: unknown = await w.during(
      connect(w)
        .chat.completions.create(question)
        .catch((thrown: unknown) => thrown),
    );

    expect(kindOf(error)).toBe('InternalServerError');
    expect(w.sent).toHaveLength(4);
  });

  it('hears of a stream that breaks, with the deployment', async () => {
    const latency = { headersMs: { min: 10, max: 10 }, bodyMs: { min: 1_000, max: 1_000 } };
    const w = await start({ latency, script: () => ({ fault: 'truncate', outputTokens: 12 }) });
    let sentAtFirst = 0;
    const read = async (): Promise<void> => {
      for await (const _ of await connect(w).chat.completions.create({ ...question, stream: true })) sentAtFirst ||= w.sent.length;
    };

    await expect(w.during(read())).rejects.toThrow(/openai-1/);
    await w.clock.advance(100_000);
    expect(sentAtFirst).toBeGreaterThan(0);
    expect(w.sent).toHaveLength(sentAtFirst);
  });

  it('aborts what waits and what streams', async () => {
    const latency = { headersMs: { min: 10, max: 10 }, bodyMs: { min: 5_000, max: 5_000 } };
    const w = await start({ latency, script: () => ({ outputTokens: 16 }) }, { rateLimiters: [{ type: 'concurrent', limit: 1 }] });
    const client = connect(w);
    const stream = await w.during(client.chat.completions.create({ ...question, stream: true }));
    const controller = new AbortController();

    const waiting = client.chat.completions.create(question, { signal: controller.signal });
    await w.clock.settle();
    controller.abort();
    expect(kindOf(await waiting.catch((thrown: unknown) => thrown))).toBe('APIUserAbortError');
    stream.controller.abort();
    for await (const _ of stream);
    await w.clock.advance(1);

    expect(w.provider('a.test').stats().aborted).toBe(1);
    expect(w.headgate.queues.getQueueInfo('gpt-4o')).toMatchObject({ processing: 0, queueSize: 0 });
  });
});

describe('@anthropic-ai/sdk', () => {
  const question = { model: 'claude', max_tokens: 16, messages: [{ role: 'user' as const, content: 'Hello' }] };

  it('asks and streams, and sends its version and betas', async () => {
    const w = await start();

    const whole = await w.during(claude(w).messages.create(question, { headers: { 'anthropic-beta': 'some-beta-2026' } }));
    const streamed = await w.during(claude(w).messages.stream(question).finalMessage());

    for (const { content, usage } of [whole, streamed]) {
      expect(content[0]).toMatchObject({ type: 'text', text: expect.any(String) });
      expect(usage.output_tokens).toBeGreaterThan(0);
    }
    // The SDK's own version, which is later than the one sent for those who say none.
    expect(w.sent[0]?.headers['anthropic-version']).not.toBe('2023-06-01');
    expect(w.sent[0]?.headers).toMatchObject({ 'x-api-key': KEY, 'anthropic-beta': 'some-beta-2026' });
  });

  it('calls tools, whole and streamed', async () => {
    const w = await start({ script: () => ({ kind: 'tool_call', text: '{"city":"Bern"}' }) });
    const tools = [{ name: tool.name, description: tool.description, input_schema: tool.schema }];

    const whole = await w.during(claude(w).messages.create({ ...question, tools }));
    const streamed = await w.during(
      claude(w)
        .messages.stream({ ...question, tools })
        .finalMessage(),
    );

    for (const { content } of [whole, streamed]) {
      expect(content).toContainEqual(expect.objectContaining({ type: 'tool_use', name: 'weather', input: { city: 'Bern' } }));
    }
  });

  it.each([
    ['unauthorized', 'AuthenticationError', 1],
    ['promptTooLong', 'BadRequestError', 1],
    ['serverError', 'InternalServerError', 4],
    ['overloaded', 'OverloadedError', 4],
  ] as const)('throws its own error for %s, and leaves trying again to Headgate', async (fault, name, calls) => {
    const w = await start({ script: () => ({ fault }) }, { requestTimeoutSeconds: 600 });

    const error: unknown = await w.during(
      claude(w)
        .messages.create(question)
        .catch((thrown: unknown) => thrown),
    );

    expect(kindOf(error)).toBe(name);
    expect(w.sent).toHaveLength(calls);
  });
});

describe('LangChain', () => {
  it('invokes, streams, and throws the provider’s error after one call', async () => {
    let fault: 'none' | 'unauthorized' = 'none';
    const w = await start({ script: () => ({ fault }) });
    const chat = new ChatOpenAI({ model: 'gpt-4o', apiKey: 'unused', configuration: { fetch: w.headgate.fetch() } });

    const answer = await w.during(chat.invoke('Hello'));
    const chunks: unknown[] = [];
    await w.during(
      (async () => {
        for await (const chunk of await chat.stream('Hello')) chunks.push(chunk.content);
      })(),
    );
    fault = 'unauthorized';
    const error: unknown = await w.during(chat.invoke('Hello').catch((thrown: unknown) => thrown));

    expect(answer.content).toEqual(expect.any(String));
    expect(chunks.length).toBeGreaterThan(1);
    expect(error).toMatchObject({ status: 401 });
    expect(w.sent).toHaveLength(3);
  });
});
