import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LLMProvider } from '../../src/client/llm/llm-provider.ts';
import { Message } from '../../src/client/llm/message.ts';
import { MessageRole } from '../../src/domain/chat.ts';
import { InvalidRequest, RequestCancelled } from '../../src/domain/errors.ts';
import { LLMConfigurationError, LLMProviderError } from '../../src/domain/llm-errors.ts';
import { anthropicAnswer, anthropicEvents, failure, keys, openAiAnswer, world } from './llm-world.ts';

const ask = [new Message(MessageRole.USER, 'How deep is the lock?')];
const openai = (more: object = {}) => ({
  providers: { openai: { apiKeys: ['secret-key-1'], models: 'gpt-x', ...more } },
  pool: { healthCheckInterval: 0 },
});

describe('complete', () => {
  it('answers with content, usage, model, reason, and where it came from', async () => {
    const { manager, until, calls } = await world(keys(1));

    const response = await until(manager.getClient(LLMProvider.ANTHROPIC).complete(ask, { maxTokens: 200 }));

    expect(response).toEqual({
      content: 'Four metres.',
      toolCalls: [],
      model: 'claude-x',
      provider: 'anthropic',
      clientId: 'anthropic-1',
      finishReason: 'stop',
      usage: { promptTokens: 6, completionTokens: 3, totalTokens: 9, cachedPromptTokens: undefined, reasoningTokens: undefined },
      metadata: { id: 'msg_1', stopReason: 'end_turn' },
      createdAt: expect.any(Date),
    });
    expect(calls).toMatchObject([
      {
        key: 'secret-key-1',
        path: '/v1/messages',
        body: { model: 'claude-x', max_tokens: 200, messages: [{ role: 'user', content: 'How deep is the lock?' }] },
      },
    ]);
  });

  it('sends temperature 0; a call wins over the configuration, and other fields go as they are', async () => {
    const { manager, until, calls } = await world(keys(1, { settings: { temperature: 0.7, maxTokens: 99 } }));
    const client = manager.getClient();

    await until(client.complete('a', { temperature: 0, top_k: 3, stop: '.' }));
    await until(client.complete('b'));

    expect(calls[0]?.body).toMatchObject({ temperature: 0, top_k: 3, max_tokens: 99, stop_sequences: ['.'] });
    expect(calls[1]?.body).toMatchObject({ temperature: 0.7 });
  });

  it('keeps every system message', async () => {
    const { manager, until, calls } = await world(keys(1));
    const system = (text: string) => new Message(MessageRole.SYSTEM, text);

    await until(manager.getClient().complete([system('A'), ...ask, system('B')]));

    expect(calls[0]?.body['system']).toBe('A\n\nB');
  });

  it('gives an object of a schema, by a forced tool or by a response format', async () => {
    const schema = z.object({ depth: z.number() });
    const one = await world(keys(1));
    one.behave(() => ({
      json: { id: 'm', model: 'c', content: [{ type: 'tool_use', id: 't', name: 'lock', input: { depth: 4 } }], stop_reason: 'tool_use' },
    }));
    const other = await world(openai());
    other.behave(() => openAiAnswer('{"depth":5}'));

    const { parsed } = await one.until(one.manager.getClient().complete(ask, { schema, schemaName: 'lock' }));
    const typed: { depth: number } = parsed;

    expect(typed).toEqual({ depth: 4 });
    expect(one.calls[0]?.body).toMatchObject({ tool_choice: { type: 'tool', name: 'lock' } });
    expect((await other.until(other.manager.getClient().complete(ask, { schema }))).parsed).toEqual({ depth: 5 });
    expect(other.calls[0]?.body).toMatchObject({ response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true } } });
  });

  it('waits for checks of a schema that take time, in an answer and in a stream', async () => {
    const { manager, until, behave } = await world(openai());
    const depth = z.number().refine(async (value) => value > 4, 'too shallow');
    const schema = z.object({ depth: depth.transform(async (value) => value * 100) });
    const client = manager.getClient();
    behave(() => openAiAnswer('{"depth":5}'));
    expect((await until(client.complete(ask, { schema }))).parsed).toEqual({ depth: 500 });
    behave(() => openAiAnswer('{"depth":3}'));
    const refused = { code: 'answer_mismatch', message: expect.stringContaining('too shallow') };
    await expect(until(client.complete(ask, { schema }))).rejects.toMatchObject(refused);

    const event = (delta: object, finish_reason: string | null) => ({ choices: [{ index: 0, delta, finish_reason }] });
    behave(() => ({ events: [event({ content: '{"depth":5}' }, null), event({}, 'stop'), '[DONE]'] }));
    expect((await until(client.stream(ask, { schema }).response)).parsed).toEqual({ depth: 500 });
  });

  it.each(['{"depth":"deep secret"}', 'not JSON: deep secret'])(
    'an answer that does not fit its schema (%s) is one typed error without what was said',
    async (content) => {
      const { manager, until, behave } = await world(openai());
      behave(() => openAiAnswer(content));

      const failed = await until(
        manager
          .getClient()
          .complete(ask, { schema: z.object({ depth: z.number() }) })
          .catch((error: unknown) => error),
      );

      expect(failed).toBeInstanceOf(LLMProviderError);
      expect(failed).toMatchObject({ code: 'answer_mismatch', message: expect.stringContaining('openai-1') });
      expect(String(failed)).not.toContain('deep secret');
    },
  );

  it.each([[[]], [[{ role: 'ghost', content: 'x' }]], [[{ role: 'user' }]], [[{ role: 'tool', content: 'x' }]], [[null]]])(
    'refuses %j as a conversation',
    async (messages) => {
      const { manager } = await world(keys(1));
      // @ts-expect-error what a caller without types may pass
      await expect(manager.getClient().complete(messages)).rejects.toThrow(InvalidRequest);
    },
  );

  it('refuses a model that the client has not, naming those it has', async () => {
    const { manager } = await world(keys(1));
    await expect(manager.getClient().complete(ask, { model: 'gpt-9' })).rejects.toThrow(LLMConfigurationError);
    await expect(manager.getClient().complete(ask, { model: 'gpt-9' })).rejects.toThrow("'claude-x'");
  });

  it('a signal gives the call up, waiting or running', async () => {
    const { manager, until, calls, behave, clock } = await world(
      keys(1, { rateLimits: { requestsPerMinute: 1 } }, { acquireTimeout: 500 }),
    );
    behave(() => ({ ...anthropicAnswer(), delayMs: 60_000 }));
    const aborter = new AbortController();
    const running = manager
      .getClient()
      .complete(ask, { signal: aborter.signal })
      .catch((error: unknown) => error);
    const waiting = manager
      .getClient()
      .complete(ask, { signal: aborter.signal })
      .catch((error: unknown) => error);
    await clock.advance(1_000);
    aborter.abort(new Error('enough'));

    expect(await until(running)).toBeInstanceOf(RequestCancelled);
    expect(await until(waiting)).toBeInstanceOf(RequestCancelled);
    expect(calls).toMatchObject([{ aborted: true }]);
  });
});

describe('streams', () => {
  it('come whole from a server that does not stream', async () => {
    const { manager, until, behave } = await world(openai());
    behave(() => openAiAnswer());
    const stream = manager.getClient().stream(ask);
    const events = await until(
      (async () => {
        const seen = [];
        for await (const event of stream) seen.push(event);
        return seen;
      })(),
    );

    const usage = { promptTokens: 6, completionTokens: 3, totalTokens: 9 };
    expect(events).toMatchObject([{ type: 'text', text: 'Four metres.' }, { type: 'usage', usage }, { type: 'finish' }]);
    expect(await stream.response).toMatchObject({ content: 'Four metres.', finishReason: 'stop', usage });
  });

  it('give text piece by piece, and the whole answer afterwards', async () => {
    const { manager, until, behave, calls } = await world(keys(1));
    behave(() => ({ events: anthropicEvents('Four ', 'metres.'), gapMs: 10 }));
    const stream = manager.getClient().streamComplete(ask);
    const texts: string[] = [];

    await until(
      (async () => {
        for await (const text of stream) texts.push(text);
      })(),
    );

    expect(texts).toEqual(['Four ', 'metres.']);
    expect(await stream.response).toMatchObject({
      content: 'Four metres.',
      usage: { promptTokens: 6, completionTokens: 3 },
      clientId: 'anthropic-1',
    });
    expect(calls[0]?.body).toMatchObject({ stream: true });
  });

  it('give events: text, usage, finish', async () => {
    const { manager, until, behave } = await world(keys(1));
    behave(() => ({ events: anthropicEvents('Four') }));
    const types: string[] = [];
    await until(
      (async () => {
        for await (const event of manager.getClient().stream(ask)) types.push(event.type);
      })(),
    );
    expect(types).toEqual(['text', 'usage', 'finish']);
  });

  it('give the whole answer also where nobody loops, and the loop sees it all afterwards', async () => {
    const { manager, until, behave } = await world(keys(1));
    behave(() => ({ events: anthropicEvents('Four ', 'metres.') }));
    const stream = manager.getClient().streamComplete(ask);

    expect(await until(stream.response)).toMatchObject({ content: 'Four metres.' });
    const texts: string[] = [];
    for await (const text of stream) texts.push(text);
    expect(texts).toEqual(['Four ', 'metres.']);
  });

  it('leaving the loop gives the call up, and everything it held comes back', async () => {
    const { manager, until, behave, calls } = await world(keys(1));
    behave(() => ({ events: anthropicEvents(...Array.from({ length: 50 }, () => 'more ')), gapMs: 1_000 }));
    const stream = manager.getClient().streamComplete(ask);

    await until(
      (async () => {
        for await (const _ of stream) break;
      })(),
    );
    await until(manager.close());

    await expect(stream.response).rejects.toBeInstanceOf(RequestCancelled);
    expect(calls).toMatchObject([{ aborted: true }]);
  });

  it('an error before the first content is tried again on another key; one after it is told', async () => {
    const { manager, until, behave, calls } = await world(keys(2));
    behave((_, count) => (count === 1 ? failure(529, 'overloaded_error') : { events: anthropicEvents('Four ').slice(0, 3), breaks: true }));
    const texts: string[] = [];
    const stream = manager.getClient().streamComplete(ask);
    const failed = await until(
      (async () => {
        for await (const text of stream) texts.push(text);
      })().catch((error: unknown) => error),
    );

    expect(texts).toEqual(['Four ']);
    expect(new Set(calls.map(({ key }) => key)).size).toBe(2);
    expect(failed).toMatchObject({ name: 'LLMConnectionError', message: expect.stringMatching(/anthropic-[12]/) });
    await expect(stream.response).rejects.toBe(failed);
  });
});

describe('the short forms', () => {
  it('chat and streamChat take a question, a system prompt and what was said before', async () => {
    const { manager, until, behave, calls } = await world(keys(1));
    behave(({ body }) => (body['stream'] === true ? { events: anthropicEvents('Five') } : anthropicAnswer('Four')));
    const client = manager.getClient();
    const history = [new Message(MessageRole.USER, 'a'), new Message(MessageRole.ASSISTANT, 'b')];

    expect(await until(client.chat('c', { system: 's', history, maxTokens: 4 }))).toBe('Four');
    expect((await until(client.streamChat('d').response)).content).toBe('Five');
    expect(calls[0]?.body).toMatchObject({ system: 's', max_tokens: 4, messages: [{ content: 'a' }, { content: 'b' }, { content: 'c' }] });
  });

  it('embed gives vectors, through the same queue', async () => {
    const { manager, until, behave, calls } = await world(openai({ models: [['gpt-x', 'text-embedding-3-small']] }));
    behave(() => ({
      json: {
        model: 'e',
        data: [
          { index: 0, embedding: [1, 2] },
          { index: 1, embedding: [3, 4] },
        ],
        usage: { prompt_tokens: 3, total_tokens: 3 },
      },
    }));

    const { vectors, usage, clientId } = await until(manager.getClient().embed(['a', 'b'], { dimensions: 2 }));

    expect(vectors).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(usage.promptTokens).toBe(3);
    expect(clientId).toBe('openai-1');
    expect(calls[0]).toMatchObject({ path: '/v1/embeddings', body: { model: 'text-embedding-3-small', input: ['a', 'b'], dimensions: 2 } });
    await expect((await world(keys(1))).manager.getClient().embed('a')).rejects.toThrow(LLMConfigurationError);
    await expect(manager.getClient().embed([])).rejects.toThrow(InvalidRequest);
  });
});
