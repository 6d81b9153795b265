import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/domain/chat.ts';
import { anthropicToOpenAiChat } from '../../../../src/providers/translation/messages-to-chat/anthropic-to-openai-chat.ts';

const HI = [{ role: 'user', content: 'Hi' }];

/** As it stands on the wire. */
function sent(more: JsonObject, provider?: string): JsonObject {
  const { body } = anthropicToOpenAiChat.translate({ model: 'm', messages: HI, ...more }, undefined, provider);
  return JSON.parse(JSON.stringify(body));
}

function messagesOf(...messages: readonly JsonObject[]): unknown {
  return sent({ messages })['messages'];
}

const TOOL = { name: 'look', description: 'Looks.', input_schema: { type: 'object', properties: { q: { type: 'string' } } } };
const FUNCTION = { name: 'look', description: 'Looks.', parameters: TOOL.input_schema };
const CLOSED = { type: 'object', properties: { q: { type: 'string' } }, required: ['q'], additionalProperties: false };
const EITHER = { ...CLOSED, properties: { q: { oneOf: [{ type: 'string' }, { type: 'null' }] } } };
const SAID = { model: 'm', messages: HI };

describe('what a call says', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['nothing but messages', {}, {}],
    ['a limit of output', { max_tokens: 9 }, { max_tokens: 9 }],
    ['sampling, 0 included', { temperature: 0, top_p: 0.5 }, { temperature: 0, top_p: 0.5 }],
    ['stop sequences', { stop_sequences: ['a', ' '] }, { stop: ['a', ' '] }],
    ['no stop sequences', { stop_sequences: [] }, {}],
    ['a stream, whose usage Anthropic always tells', { stream: true }, { stream: true, stream_options: { include_usage: true } }],
    ['a user', { metadata: { user_id: 'u-1' } }, { user: 'u-1' }],
    ['a user that is longer than OpenAI takes', { metadata: { user_id: 'u'.repeat(65) } }, {}],
    ['effort', { output_config: { effort: 'high' } }, { reasoning_effort: 'high' }],
    [
      'an answer that fits a schema',
      { output_config: { format: { type: 'json_schema', schema: CLOSED } } },
      { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: CLOSED, strict: true } } },
    ],
    [
      'an answer that fits a schema with words that strict schemas know not',
      { output_config: { format: { type: 'json_schema', schema: EITHER } } },
      { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: EITHER, strict: false } } },
    ],
    ['tools', { tools: [TOOL] }, { tools: [{ type: 'function', function: FUNCTION }] }],
    [
      'a strict tool',
      { tools: [{ name: 'a', input_schema: CLOSED, strict: true, type: 'custom' }] },
      { tools: [{ type: 'function', function: { name: 'a', parameters: CLOSED, strict: true } }] },
    ],
    [
      'a tool whose other options change nothing',
      {
        tools: [
          { ...TOOL, allowed_callers: ['direct'], eager_input_streaming: true, cache_control: { type: 'ephemeral' }, defer_loading: false },
        ],
      },
      { tools: [{ type: 'function', function: FUNCTION }] },
    ],
    ['what no tools are chosen from', { tools: [], tool_choice: { type: 'auto', disable_parallel_tool_use: true } }, {}],
    [
      'what changes nothing about the answer',
      {
        cache_control: { type: 'ephemeral' },
        service_tier: 'standard_only',
        diagnostics: { previous_message_id: null },
        speed: 'standard',
      },
      {},
    ],
    ['what SDKs send for nothing', { top_k: null, container: null, speed: null, output_config: { format: null, effort: null } }, {}],
    ['no thoughts', { thinking: { type: 'disabled' } }, {}],
    ['thoughts as the model likes', { thinking: { type: 'adaptive', display: 'omitted' } }, {}],
  ])('is said: %s', (_, more, expected) => {
    expect(sent(more)).toEqual({ ...SAID, ...expected });
  });

  it.each<[JsonObject, unknown, unknown]>([
    [{ type: 'auto' }, 'auto', undefined],
    [{ type: 'none' }, 'none', undefined],
    [{ type: 'any', disable_parallel_tool_use: true }, 'required', false],
    [{ type: 'tool', name: 'look' }, { type: 'function', function: { name: 'look' } }, undefined],
    [{ type: 'auto', disable_parallel_tool_use: false }, 'auto', undefined],
  ])('chooses tools: %j', (choice, expected, parallel) => {
    const body = sent({ tools: [TOOL], tool_choice: choice });
    expect(body['tool_choice']).toEqual(expected);
    expect(body['parallel_tool_calls']).toBe(parallel);
  });

  it('names the output limit as the provider knows it', () => {
    expect(sent({ max_tokens: 9 }, 'openai')).toMatchObject({ max_completion_tokens: 9 });
    expect(sent({ max_tokens: 9 }, 'vllm')).toMatchObject({ max_tokens: 9 });
  });

  it('joins a system prompt of several blocks, and keeps system messages at their place', () => {
    const system = [
      { type: 'text', text: 'A', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'B' },
    ];
    expect(sent({ system, messages: [...HI, { role: 'system', content: 'C' }, ...HI] })['messages']).toEqual([
      { role: 'system', content: 'A\n\nB' },
      ...HI,
      { role: 'system', content: 'C' },
      ...HI,
    ]);
  });
});

describe('a conversation', () => {
  const call = (id: string) => ({ type: 'tool_use', id, name: 'look', input: { q: id } });
  const called = (id: string) => ({ id, type: 'function', function: { name: 'look', arguments: JSON.stringify({ q: id }) } });
  const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
  const url = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };

  it('shows images, inlined or at an address', () => {
    const content = [{ type: 'text', text: 'See' }, png, { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } }];
    expect(messagesOf({ role: 'user', content })).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'See' }, url, { type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] },
    ]);
  });

  it('gives several calls and several results in a row, before what the user says, also across messages', () => {
    const text = { type: 'text', text: 'Looking.' };
    expect(
      messagesOf(
        ...HI,
        { role: 'assistant', content: [text, call('a'), call('b')] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'A' }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'B' }] },
            { type: 'text', text: 'So?' },
          ],
        },
      ),
    ).toEqual([
      ...HI,
      { role: 'assistant', content: 'Looking.', tool_calls: [called('a'), called('b')] },
      { role: 'tool', tool_call_id: 'a', content: 'A' },
      { role: 'tool', tool_call_id: 'b', content: 'B' },
      { role: 'user', content: 'So?' },
    ]);
  });

  it('says in words that a tool failed, and where the images of a result are', () => {
    expect(
      messagesOf(
        ...HI,
        { role: 'assistant', content: [call('a'), call('b')] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a', is_error: true, content: 'no such file' },
            { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'Seen:' }, png] },
          ],
        },
      ),
    ).toEqual([
      ...HI,
      { role: 'assistant', content: null, tool_calls: [called('a'), called('b')] },
      { role: 'tool', tool_call_id: 'a', content: 'Error: no such file' },
      { role: 'tool', tool_call_id: 'b', content: 'Seen:\n[Image 1 of the result of b: in the next message]' },
      { role: 'user', content: [{ type: 'text', text: 'Image 1 of the result of b:' }, url] },
    ]);
  });

  it('keeps results together that come in several messages, with an image or a word in between', () => {
    const result = (id: string, ...content: unknown[]) => ({ type: 'tool_result', tool_use_id: id, content });
    const roles = (messages: unknown) => (messages as JsonObject[]).map(({ role, tool_call_id: id }) => id ?? role);
    const calls = { role: 'assistant', content: [call('a'), call('b')] };
    const first = { role: 'user', content: [result('a', png), { type: 'text', text: 'Look' }] };
    expect(roles(messagesOf(...HI, calls, first, { role: 'user', content: [result('b')] }))).toEqual([
      'user',
      'assistant',
      'a',
      'b',
      'user',
    ]);
  });

  it('may have more blocks in a turn than a call takes arguments', () => {
    const content = Array.from({ length: 200_000 }, (_, at) => ({ type: 'text', text: String(at) }));
    const [turn] = messagesOf(...HI, { role: 'user', content }) as { content: unknown[] }[];
    expect(turn?.content).toHaveLength(200_001);
  });

  it("leaves another model's thoughts out", () => {
    const thought = { type: 'thinking', thinking: 'Hm', signature: 's' };
    const dark = { type: 'redacted_thinking', data: 'x' };
    expect(
      messagesOf(
        ...HI,
        { role: 'assistant', content: [thought, { type: 'text', text: 'Yes' }] },
        ...HI,
        { role: 'assistant', content: [dark] },
        ...HI,
      ),
    ).toEqual([...HI, { role: 'assistant', content: 'Yes' }, ...HI, ...HI]);
  });
});

describe('what chat completions have no word for', () => {
  const user = (...content: unknown[]) => ({ messages: [{ role: 'user', content }] });
  it.each<[string, JsonObject]>([
    ['top_k', { top_k: 3 }],
    ['thinking', { thinking: { type: 'enabled', budget_tokens: 2000 } }],
    ['thinking', { thinking: { type: 'adaptive', display: 'summarized' } }],
    ['speed', { speed: 'fast' }],
    ['container', { container: 'c' }],
    ['thread', { thread: { type: 'create' } }],
    ['inference_geo', { inference_geo: 'eu' }],
    ['mcp_servers', { mcp_servers: [] }],
    ['toString', { toString: 1 }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_tokens', { max_tokens: '9' }],
    ['stop_sequences', { stop_sequences: ['a', 'b', 'c', 'd', 'e'] }],
    ['stop_sequences', { stop_sequences: [1] }],
    ['stop_sequences', { stop_sequences: 'a' }],
    ['output_config.format', { output_config: { format: { type: 'regex' } } }],
    ['output_config.effort', { output_config: { effort: 'huge' } }],
    ['output_config.task_budget', { output_config: { task_budget: 1 } }],
    ['tools[0]', { tools: [{ type: 'web_search_20260318', name: 'web_search' }] }],
    ['tools[1]', { tools: [TOOL, { type: 'bash_20250124', name: 'bash' }] }],
    ['tools[0].strict', { tools: [{ ...TOOL, strict: true }] }],
    ['tools[0].input_examples', { tools: [{ ...TOOL, input_examples: [{}] }] }],
    ['tools[0].defer_loading', { tools: [{ ...TOOL, defer_loading: true }] }],
    ['tools[0].input_schema', { tools: [{ name: 'x' }] }],
    ['tools[0].foo', { tools: [{ ...TOOL, foo: 1 }] }],
    ['tools[0].allowed_callers', { tools: [{ ...TOOL, allowed_callers: ['code_execution_20260521'] }] }],
    ['tool_choice', { tool_choice: { type: 'some' } }],
    ['tool_choice.foo', { tools: [TOOL], tool_choice: { type: 'auto', foo: 1 } }],
    ['metadata.foo', { metadata: { foo: 1 } }],
    ['output_config.format.name', { output_config: { format: { type: 'json_schema', schema: CLOSED, name: 'x' } } }],
    ['messages[0].name', { messages: [{ role: 'user', content: 'Hi', name: 'Ann' }] }],
    ['messages[0].content[0].foo', user({ type: 'text', text: 'Hi', foo: 1 })],
    ['messages[0].content[0].foo', user({ type: 'tool_result', tool_use_id: 'a', foo: 1 })],
    ['messages[0].content[0].source.foo', user({ type: 'image', source: { type: 'url', url: 'https://x.test/a.png', foo: 1 } })],
    [
      'messages[1].content[0].caller',
      {
        messages: [
          ...HI,
          { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'b', caller: { type: 'code_execution_20260521' } }] },
          ...HI,
        ],
      },
    ],
    ['messages', { messages: 'Hi' }],
    ['messages[0].role', { messages: [{ role: 'tool', content: '' }] }],
    ['messages[0].content', { messages: [{ role: 'user' }] }],
    ['messages[0].content[0]', user(1)],
    ['messages[0].content[0]', user({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: '' } })],
    ['messages[0].content[1]', user({ type: 'text', text: '' }, { type: 'hologram' })],
    ['messages[0].content[0].source', user({ type: 'image', source: { type: 'file', file_id: 'f' } })],
    ['messages[0].content[0].tool_use_id', user({ type: 'tool_result' })],
    ['messages[0].content[0].content[0]', user({ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'search_result' }] })],
    ['messages[1]', { messages: [...HI, { role: 'assistant', content: 'The answer is' }] }],
    ['messages[1].content[0]', { messages: [...HI, { role: 'assistant', content: [{ type: 'server_tool_use' }] }, ...HI] }],
    ['system[0]', { system: [{ type: 'image' }] }],
    ['a b', { 'a\n b': 1 }],
  ])('is refused by its name: %s in %j', (path, more) => {
    const refused = expect.objectContaining({ name: 'Untranslatable', path, message: expect.stringMatching(/\.$/) });
    expect(() => sent(more)).toThrow(refused);
  });
});
