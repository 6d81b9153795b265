import fc from 'fast-check';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/domain/chat.ts';
import { openAiResponsesToChat } from '../../../../src/providers/translation/responses-to-chat/openai-responses-to-chat.ts';
import { holds } from '../../../lib/property.ts';
import { post, setUp } from '../../../simulator/in-process.ts';

type Input = OpenAI.Responses.ResponseCreateParams['input'];

const WEATHER = { type: 'function', name: 'weather', description: 'Tells it', parameters: { type: 'object' }, strict: true } as const;
const TIME = { type: 'function', name: 'time', parameters: null, strict: null } as const;
const WEATHER_IN_CHAT = {
  type: 'function',
  function: { name: 'weather', description: 'Tells it', parameters: { type: 'object' }, strict: true },
};
const TIME_IN_CHAT = { type: 'function', function: { name: 'time' } };

function translated(body: JsonObject, provider?: string): JsonObject {
  return openAiResponsesToChat.translate({ model: 'm', input: 'hi', ...body }, 0, provider).body;
}

function messages(input: Input): unknown {
  return translated({ input })['messages'];
}

/** Only what one more field adds. */
function added(more: JsonObject, provider?: string): JsonObject {
  const { messages: _, ...rest } = translated(more, provider);
  return rest;
}

const call = (id: string, name = 'weather') => ({ type: 'function_call', call_id: id, name, arguments: '{"in":"Rome"}' }) as const;
const result = (id: string, output = 'sunny') => ({ type: 'function_call_output', call_id: id, output }) as const;
const callInChat = (id: string, name = 'weather') => ({ id, type: 'function', function: { name, arguments: '{"in":"Rome"}' } });

describe('the messages of a call', () => {
  it.each<[string, Input, unknown]>([
    ['a text', 'hi', [{ role: 'user', content: 'hi' }]],
    ['a message without a type', [{ role: 'user', content: 'hi' }], [{ role: 'user', content: 'hi' }]],
    [
      'developer and system messages',
      [
        { role: 'developer', content: 'be kind' },
        { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'be brief' }] },
        { role: 'user', content: 'hi' },
      ],
      [
        { role: 'system', content: 'be kind' },
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'hi' },
      ],
    ],
    [
      'texts and images',
      [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'what is it?' },
            { type: 'input_image', image_url: 'https://images.test/a.png', detail: 'auto' },
            { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
          ],
        },
      ],
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what is it?' },
            { type: 'image_url', image_url: { url: 'https://images.test/a.png' } },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
          ],
        },
      ],
    ],
    [
      'what an assistant said and refused',
      [
        { role: 'assistant', content: 'well' },
        {
          type: 'message',
          id: 'msg_1',
          status: 'completed',
          role: 'assistant',
          content: [
            { type: 'output_text', text: 'so ', annotations: [] },
            { type: 'refusal', refusal: 'no' },
          ],
        },
      ],
      [
        { role: 'assistant', content: 'well' },
        { role: 'assistant', content: 'so no' },
      ],
    ],
    [
      'calls at once, with thoughts between them, and their results',
      [
        { role: 'assistant', content: 'let me see' },
        call('a'),
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' },
        call('b', 'time'),
        result('b', 'noon'),
        { ...result('a'), output: [{ type: 'input_text', text: 'sunny' }] },
      ],
      [
        { role: 'assistant', content: 'let me see', tool_calls: [callInChat('a'), callInChat('b', 'time')] },
        { role: 'tool', tool_call_id: 'b', content: 'noon' },
        { role: 'tool', tool_call_id: 'a', content: 'sunny' },
      ],
    ],
    [
      'items as they came in an answer, and a document',
      [
        {
          type: 'message',
          id: 'msg_1',
          status: 'completed',
          phase: 'commentary',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'see', annotations: [], logprobs: [] }],
        },
        { ...call('a'), id: 'fc_1', status: 'completed', caller: { type: 'direct' } },
        { ...result('a'), id: null, status: null, name: 'weather' },
        { role: 'user', content: [{ type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA', detail: 'auto' }] },
      ],
      [
        { role: 'assistant', content: 'see', tool_calls: [callInChat('a')] },
        { role: 'tool', tool_call_id: 'a', content: 'sunny' },
        { role: 'user', content: [{ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' } }] },
      ],
    ],
    [
      'one call after the other',
      [call('a'), result('a'), call('b'), result('b')],
      [
        { role: 'assistant', content: null, tool_calls: [callInChat('a')] },
        { role: 'tool', tool_call_id: 'a', content: 'sunny' },
        { role: 'assistant', content: null, tool_calls: [callInChat('b')] },
        { role: 'tool', tool_call_id: 'b', content: 'sunny' },
      ],
    ],
    [
      'what is said between a call and its result, in the message with the call',
      [call('a'), { role: 'assistant', content: 'a moment' }, { role: 'assistant', content: 'please' }, result('a')],
      [
        { role: 'assistant', content: 'a moment\n\nplease', tool_calls: [callInChat('a')] },
        { role: 'tool', tool_call_id: 'a', content: 'sunny' },
      ],
    ],
  ])('%s', (_, input, expected) => {
    expect(messages(input)).toEqual(expected);
  });

  it('begin with the instructions', () => {
    expect(translated({ instructions: 'be kind' })['messages']).toEqual([
      { role: 'system', content: 'be kind' },
      { role: 'user', content: 'hi' },
    ]);
  });
});

const SCHEMA = { type: 'object', properties: {}, additionalProperties: false };

describe('the other fields of a call', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['sampling', { temperature: 1.5, top_p: 0.5 }, { temperature: 1.5, top_p: 0.5 }],
    ['a limit', { max_output_tokens: 9 }, { max_tokens: 9 }],
    ['a user', { user: 'u1' }, { user: 'u1' }],
    ['a user by the newer name', { safety_identifier: 'u2' }, { user: 'u2' }],
    ['an effort', { reasoning: { effort: 'low', summary: 'auto' } }, { reasoning_effort: 'low' }],
    ['a verbosity', { text: { verbosity: 'low', format: { type: 'text' } } }, { verbosity: 'low' }],
    ['any JSON', { text: { format: { type: 'json_object' } } }, { response_format: { type: 'json_object' } }],
    [
      'a schema',
      { text: { format: { type: 'json_schema', name: 'a', description: 'd', schema: SCHEMA, strict: true } } },
      { response_format: { type: 'json_schema', json_schema: { name: 'a', description: 'd', schema: SCHEMA, strict: true } } },
    ],
    ['tools', { tools: [WEATHER, TIME] }, { tools: [WEATHER_IN_CHAT, TIME_IN_CHAT] }],
    [
      'tools one at a time',
      { tools: [TIME], tool_choice: 'auto', parallel_tool_calls: false },
      { tools: [TIME_IN_CHAT], parallel_tool_calls: false },
    ],
    ['no tool', { tools: [TIME], tool_choice: 'none' }, { tools: [TIME_IN_CHAT], tool_choice: 'none' }],
    ['any tool', { tools: [TIME], tool_choice: 'required' }, { tools: [TIME_IN_CHAT], tool_choice: 'required' }],
    [
      'one tool',
      { tools: [TIME], tool_choice: { type: 'function', name: 'time' } },
      { tools: [TIME_IN_CHAT], tool_choice: { type: 'function', function: { name: 'time' } } },
    ],
    [
      'some tools, by offering no others',
      { tools: [WEATHER, TIME], tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'time' }] } },
      { tools: [TIME_IN_CHAT], tool_choice: 'required' },
    ],
    ['nothing about tools where there are none', { tools: [], tool_choice: 'auto', parallel_tool_calls: true }, {}],
    ['a stream, with the usage that its last event has', { stream: true }, { stream: true, stream_options: { include_usage: true } }],
    ['no stream', { stream: false }, {}],
    ['a paid tier', { service_tier: 'flex' }, { service_tier: 'flex' }],
    [
      'what changes nothing about the answer',
      {
        store: true,
        metadata: { a: 'b' },
        service_tier: 'auto',
        prompt_cache_key: 'k',
        prompt_cache_retention: '24h',
        include: ['reasoning.encrypted_content'],
        truncation: 'disabled',
        background: false,
        top_logprobs: 0,
        max_tool_calls: 3,
        stream_options: { include_obfuscation: false },
        previous_response_id: null,
        temperature: null,
        reasoning: null,
      },
      {},
    ],
  ])('%s', (_, more, expected) => {
    expect(added(more)).toEqual(expected);
  });

  it('calls the limit what the provider calls it', () => {
    expect(added({ max_output_tokens: 9 }, 'openai')).toEqual({ max_completion_tokens: 9 });
  });
});

const user = (content: unknown) => ({ input: [{ role: 'user', content }] });

describe('what no chat completion can say is refused by its path', () => {
  it.each<[string, JsonObject]>([
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['conversation', { conversation: 'conv_1' }],
    ['prompt', { prompt: { id: 'p' } }],
    ['background', { background: true }],
    ['truncation', { truncation: 'auto' }],
    ['top_logprobs', { top_logprobs: 2 }],
    ['include[1]', { include: ['reasoning.encrypted_content', 'message.output_text.logprobs'] }],
    ['frequency_penalty', { frequency_penalty: 1 }],
    ['constructor', { constructor: 1 }],
    ['reasoning.summary', { reasoning: { summary: 'detailed' } }],
    ['reasoning', { reasoning: 'high' }],
    ['text.shape', { text: { shape: 1 } }],
    ['text.format', { text: { format: { type: 'grammar' } } }],
    ['max_output_tokens', { max_output_tokens: 'many' }],
    ['instructions', { instructions: [] }],
    ['input', { input: undefined }],
    ['input', { input: [] }],
    ['input[0]', { input: ['hi'] }],
    ['input[0]', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['input[0]', { input: [{ id: 'msg_1' }] }],
    ['input[0].type', { input: [{ type: 'web_search_call', id: 'ws_1' }] }],
    ['input[0].role', { input: [{ role: 'critic', content: 'hi' }] }],
    ['input[0].content', { input: [{ role: 'user' }] }],
    ['input[0].content[0]', user([{ type: 'input_file', file_id: 'f' }])],
    [
      'input[0].content[0].file_url',
      user([{ type: 'input_file', file_data: 'data:application/pdf;base64,AA', file_url: 'https://a.test' }]),
    ],
    ['input[0].content[0].type', user([{ type: 'input_audio' }])],
    ['input[0].content[0]', user([{ type: 'input_image', file_id: 'f' }])],
    ['input[0].content[0]', user([{ type: 'input_image', file_id: 'f', image_url: 'https://a.test' }])],
    ['input[0].content[0].foo', user([{ type: 'input_text', text: 'hi', foo: 1 }])],
    ['input[0].content[0].foo', { input: [{ role: 'assistant', content: [{ type: 'refusal', refusal: 'no', foo: 1 }] }] }],
    ['input[0].foo', { input: [{ role: 'user', content: 'hi', foo: 1 }] }],
    ['input[0].foo', { input: [{ ...call('a'), foo: 1 }] }],
    ['input[0].foo', { input: [{ ...result('a'), foo: 1 }] }],
    ['input[0].async', { input: [{ ...call('a'), async: true }] }],
    ['input[0].caller', { input: [{ ...result('a'), caller: { type: 'program', caller_id: 'c' } }] }],
    ['input[0].content[0].type', { input: [{ role: 'system', content: [{ type: 'input_image', image_url: 'https://a.test' }] }] }],
    ['input[0].output[0].type', { input: [{ ...result('a'), output: [{ type: 'input_image', image_url: 'https://a.test' }] }] }],
    ['input[0].call_id', { input: [{ type: 'function_call_output', output: 'x' }] }],
    ['input[0].namespace', { input: [{ ...call('a'), namespace: 'n' }] }],
    ['tools[1].type', { tools: [TIME, { type: 'web_search' }] }],
    ['tools[0].type', { tools: [{ type: 'custom', name: 'c' }] }],
    ['tools[0].defer_loading', { tools: [{ ...TIME, defer_loading: true }] }],
    ['tool_choice', { tool_choice: 'required' }],
    ['tool_choice', { tools: [TIME], tool_choice: { type: 'web_search' } }],
    [
      'tool_choice.tools[0]',
      { tools: [TIME], tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'x' }] } },
    ],
    ['tool_choice.tools', { tools: [TIME], tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [] } }],
  ])('%s', (path, body) => {
    const refused = () => translated(body);
    expect(refused).toThrow(expect.objectContaining({ name: 'Untranslatable', path, message: expect.stringMatching(/\.$/) }));
  });
});

const text = fc.string({ minLength: 1, maxLength: 12 });
const image = fc.webUrl().map((image_url) => ({ type: 'input_image', image_url, detail: 'auto' }));
const inputText = text.map((said) => ({ type: 'input_text', text: said }));
const asked = fc.record({
  role: fc.constantFrom('user', 'system', 'developer'),
  content: fc.oneof(text, fc.array(inputText, { minLength: 1, maxLength: 3 })),
});
const shown = fc.record({ role: fc.constant('user'), content: fc.array(fc.oneof(inputText, image), { minLength: 2, maxLength: 3 }) });
const said = fc.record({ role: fc.constant('assistant'), content: text });
/** A model's turn with calls, and all their results in any order. */
const calls = fc
  .tuple(fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 3 }), fc.boolean(), fc.json())
  .map(([ids, turned, json]) => [
    ...ids.map((id) => ({ type: 'function_call', call_id: id, name: 'weather', arguments: json })),
    ...(turned ? ids.toReversed() : ids).map((id) => ({ type: 'function_call_output', call_id: id, output: json })),
  ]);
const conversation = fc
  .array(
    fc.oneof(
      asked.map((item) => [item]),
      shown.map((item) => [item]),
      said.map((item) => [item]),
      calls,
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((turns): JsonObject[] => turns.flat());
const request = fc.record(
  {
    input: conversation,
    instructions: text,
    temperature: fc.double({ min: 0, max: 2, noNaN: true }),
    max_output_tokens: fc.integer({ min: 1, max: 99 }),
    tools: fc.constant([WEATHER, TIME]),
    parallel_tool_calls: fc.boolean(),
    text: fc.constantFrom({ format: { type: 'json_object' } }, { format: { type: 'json_schema', name: 'n', schema: SCHEMA } }),
    user: text,
    metadata: fc.constant({ a: 'b' }),
    store: fc.boolean(),
    stream: fc.boolean(),
  },
  { requiredKeys: ['input'] },
);

interface ChatMessage {
  readonly role: string;
  readonly content: unknown;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly name: string; readonly arguments: string } }[];
  readonly tool_call_id?: string;
}

const wordsOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : Array.isArray(content)
      ? content.map((part) => part.text ?? part.image_url?.url ?? part.image_url ?? '').join('')
      : '';

describe('any request of these fields', () => {
  it('keeps every word, call and result in order, each result behind the message with its call', () =>
    holds(
      fc.property(request, (body) => {
        const sent = translated(body)['messages'] as readonly ChatMessage[];
        const items = body.input;
        const first = body.instructions === undefined ? [] : [{ content: body.instructions }];
        const spoken = [...first, ...items.filter((item) => 'content' in item)].map((item) => wordsOf(item['content']));
        expect(sent.filter(({ role, content }) => role !== 'tool' && content !== null).map(({ content }) => wordsOf(content))).toEqual(
          spoken,
        );
        const called = items.filter(({ type }) => type === 'function_call');
        expect(sent.flatMap(({ tool_calls = [] }) => tool_calls.map((one) => ({ id: one.id, ...one.function })))).toEqual(
          called.map(({ call_id, name, arguments: json }) => ({ id: call_id, name, arguments: json })),
        );
        const results = items.filter(({ type }) => type === 'function_call_output');
        expect(sent.filter(({ role }) => role === 'tool').map((one) => [one.tool_call_id, one.content])).toEqual(
          results.map(({ call_id, output }) => [call_id, output]),
        );
        let open: readonly string[] = [];
        for (const { role, tool_calls = [], tool_call_id: id } of sent) {
          if (role === 'tool') expect(open).toContain(id);
          else {
            expect(open).toEqual([]);
            open = tool_calls.map((one) => one.id);
          }
          open = open.filter((one) => one !== id);
        }
      }),
      400,
    ));

  it('is one that a provider of chat completions takes, and whose answer is a response', () =>
    holds(
      fc.asyncProperty(request, async (body) => {
        const { provider } = setUp();
        const { stream: _, ...whole } = body;
        const translation = openAiResponsesToChat.translate({ model: 'm', ...whole });
        const answer = await post(provider, '/v1/chat/completions', { model: 'm', ...translation.body });
        expect(answer.status).toBe(200);
        expect(translation.answer(answer.json())).toMatchObject({ object: 'response', metadata: body.metadata ?? {} });
      }),
      100,
    ));
});
