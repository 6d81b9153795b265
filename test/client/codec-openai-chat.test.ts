import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ChatRequest } from '../../src/domain/chat.ts';
import { openAiChatCodec } from '../../src/providers/codecs/openai-chat.ts';

const { encode, decode, streamReader } = openAiChatCodec;
const ask = (more: Partial<ChatRequest> = {}): ChatRequest => ({ messages: [{ role: 'user', content: 'Hi' }], stream: false, ...more });
const chunk = (choice: object, more: object = {}) => ({
  data: JSON.stringify({ id: 'c-1', model: 'gpt-x', choices: [{ index: 0, ...choice }], ...more }),
});

describe('a request to OpenAI', () => {
  it('sends what was given, 0 included, and nothing else', () => {
    expect(encode(ask(), 'openai')).toEqual({ messages: [{ role: 'user', content: 'Hi' }] });
    expect(encode(ask({ model: 'gpt-x', temperature: 0, topP: 0, maxTokens: 5, stop: ['.'], stream: true }), 'openai')).toEqual({
      model: 'gpt-x',
      messages: [{ role: 'user', content: 'Hi' }],
      temperature: 0,
      top_p: 0,
      max_completion_tokens: 5,
      stop: ['.'],
      stream: true,
    });
  });

  it('names the output limit as the server knows it', () => {
    expect(encode(ask({ maxTokens: 5 }), 'vllm')).toMatchObject({ max_tokens: 5 });
    expect(encode(ask({ maxTokens: 5 }), 'openai-compatible')).toMatchObject({ max_tokens: 5 });
    expect(encode(ask({ maxTokens: 5 }), 'azure-openai')).toMatchObject({ max_completion_tokens: 5 });
  });

  it('keeps every message, tool calls and their results, images, and lets extra fields win', () => {
    const messages: ChatRequest['messages'] = [
      { role: 'system', content: 'A' },
      { role: 'system', content: 'B' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See' },
          { type: 'image', url: 'https://x/y.png' },
        ],
        metadata: { private: 1 },
      },
      { role: 'assistant', content: '', toolCalls: [{ id: 't1', name: 'look', arguments: '{"a":1}' }] },
      { role: 'tool', content: 'seen', toolCallId: 't1' },
    ];
    const body = encode(ask({ messages, temperature: 1, extra: { temperature: 0.5, seed: 7 } }), 'openai');
    expect(body).toEqual({
      messages: [
        { role: 'system', content: 'A' },
        { role: 'system', content: 'B' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'See' },
            { type: 'image_url', image_url: { url: 'https://x/y.png' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 't1', type: 'function', function: { name: 'look', arguments: '{"a":1}' } }],
        },
        { role: 'tool', tool_call_id: 't1', content: 'seen' },
      ],
      temperature: 0.5,
      seed: 7,
    });
  });

  it('asks for tools and for an answer in a shape, strict only where strict mode takes the schema', () => {
    const tools = [{ name: 'look', parameters: { type: 'object' } }];
    const strictOf = (schema: z.ZodType) => {
      const body = encode(ask({ answerSchema: { name: 'answer', schema: z.toJSONSchema(schema) } }), 'openai');
      return (body['response_format'] as { json_schema: { strict: boolean } }).json_schema.strict;
    };

    expect(encode(ask({ tools, toolChoice: { name: 'look' } }), 'openai')).toMatchObject({
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
    });
    expect(strictOf(z.strictObject({ depth: z.number(), gates: z.array(z.strictObject({ name: z.string() })) }))).toBe(true);
    expect(strictOf(z.object({ depth: z.number().optional() }))).toBe(false);
    expect(strictOf(z.strictObject({ gates: z.array(z.strictObject({ name: z.string().optional() })) }))).toBe(false);
    expect(strictOf(z.record(z.string(), z.number()))).toBe(false);
  });
});

describe("OpenAI's answer", () => {
  it('becomes a completion', () => {
    const json = {
      id: 'c-1',
      model: 'gpt-x',
      service_tier: 'default',
      choices: [
        {
          message: { content: 'Hello', tool_calls: [{ id: 't1', function: { name: 'look', arguments: '{}' } }] },
          finish_reason: 'tool_calls',
        },
      ],
      usage: {
        prompt_tokens: 9,
        completion_tokens: 12,
        total_tokens: 21,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    };
    expect(decode(json, ask())).toEqual({
      content: 'Hello',
      model: 'gpt-x',
      finishReason: 'tool_calls',
      toolCalls: [{ id: 't1', name: 'look', arguments: '{}' }],
      usage: { promptTokens: 9, completionTokens: 12, totalTokens: 21, cachedPromptTokens: 4, reasoningTokens: 2 },
      metadata: { id: 'c-1', finishReason: 'tool_calls', serviceTier: 'default' },
    });
  });

  it.each([null, [], 'text', {}, { choices: [] }, { choices: [{}] }, { choices: 'x' }])('refuses %j as no completion', (json) => {
    expect(() => decode(json, ask())).toThrow(expect.objectContaining({ code: 'invalid_response', scope: 'deployment' }));
  });

  it('survives nonsense in every field', () => {
    const json = {
      id: 7,
      model: [],
      choices: [{ message: { content: 5, tool_calls: [3, { id: 1, function: 'x' }] }, finish_reason: 9 }],
      usage: { prompt_tokens: -1 },
    };
    expect(decode(json, ask())).toEqual({
      content: '',
      model: undefined,
      usage: undefined,
      finishReason: 'other',
      toolCalls: [{ id: '', name: '', arguments: '' }],
      metadata: {},
    });
  });
});

describe("OpenAI's stream", () => {
  it('becomes text, tool calls in parts, and the completion', () => {
    const reader = streamReader(ask());
    const deltas = [
      { data: JSON.stringify({ id: '', choices: [], prompt_filter_results: [] }) },
      chunk({ delta: { role: 'assistant', content: '' }, finish_reason: null }),
      chunk({ delta: { content: 'He' } }),
      chunk({ index: 1, delta: { content: 'other choice' } }),
      chunk({ delta: { content: 'llo', tool_calls: [{ index: 3, id: 't1', function: { name: 'look', arguments: '' } }] } }),
      chunk({
        delta: {
          tool_calls: [
            { index: 3, function: { arguments: '{"a"' } },
            { index: 4, id: 't2', function: { name: 'go', arguments: '{}' } },
          ],
        },
      }),
      chunk({ delta: { tool_calls: [{ index: 3, function: { arguments: ':1}' } }] } }),
      chunk({ delta: {}, finish_reason: 'tool_calls' }),
      { data: JSON.stringify({ id: 'c-1', model: 'gpt-x', choices: [], usage: { prompt_tokens: 2, completion_tokens: 3 } }) },
      { data: '[DONE]' },
    ].flatMap((event) => reader.read(event));

    expect(deltas).toEqual([
      { type: 'text', text: 'He' },
      { type: 'text', text: 'llo' },
      { type: 'tool-call-delta', index: 0, id: 't1', name: 'look', arguments: '' },
      { type: 'tool-call-delta', index: 0, arguments: '{"a"' },
      { type: 'tool-call-delta', index: 1, id: 't2', name: 'go', arguments: '{}' },
      { type: 'tool-call-delta', index: 0, arguments: ':1}' },
    ]);
    expect(reader.completion()).toMatchObject({
      content: 'Hello',
      model: 'gpt-x',
      finishReason: 'tool_calls',
      usage: { promptTokens: 2, completionTokens: 3, totalTokens: 5 },
      toolCalls: [
        { id: 't1', name: 'look', arguments: '{"a":1}' },
        { id: 't2', name: 'go', arguments: '{}' },
      ],
    });
  });

  it('refuses an event that is no JSON object', () => {
    expect(() => streamReader(ask()).read({ data: '{"torn' })).toThrow(expect.objectContaining({ code: 'invalid_response' }));
    expect(() => streamReader(ask()).read({ data: '[1]' })).toThrow('no JSON object');
  });
});
