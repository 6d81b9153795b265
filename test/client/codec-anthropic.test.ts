import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '../../src/domain/chat.ts';
import { anthropicMessagesCodec } from '../../src/providers/codecs/anthropic-messages.ts';
import { codecFor } from '../../src/providers/codecs/codec-for.ts';
import { decodeEmbeddings, encodeEmbeddings } from '../../src/providers/codecs/openai-embeddings.ts';
import { holds } from '../lib/property.ts';

const { encode, decode, streamReader } = anthropicMessagesCodec;
const ask = (more: Partial<ChatRequest> = {}): ChatRequest => ({ messages: [{ role: 'user', content: 'Hi' }], stream: false, ...more });
const shaped = ask({ answerSchema: { name: 'lock', schema: { type: 'object' } } });
const event = (data: object) => ({ data: JSON.stringify(data) });

describe('a request to Anthropic', () => {
  it('limits its output to 1024 tokens where nobody says, and sends 0 as 0', () => {
    expect(encode(ask(), 'anthropic')).toEqual({ max_tokens: 1024, messages: [{ role: 'user', content: 'Hi' }] });
    expect(encode(ask({ model: 'm', maxTokens: 7, temperature: 0, stop: ['.'], stream: true }), 'anthropic')).toEqual({
      model: 'm',
      max_tokens: 7,
      messages: [{ role: 'user', content: 'Hi' }],
      temperature: 0,
      stop_sequences: ['.'],
      stream: true,
    });
  });

  it('joins all system messages, puts tool results made together into one turn, and shows images', () => {
    const messages: ChatRequest['messages'] = [
      { role: 'system', content: 'A' },
      {
        role: 'user',
        content: [
          { type: 'image', url: 'data:image/png;base64,AAAA' },
          { type: 'text', text: '' },
        ],
      },
      { role: 'system', content: 'B' },
      {
        role: 'assistant',
        content: '',
        toolCalls: [
          { id: 't1', name: 'look', arguments: '{"a":1}' },
          { id: 't2', name: 'go', arguments: '{torn' },
        ],
      },
      { role: 'tool', content: 'seen', toolCallId: 't1' },
      { role: 'tool', content: 'gone', toolCallId: 't2' },
    ];
    expect(encode(ask({ messages }), 'anthropic')).toMatchObject({
      system: 'A\n\nB',
      messages: [
        { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }] },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 't1', name: 'look', input: { a: 1 } },
            { type: 'tool_use', id: 't2', name: 'go', input: { arguments: '{torn' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: 'seen' },
            { type: 'tool_result', tool_use_id: 't2', content: 'gone' },
          ],
        },
      ],
    });
  });

  it('asks for an answer in a shape by a tool that must be called', () => {
    expect(encode(shaped, 'anthropic')).toMatchObject({
      tools: [{ name: 'lock', input_schema: { type: 'object' } }],
      tool_choice: { type: 'tool', name: 'lock' },
    });
    expect(encode(ask({ tools: [{ name: 'look', parameters: {} }], toolChoice: 'required' }), 'anthropic')).toMatchObject({
      tool_choice: { type: 'any' },
    });
  });
});

describe("Anthropic's answer", () => {
  const json = {
    id: 'msg_1',
    model: 'claude',
    stop_reason: 'tool_use',
    content: [
      { type: 'thinking', thinking: 'hm' },
      { type: 'text', text: 'Well: ' },
      { type: 'tool_use', id: 't1', name: 'lock', input: { depth: 4 } },
    ],
    usage: { input_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 1, output_tokens: 3 },
  };

  it('becomes a completion; the whole prompt counts, cached or not', () => {
    expect(decode(json, ask())).toEqual({
      content: 'Well: ',
      model: 'claude',
      finishReason: 'tool_calls',
      toolCalls: [{ id: 't1', name: 'lock', arguments: '{"depth":4}' }],
      usage: { promptTokens: 16, completionTokens: 3, totalTokens: 19, cachedPromptTokens: 5, reasoningTokens: undefined },
      metadata: { id: 'msg_1', stopReason: 'tool_use' },
    });
  });

  it('an answer in a shape is the input of its tool', () => {
    expect(decode({ ...json, content: json.content.slice(2) }, shaped)).toMatchObject({
      content: '{"depth":4}',
      toolCalls: [],
      finishReason: 'stop',
    });
  });

  it.each([null, {}, { content: 'x' }])('refuses %j as no message', (broken) => {
    expect(() => decode(broken, ask())).toThrow(expect.objectContaining({ code: 'invalid_response' }));
  });
});

describe("Anthropic's stream", () => {
  it('becomes text, tool calls in parts, and the completion with cumulative usage', () => {
    const reader = streamReader(ask());
    const deltas = [
      event({ type: 'message_start', message: { id: 'msg_1', model: 'claude', usage: { input_tokens: 25, output_tokens: 1 } } }),
      event({ type: 'content_block_start', index: 0, content_block: { type: 'thinking' } }),
      event({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } }),
      event({ type: 'ping' }),
      event({ type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } }),
      event({ type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Hello' } }),
      event({ type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 't1', name: 'look', input: {} } }),
      event({ type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{}' } }),
      event({ type: 'content_block_stop', index: 2 }),
      event({ type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { input_tokens: null, output_tokens: 15 } }),
      event({ type: 'message_stop' }),
    ].flatMap((each) => reader.read(each));

    expect(deltas).toEqual([
      { type: 'text', text: 'Hello' },
      { type: 'tool-call-delta', index: 0, id: 't1', name: 'look', arguments: '' },
      { type: 'tool-call-delta', index: 0, arguments: '{}' },
    ]);
    expect(reader.completion()).toMatchObject({
      content: 'Hello',
      model: 'claude',
      finishReason: 'tool_calls',
      usage: { promptTokens: 25, completionTokens: 15 },
    });
  });

  it('an answer in a shape arrives as text, however it is cut', async () => {
    await holds(
      fc.property(fc.array(fc.string()), (pieces) => {
        const reader = streamReader(shaped);
        const start = event({
          type: 'content_block_start',
          index: 0,
          content_block: { type: 'tool_use', id: 't1', name: 'lock', input: {} },
        });
        const parts = pieces.map((partial_json) =>
          event({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json } }),
        );
        const deltas = [start, ...parts, event({ type: 'message_delta', delta: { stop_reason: 'tool_use' } })].flatMap((each) =>
          reader.read(each),
        );
        const text = deltas.map((delta) => (delta.type === 'text' ? delta.text : '?')).join('');
        expect(text).toBe(pieces.join(''));
        expect(reader.completion()).toMatchObject({ content: text, toolCalls: [], finishReason: 'stop' });
      }),
    );
  });
});

describe('embeddings', () => {
  it('are read in the order of the input, as numbers or as base64', () => {
    expect(encodeEmbeddings({ input: ['a', 'b'], dimensions: 2 })).toEqual({ input: ['a', 'b'], dimensions: 2, encoding_format: 'float' });
    const base64 = Buffer.from(new Float32Array([0.5, -2]).buffer).toString('base64');
    const json = {
      model: 'e',
      data: [
        { index: 1, embedding: base64 },
        { index: 0, embedding: [1, 2] },
      ],
      usage: { prompt_tokens: 3, total_tokens: 3 },
    };
    expect(decodeEmbeddings(json, 2)).toEqual({
      vectors: [
        [1, 2],
        [0.5, -2],
      ],
      model: 'e',
      usage: { promptTokens: 3, completionTokens: 0, totalTokens: 3 },
    });
  });

  it.each([
    [{}, 1],
    [{ data: [{ embedding: ['x'] }] }, 1],
    [{ data: [{ index: 4_000_000_000, embedding: [1] }] }, 1],
    [{ data: [{ index: 1, embedding: [1] }] }, 2],
  ])('refuses %j where %i are expected', (json, expected) => {
    expect(() => decodeEmbeddings(json, expected)).toThrow('does not hold');
  });

  it('a codec is found by the formats of a provider', () => {
    expect(codecFor(['openai-embeddings', 'openai-chat'])?.format).toBe('openai-chat');
    expect(codecFor(['anthropic-messages'])).toBe(anthropicMessagesCodec);
    expect(codecFor(['openai-embeddings'])).toBeUndefined();
  });
});
