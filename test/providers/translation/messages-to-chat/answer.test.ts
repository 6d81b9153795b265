import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/domain/chat.ts';
import type { ServerSentEvent } from '../../../../src/providers/provider.ts';
import { anthropicToOpenAiChat } from '../../../../src/providers/translation/messages-to-chat/anthropic-to-openai-chat.ts';

const ASKED = { model: 'm', max_tokens: 9, stop_sequences: ['END'], messages: [{ role: 'user', content: 'Hi' }] };
const translated = () => anthropicToOpenAiChat.translate(ASKED);

function answered(message: JsonObject, more: JsonObject = {}, top: JsonObject = {}): JsonObject {
  const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...more }];
  return translated().answer({ id: 'chatcmpl-1', object: 'chat.completion', model: 'm-2', choices, ...top });
}

const called = (id: string | undefined, text: string) => ({ id, type: 'function', function: { name: 'look', arguments: text } });
const used = (id: string, input: unknown) => ({ type: 'tool_use', id, name: 'look', input, caller: { type: 'direct' } });

describe('a whole answer', () => {
  it('is a message with the id and the model of the answer', () => {
    const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 };
    expect(answered({ content: 'Yo', refusal: null }, {}, { usage })).toEqual({
      type: 'message',
      role: 'assistant',
      id: 'chatcmpl-1',
      model: 'm-2',
      container: null,
      content: [{ type: 'text', text: 'Yo' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      usage: {
        input_tokens: 7,
        output_tokens: 2,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation: null,
        output_tokens_details: null,
        server_tool_use: null,
        service_tier: null,
        inference_geo: null,
        speed: null,
      },
    });
  });

  it('counts what came from the cache and what went there apart, and thinking within the output', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 20,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 15 },
    };
    expect(answered({ content: 'Yo' }, {}, { usage })['usage']).toMatchObject({
      input_tokens: 30,
      cache_read_input_tokens: 60,
      cache_creation_input_tokens: 10,
      output_tokens: 20,
      output_tokens_details: { thinking_tokens: 15 },
    });
  });

  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    ['end_turn', { content: 'a' }, {}, {}],
    ['max_tokens', { content: 'a' }, { finish_reason: 'length' }, {}],
    [
      'refusal',
      { content: '' },
      { finish_reason: 'content_filter' },
      { stop_details: { type: 'refusal', category: null, explanation: null } },
    ],
    ['refusal', { content: null, refusal: 'No.' }, {}, { content: [{ type: 'text', text: 'No.' }] }],
    ['tool_use', { tool_calls: [called('a', '{}')] }, { finish_reason: 'tool_calls' }, { content: [used('a', {})] }],
    ['tool_use', { tool_calls: [called('a', '{}')] }, { finish_reason: 'stop' }, {}],
    [
      'max_tokens',
      { tool_calls: [called('a', '{"q":"x')] },
      { finish_reason: 'length' },
      { content: [used('a', { arguments: '{"q":"x' })] },
    ],
    ['stop_sequence', { content: 'a' }, { stop_reason: 'END' }, { stop_sequence: 'END' }],
    ['end_turn', { content: 'a' }, { stop_reason: 'other' }, { stop_sequence: null }],
    ['end_turn', { content: 'a' }, { finish_reason: 'eos' }, {}],
    ['end_turn', { content: null, reasoning_content: 'Hm' }, {}, { content: [] }],
  ])('stops for %s: %j %j', (reason, message, more, expected) => {
    expect(answered(message, more)).toMatchObject({ stop_reason: reason, ...expected });
  });

  it('names calls that the server gave no id', () => {
    const content = [used('toolu_chatcmpl-1_0', { q: 1 }), used('toolu_chatcmpl-1_1', {})];
    expect(answered({ content: '', tool_calls: [called(undefined, '{"q":1}'), called(undefined, '')] })).toMatchObject({ content });
    const long = answered({ tool_calls: [called(undefined, '{}')] }, {}, { id: 'chatcmpl-0123456789abcdef0123456789abcdef' });
    // OpenAI, where the conversation may go on, takes 40 characters.
    expect((long['content'] as { id: string }[])[0]?.id).toMatch(/^toolu_.{1,34}$/);
  });

  it.each([null, 'text', {}, { choices: [] }, { choices: [{}] }, { error: { message: 'no' } }])('is none: %j', (json) => {
    expect(() => translated().answer(json)).toThrow(expect.objectContaining({ name: 'ProviderFailure', code: 'invalid_response' }));
  });

  it.each<[string, JsonObject]>([
    ['a call of a custom tool', { tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'x', input: 'y' } }] }],
    ['a call in the old way', { content: null, function_call: { name: 'x', arguments: '{}' } }],
    ['speech', { content: null, audio: { id: 'a', data: 'AA', transcript: 'Hi' } }],
  ])('has no words for %s, whole or streamed', (_, message) => {
    const refused = expect.objectContaining({ name: 'Untranslatable', path: '' });
    expect(() => answered(message)).toThrow(refused);
    expect(() => told(chunk(message))).toThrow(refused);
  });
});

const chunk = (delta: JsonObject, more: JsonObject = {}): JsonObject => ({
  id: 'chatcmpl-1',
  model: 'm-2',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
});

/** The events as a client would tell them, in a word each. */
function told(...sent: readonly (JsonObject | ServerSentEvent | string)[]): readonly string[] {
  const stream = translated().stream();
  const events = sent.flatMap((each) => {
    if (typeof each === 'string') return stream.read({ data: each });
    return stream.read('data' in each && typeof each['data'] === 'string' ? (each as ServerSentEvent) : { data: JSON.stringify(each) });
  });
  return events.map(({ event, data }) => {
    const json = JSON.parse(data);
    expect(json.type).toBe(event);
    const { index, content_block: block, delta, error } = json;
    if (event === 'content_block_start') return `${index} ${block.type} ${block.id ?? ''}`.trimEnd();
    if (event === 'content_block_delta') return `${index}+${delta.text ?? delta.partial_json}`;
    if (event === 'content_block_stop') return `${index} end`;
    if (event === 'message_delta') return `${delta.stop_reason} ${json.usage.input_tokens}/${json.usage.output_tokens}`;
    return event === 'error' ? `${error.type}: ${error.message}` : String(event);
  });
}

const part = (index: number | undefined, text: string, id?: string) =>
  chunk({ tool_calls: [{ index, ...(id && { id, type: 'function' }), function: { ...(id && { name: 'look' }), arguments: text } }] });
const end = (reason: string) => chunk({}, { finish_reason: reason });
const USAGE = { id: 'chatcmpl-1', choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } };

describe('a stream', () => {
  it('begins as a message without content, and says the usage at its end', () => {
    const stream = translated().stream();
    const [start] = stream.read({ data: JSON.stringify(chunk({ role: 'assistant', content: '' })) });
    expect(JSON.parse(start?.data ?? '')).toMatchObject({
      type: 'message_start',
      message: {
        id: 'chatcmpl-1',
        model: 'm-2',
        type: 'message',
        role: 'assistant',
        content: [],
        stop_reason: null,
        usage: { input_tokens: 0 },
      },
    });
    expect(
      told(chunk({ role: 'assistant', content: '' }), chunk({ content: 'A' }), chunk({ content: 'B' }), end('stop'), USAGE, '[DONE]'),
    ).toEqual(['message_start', '0 text', '0+A', '0+B', '0 end', 'end_turn 7/2', 'message_stop']);
  });

  it.each<[string, readonly (JsonObject | string)[], readonly string[]]>([
    [
      'text, then two calls',
      [chunk({ content: 'T' }), part(0, '', 'a'), part(0, '{"q"'), part(0, ':1}'), part(1, '{}', 'b'), end('tool_calls')],
      ['0 text', '0+T', '0 end', '1 tool_use a', '1+{"q"', '1+:1}', '1 end', '2 tool_use b', '2+{}', '2 end', 'tool_use 0/0'],
    ],
    [
      'calls that come mixed, held until the one before is complete',
      [part(0, '{"a":"}', 'a'), part(1, '{"b"', 'b'), part(0, '"'), part(1, ':1}'), part(0, '}'), part(1, ' '), end('tool_calls')],
      ['0 tool_use a', '0+{"a":"}', '0+"', '0+}', '0 end', '1 tool_use b', '1+{"b"', '1+:1}', '1+ ', '1 end', 'tool_use 0/0'],
    ],
    [
      'a call without arguments before another',
      [part(0, '', 'a'), part(1, '{}', 'b'), end('stop')],
      ['0 tool_use a', '0 end', '1 tool_use b', '1+{}', '1 end', 'tool_use 0/0'],
    ],
    [
      'calls under one index, told apart by their ids',
      [part(0, '{}', 'a'), part(0, '{}', 'b'), end('stop')],
      ['0 tool_use a', '0+{}', '0 end', '1 tool_use b', '1+{}', '1 end', 'tool_use 0/0'],
    ],
    [
      'calls under one index and without ids, whole',
      [chunk({ tool_calls: [called('', '{"a":1}')] }), chunk({ tool_calls: [called('', '{"b":2}')] }), end('stop')],
      [
        ...['0 tool_use toolu_chatcmpl-1_0', '0+{"a":1}', '0 end'],
        ...['1 tool_use toolu_chatcmpl-1_1', '1+{"b":2}', '1 end', 'tool_use 0/0'],
      ],
    ],
    [
      'a call that says its name with every part',
      [
        chunk({ tool_calls: [called('', '{"a"')] }),
        chunk({ tool_calls: [called('', ':1}')] }),
        chunk({ tool_calls: [called('', ' ')] }),
        end('stop'),
      ],
      ['0 tool_use toolu_chatcmpl-1_0', '0+{"a"', '0+:1}', '0+ ', '0 end', 'tool_use 0/0'],
    ],
    [
      'calls without index, whole',
      [chunk({ tool_calls: ['a', 'b'].map((id) => called(id, '{}')) }), end('stop')],
      ['0 tool_use a', '0+{}', '0 end', '1 tool_use b', '1+{}', '1 end', 'tool_use 0/0'],
    ],
    [
      'a call whose id comes with every part',
      [part(0, '{', 'a'), part(0, '}', 'a'), end('stop')],
      ['0 tool_use a', '0+{', '0+}', '0 end', 'tool_use 0/0'],
    ],
    [
      'text behind a call',
      [part(0, '{}', 'a'), chunk({ content: 'T' }), end('stop')],
      ['0 tool_use a', '0+{}', '0 end', '1 text', '1+T', '1 end', 'tool_use 0/0'],
    ],
    [
      'a call without an id',
      [chunk({ tool_calls: [called(undefined, '{}')] }), end('stop')],
      ['0 tool_use toolu_chatcmpl-1_0', '0+{}', '0 end', 'tool_use 0/0'],
    ],
    ['a refusal', [chunk({ refusal: 'No' }), chunk({ refusal: '.' }), end('stop')], ['0 text', '0+No', '0+.', '0 end', 'refusal 0/0']],
    [
      'parts, thoughts among them',
      [
        chunk({
          content: [
            { type: 'thinking', thinking: [] },
            { type: 'text', text: 'T' },
          ],
        }),
        chunk({ reasoning_content: 'Hm' }),
        end('length'),
      ],
      ['0 text', '0+T', '0 end', 'max_tokens 0/0'],
    ],
    [
      'a stop sequence',
      [chunk({ content: 'T' }), chunk({}, { finish_reason: 'stop', stop_reason: 'END' })],
      ['0 text', '0+T', '0 end', 'stop_sequence 0/0'],
    ],
    [
      'other choices and events that nobody knows',
      [chunk({ content: 'x' }, { index: 1 }), chunk({ content: 'T' }), 'what', '[]', { object: 'news' }, end('stop')],
      ['0 text', '0+T', '0 end', 'end_turn 0/0'],
    ],
    [
      "Groq's usage",
      [chunk({ content: 'T' }), { ...end('stop'), x_groq: { usage: { prompt_tokens: 3, completion_tokens: 1 } } }],
      ['0 text', '0+T', '0 end', 'end_turn 3/1'],
    ],
    ['nothing at all', [], ['end_turn 0/0']],
  ])('has %s', (_, chunks, expected) => {
    expect(told({ choices: [] }, ...chunks, '[DONE]', '[DONE]', chunk({ content: 'late' }))).toEqual([
      'message_start',
      ...expected,
      'message_stop',
    ]);
  });

  it.each<[JsonObject | ServerSentEvent, string]>([
    [{ error: { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' } }, 'rate_limit_error: Slow down'],
    [{ error: { message: 'Oh', type: 'server_error', code: null } }, 'api_error: Oh'],
    [{ event: 'error', data: '{"message":"Busy","code":529}' }, 'overloaded_error: Busy'],
    [{ event: 'error', data: 'plain' }, 'api_error: plain'],
    [chunk({}, { finish_reason: 'error' }), 'api_error: The provider reported an error without a message.'],
  ])('breaks off with an error in it: %j', (error, expected) => {
    const events = told(chunk({ content: 'T' }), error, end('stop'), '[DONE]');
    expect(events).toEqual(['message_start', '0 text', '0+T', expected]);
  });
});
