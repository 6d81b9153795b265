import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, jsonSchema, type LanguageModel, Output, stepCountIs, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { anthropicEvents, CLAUDE, chatChunks, delta, GPT, type MadeUp, madeUp, once, TOGETHER } from './made-up-upstream.ts';

const HI = [{ role: 'user' as const, content: 'Hi' }];
const SCHEMA = { type: 'object' as const, properties: { q: { type: 'string' as const } }, required: ['q'], additionalProperties: false };
const NAMES = ['lookup', 'now'];
const FUNCTIONS = NAMES.map((name) => ({ type: 'function' as const, function: { name, description: name, parameters: SCHEMA } }));
let open: MadeUp | undefined;

afterEach(async () => {
  await open?.headgate.close({ force: true });
});

async function start(...how: Parameters<typeof madeUp>): Promise<MadeUp> {
  open = await madeUp(...how);
  return open;
}

const openAi = ({ headgate }: MadeUp) => new OpenAI({ fetch: headgate.fetch(), apiKey: 'k', maxRetries: 0 });
const anthropic = ({ headgate }: MadeUp) => new Anthropic({ fetch: headgate.fetch(), apiKey: 'k', maxRetries: 0 });

/** So that characters of several bytes, and events, come in pieces. */
function inPieces(text: string): readonly Uint8Array[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / 3) }, (_, at) => bytes.subarray(at * 3, at * 3 + 3));
}

const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', stop_sequence: null };
const USED = { input_tokens: 3, cache_creation_input_tokens: 4, cache_read_input_tokens: 5, output_tokens: 20 };
const text = (words: string) => ({ type: 'text', text: words });
const use = (id: string, name: string, input: object) => ({ type: 'tool_use', id, name, input });
const words = (said: string) => ({ type: 'text_delta', text: said });
const json = (said: string) => ({ type: 'input_json_delta', partial_json: said });

function streamedMessage(reason: string, ...blocks: readonly (readonly [start: object, ...deltas: object[]])[]): string {
  const begin = { ...MESSAGE, content: [], stop_reason: null, usage: { ...USED, output_tokens: 1 } };
  const events = blocks.flatMap(([start, ...deltas], index) => [
    ['content_block_start', { index, content_block: start }] as const,
    ['ping'] as const,
    ...deltas.map((grown) => ['content_block_delta', { index, delta: grown }] as const),
    ['content_block_stop', { index }] as const,
  ]);
  const end = { delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 20 } };
  return anthropicEvents(['message_start', { message: begin }], ['ping'], ...events, ['message_delta', end], ['message_stop']);
}

/** Thoughts, texts and calls in turns, one call without arguments, deltas that say nothing. */
const ANTHROPIC_TURN = streamedMessage(
  'tool_use',
  [
    { type: 'thinking', thinking: '', signature: '' },
    { type: 'thinking_delta', thinking: 'Hm' },
    { type: 'signature_delta', signature: 's' },
  ],
  [text(''), words('Let me '), words(''), words('look 🎉é')],
  [use('toolu_1', 'lookup', {}), json(''), json('{"q":"a'), json('"}')],
  [text(''), words(' there')],
  [use('toolu_2', 'lookup', {}), json('{"q":"b"}')],
  [use('toolu_3', 'now', {})],
);
const ANTHROPIC_END = streamedMessage('end_turn', [text(''), words('Done.')]);
const called = (index: number, part: object, id?: string) =>
  delta({ tool_calls: [{ index, ...(id && { id, type: 'function' }), function: part }] });
const COUNTED = {
  choices: [],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, prompt_tokens_details: { cached_tokens: 4 } },
};
/** Azure's first chunk, thoughts, calls that come mixed, one without arguments, deltas that say nothing. */
const CHAT_TURN = chatChunks(
  { id: '', choices: [], prompt_filter_results: [] },
  delta({ role: 'assistant', content: '' }),
  delta({ reasoning_content: 'Hm' }),
  delta({ content: 'Let me look 🎉é' }),
  delta({ content: '' }),
  called(0, { name: 'lookup', arguments: '' }, 'call_1'),
  called(0, { arguments: '{"q":"a' }),
  called(1, { name: 'lookup', arguments: '{"q"' }, 'call_2'),
  called(0, { arguments: '"}' }),
  called(1, { arguments: ':"b"}' }),
  called(2, { name: 'now', arguments: '' }, 'call_3'),
  delta({}, 'tool_calls'),
  COUNTED,
);
const CHAT_END = chatChunks(delta({ role: 'assistant', content: 'Done.' }), delta({}, 'stop'), COUNTED);
const wholeMessage = (...content: object[]) => ({ ...MESSAGE, content, stop_reason: 'end_turn', usage: USED });
const inputSchema = jsonSchema<{ q?: string }>({ ...SCHEMA, required: [] });
const execute = ({ q = 'nothing' }: { q?: string }) => `got ${q}`;
const TOOLS = Object.fromEntries(NAMES.map((name) => [name, tool({ description: name, inputSchema, execute })]));

const CALLS_AT_ANTHROPIC = [
  text('Let me look 🎉é there'),
  use('toolu_1', 'lookup', { q: 'a' }),
  use('toolu_2', 'lookup', { q: 'b' }),
  use('toolu_3', 'now', {}),
];
const result = (id: string, content: unknown) => ({ type: 'tool_result', tool_use_id: id, content });

describe("OpenAI's SDK at Anthropic", () => {
  it('puts a turn with thoughts, texts and several calls together, and hands it back with the results', async () => {
    const w = await start(once(CLAUDE), { chunks: inPieces(ANTHROPIC_TURN) }, { json: wholeMessage(text('Done.')) });
    const asked = { model: 'm', messages: HI, tools: FUNCTIONS };
    const stream = openAi(w).chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
    const { choices, usage } = await stream.finalChatCompletion();
    const turn = choices[0]?.message;

    expect(choices[0]?.finish_reason).toBe('tool_calls');
    expect(usage).toMatchObject({
      prompt_tokens: 12,
      completion_tokens: 20,
      prompt_tokens_details: { cached_tokens: 5, cache_write_tokens: 4 },
    });
    const results = ['A', [{ type: 'text' as const, text: 'B' }], ''].map((content, at) => ({
      role: 'tool' as const,
      tool_call_id: `toolu_${at + 1}`,
      content,
    }));
    await openAi(w).chat.completions.create({ ...asked, messages: [...HI, ...(turn ? [turn] : []), ...results] });
    expect(w.sent[1]?.body['messages']).toEqual([
      ...HI,
      { role: 'assistant', content: CALLS_AT_ANTHROPIC },
      { role: 'user', content: [result('toolu_1', 'A'), result('toolu_2', [text('B')]), result('toolu_3', [])] },
    ]);
  });
});

describe("Anthropic's SDK at OpenAI", () => {
  it('puts a turn whose calls come mixed together, and hands it back with the results', async () => {
    const w = await start(once(GPT), { chunks: inPieces(CHAT_TURN) }, { chunks: inPieces(CHAT_END) });
    const tools = NAMES.map((name) => ({ name, input_schema: SCHEMA }));
    const asked = { model: 'm', max_tokens: 100, messages: HI, tools };

    const { content, stop_reason, usage } = await anthropic(w).messages.stream(asked).finalMessage();

    expect({ content, stop_reason, usage }).toMatchObject({
      content: [
        text('Let me look 🎉é'),
        use('call_1', 'lookup', { q: 'a' }),
        use('call_2', 'lookup', { q: 'b' }),
        use('call_3', 'now', {}),
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 5 },
    });
    const results = [
      { type: 'tool_result' as const, tool_use_id: 'call_1', content: 'A' },
      { type: 'tool_result' as const, tool_use_id: 'call_2', is_error: true, content: [{ type: 'text' as const, text: 'no' }] },
      { type: 'tool_result' as const, tool_use_id: 'call_3' },
    ];
    const messages = [...HI, { role: 'assistant' as const, content }, { role: 'user' as const, content: results }];
    await anthropic(w)
      .messages.stream({ ...asked, messages })
      .finalMessage();
    const calls = ['{"q":"a"}', '{"q":"b"}', '{}'].map((given, at) => ({
      id: `call_${at + 1}`,
      type: 'function',
      function: { name: at === 2 ? 'now' : 'lookup', arguments: given },
    }));
    expect(w.sent[1]?.body['messages']).toEqual([
      ...HI,
      { role: 'assistant', content: 'Let me look 🎉é', tool_calls: calls },
      { role: 'tool', tool_call_id: 'call_1', content: 'A' },
      { role: 'tool', tool_call_id: 'call_2', content: 'Error: no' },
      { role: 'tool', tool_call_id: 'call_3', content: '' },
    ]);
  });
});

it("Anthropic's tool runner goes on without a thread at OpenAI", async () => {
  const call = { id: 'call_1', type: 'function', function: { name: 'lookup', arguments: '{"q":"a"}' } };
  const completion = (message: object) => ({
    json: { id: 'chatcmpl-1', model: 'up', choices: [{ index: 0, message, finish_reason: 'stop' }] },
  });
  const w = await start(
    once(GPT),
    completion({ role: 'assistant', tool_calls: [call] }),
    completion({ role: 'assistant', content: 'Done.' }),
  );
  const asked: unknown[] = [];
  const run = (input: unknown) => {
    asked.push(input);
    return 'found';
  };
  const lookup = { type: 'custom' as const, name: 'lookup', description: '', input_schema: SCHEMA, run, parse: (input: unknown) => input };

  const last = await anthropic(w).beta.messages.toolRunner({ model: 'm', max_tokens: 99, messages: HI, tools: [lookup] });

  expect(asked).toEqual([{ q: 'a' }]);
  expect(last.content).toMatchObject([text('Done.')]);
  expect(w.sent[1]?.body['messages']).toMatchObject([
    ...HI,
    { tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', content: 'found' },
  ]);
});

describe('the Vercel AI SDK', () => {
  const key = { apiKey: 'k', baseURL: 'https://any.test/v1' };
  const store = { providerOptions: { openai: { store: false } } };
  it.each<[string, object, string, string, (w: MadeUp) => LanguageModel, object]>([
    [
      'OpenAI’s chat completions at Anthropic',
      CLAUDE,
      ANTHROPIC_TURN,
      ANTHROPIC_END,
      ({ headgate }) => createOpenAI({ ...key, fetch: headgate.fetch() }).chat('m'),
      {},
    ],
    [
      'OpenAI’s responses at Anthropic',
      CLAUDE,
      ANTHROPIC_TURN,
      ANTHROPIC_END,
      ({ headgate }) => createOpenAI({ ...key, fetch: headgate.fetch() })('m'),
      store,
    ],
    [
      'OpenAI’s responses at a server of chat completions',
      TOGETHER,
      CHAT_TURN,
      CHAT_END,
      ({ headgate }) => createOpenAI({ ...key, fetch: headgate.fetch() })('m'),
      store,
    ],
    [
      'Anthropic’s messages at OpenAI',
      GPT,
      CHAT_TURN,
      CHAT_END,
      ({ headgate }) => createAnthropic({ ...key, fetch: headgate.fetch() })('m'),
      {},
    ],
  ])('runs tools step by step, by %s', async (_, deployment, turn, end, modelOf, more) => {
    const w = await start(once(deployment as typeof CLAUDE), { chunks: inPieces(turn) }, { chunks: inPieces(end) });
    const errors: unknown[] = [];
    const stream = streamText({
      model: modelOf(w),
      prompt: 'Hi',
      tools: TOOLS,
      stopWhen: stepCountIs(3),
      onError: ({ error }) => errors.push(error),
      ...more,
    });

    const steps = await stream.steps;

    expect(errors).toEqual([]);
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop']);
    expect(steps[0]?.toolCalls.map(({ toolName, input }) => [toolName, input])).toEqual([
      ['lookup', { q: 'a' }],
      ['lookup', { q: 'b' }],
      ['now', {}],
    ]);
    expect(await stream.text).toBe('Done.');
    expect(JSON.stringify(w.sent[1]?.body)).toMatch(/got a.*got b.*got nothing/);
  });

  it.each<[string, object, object, (w: MadeUp) => LanguageModel]>([
    [
      'OpenAI’s chat completions',
      CLAUDE,
      wholeMessage(text('{"a":1}')),
      ({ headgate }) => createOpenAI({ ...key, fetch: headgate.fetch() }).chat('m'),
    ],
    ['OpenAI’s responses', CLAUDE, wholeMessage(text('{"a":1}')), ({ headgate }) => createOpenAI({ ...key, fetch: headgate.fetch() })('m')],
  ])('has objects, images and documents by %s at Anthropic', async (_, deployment, answer, modelOf) => {
    const w = await start(once(deployment as typeof CLAUDE), { json: answer });
    const { output } = await generateText({
      model: modelOf(w),
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'See' },
            { type: 'file', data: new Uint8Array([137, 80, 78, 71]), mediaType: 'image/png' },
            { type: 'file', data: new Uint8Array([37, 80, 68, 70]), mediaType: 'application/pdf', filename: 'a.pdf' },
          ],
        },
      ],
      output: Output.object({ schema: z.object({ a: z.number() }) }),
    });

    expect(output).toEqual({ a: 1 });
    expect(w.sent[0]?.body).toMatchObject({
      messages: [
        {
          role: 'user',
          content: [
            text('See'),
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw==' } },
            { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' }, title: 'a.pdf' },
          ],
        },
      ],
      output_config: { format: { type: 'json_schema', schema: { required: ['a'] } } },
    });
  });
});

describe('LangChain.js at Anthropic', () => {
  const chat = ({ headgate }: MadeUp) =>
    new ChatOpenAI({ model: 'm', apiKey: 'k', maxRetries: 0, configuration: { fetch: headgate.fetch() } });

  it('calls tools, and hands what they gave back', async () => {
    const answer = {
      ...wholeMessage(text('Hm.'), use('toolu_1', 'lookup', { q: 'a' }), use('toolu_2', 'now', {})),
      stop_reason: 'tool_use',
    };
    const w = await start(once(CLAUDE), { json: answer }, { json: wholeMessage(text('Done.')) });
    const bound = chat(w).bindTools(FUNCTIONS);
    const turn = await bound.invoke('Hi');
    const results = ['toolu_1', 'toolu_2'].map((id) => new ToolMessage({ content: id, tool_call_id: id, name: 'x' }));

    const last = await bound.invoke([new SystemMessage('Be brief'), new HumanMessage('Hi'), turn, ...results]);

    expect(turn.usage_metadata).toMatchObject({ input_tokens: 12, output_tokens: 20, input_token_details: { cache_read: 5 } });
    expect(last.content).toBe('Done.');
    expect(w.sent[1]?.body).toMatchObject({
      system: [text('Be brief')],
      messages: [
        ...HI,
        { role: 'assistant', content: answer.content },
        { role: 'user', content: [result('toolu_1', 'toolu_1'), result('toolu_2', 'toolu_2')] },
      ],
    });
  });

  it('streams, and has an answer that fits a schema', async () => {
    const w = await start(once(CLAUDE), { chunks: inPieces(ANTHROPIC_TURN) }, { json: wholeMessage(text('{"a":1}')) });
    const said: unknown[] = [];
    for await (const chunk of await chat(w).stream('Hi')) said.push(chunk.content);

    expect(said.join('')).toBe('Let me look 🎉é there');
    expect(
      await chat(w)
        .withStructuredOutput(z.object({ a: z.number() }))
        .invoke('Hi'),
    ).toEqual({ a: 1 });
  });
});
