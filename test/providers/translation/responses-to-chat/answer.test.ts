import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/domain/chat.ts';
import { openAiResponsesToChat } from '../../../../src/providers/translation/responses-to-chat/openai-responses-to-chat.ts';
import { holds } from '../../../lib/property.ts';
import { AT, translatedFetch } from './responses-over-chat.ts';

const ASKED = {
  model: 'asked',
  input: 'hi',
  instructions: 'be kind',
  max_output_tokens: 9,
  metadata: { a: 'b' },
  tools: [{ type: 'function' as const, name: 'weather', parameters: {}, strict: false }],
  text: { verbosity: 'low' as const },
};
const USAGE = {
  prompt_tokens: 7,
  completion_tokens: 5,
  total_tokens: 12,
  prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 2 },
  completion_tokens_details: { reasoning_tokens: 4 },
};
const HEAD = { id: 'c1', created: 1_700_000_000, model: 'answered' };
const call = (id: string, json = '{"in":"Rome"}') => ({ id, type: 'function', function: { name: 'weather', arguments: json } });

function answered(message: JsonObject, finish = 'stop', more: JsonObject = {}): JsonObject {
  const json = { ...HEAD, choices: [{ index: 0, message, finish_reason: finish }], usage: USAGE, ...more };
  return openAiResponsesToChat.translate(ASKED, AT).answer(json);
}

const textPart = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const message = (content: JsonObject[], status = 'completed') => ({ type: 'message', id: 'msg_c1_0', status, role: 'assistant', content });
const callItem = (index: number, call_id: string, status = 'completed') => ({
  type: 'function_call',
  id: `fc_c1_${index}`,
  call_id,
  name: 'weather',
  arguments: '{"in":"Rome"}',
  status,
});

describe('an answer that came whole', () => {
  it('is a response that repeats what was asked', () => {
    expect(answered({ role: 'assistant', content: 'hello' }, 'stop', { service_tier: 'flex' })).toEqual({
      id: 'resp_c1',
      object: 'response',
      created_at: 1_700_000_000,
      status: 'completed',
      background: false,
      error: null,
      incomplete_details: null,
      instructions: 'be kind',
      max_output_tokens: 9,
      model: 'answered',
      output: [message([textPart('hello')])],
      parallel_tool_calls: true,
      previous_response_id: null,
      reasoning: { effort: null, summary: null },
      service_tier: 'flex',
      store: false,
      temperature: null,
      text: { format: { type: 'text' }, verbosity: 'low' },
      tool_choice: 'auto',
      tools: ASKED.tools,
      top_p: null,
      truncation: 'disabled',
      usage: {
        input_tokens: 7,
        input_tokens_details: { cached_tokens: 3, cache_write_tokens: 2 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 4 },
        total_tokens: 12,
      },
      user: null,
      metadata: { a: 'b' },
    });
  });

  const refusal = { type: 'refusal', refusal: 'no' };
  it.each<[string, JsonObject, string, JsonObject]>([
    [
      'several calls',
      { content: null, tool_calls: [call('a'), call('b')] },
      'tool_calls',
      { output: [callItem(0, 'a'), callItem(1, 'b')] },
    ],
    [
      'words and a call',
      { content: 'so', tool_calls: [call('a')] },
      'tool_calls',
      { output: [message([textPart('so')]), callItem(1, 'a')] },
    ],
    ['a call without an id', { tool_calls: [call('')] }, 'tool_calls', { output: [callItem(0, 'call_c1_0')] }],
    ['a refusal', { content: null, refusal: 'no' }, 'stop', { status: 'completed', output: [message([refusal])] }],
    [
      'parts',
      {
        content: [
          { type: 'text', text: 'so ' },
          { type: 'text', text: 'be it' },
        ],
      },
      'stop',
      { output: [message([textPart('so be it')])] },
    ],
    ['nothing', { content: null }, 'stop', { output: [message([textPart('')])] }],
    [
      'a text that was cut',
      { content: 'so' },
      'length',
      { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output: [message([textPart('so')], 'incomplete')] },
    ],
    [
      'a call that was cut, behind a text that was not',
      { content: 'so', tool_calls: [call('a')] },
      'length',
      { status: 'incomplete', output: [message([textPart('so')]), callItem(1, 'a', 'incomplete')] },
    ],
    [
      'calls without arguments, which clients parse',
      { content: null, tool_calls: [call('a', ''), call('b', '')] },
      'tool_calls',
      {
        output: [
          { call_id: 'a', arguments: '{}' },
          { call_id: 'b', arguments: '{}' },
        ],
      },
    ],
    [
      'a call that was cut before its arguments',
      { content: null, tool_calls: [call('a', '')] },
      'length',
      { output: [{ call_id: 'a', arguments: '', status: 'incomplete' }] },
    ],
    [
      'what a filter stopped',
      { content: 'so' },
      'content_filter',
      { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
    ],
  ])('%s', (_, said, finish, expected) => {
    expect(answered(said, finish)).toMatchObject(expected);
  });

  it('names a call that the server gave no id no longer than chat completions take it', () => {
    const [made] = answered({ tool_calls: [call('')] }, 'tool_calls', { id: 'chatcmpl-0123456789abcdef0123456789abcdef' })[
      'output'
    ] as JsonObject[];
    expect(made?.['call_id']).toMatch(/^call_.{1,35}$/);
  });

  it('refuses speech and calls of other tools than functions', () => {
    for (const said of [{ audio: { id: 'a' } }, { tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'x' } }] }])
      expect(() => answered(said)).toThrow(expect.objectContaining({ name: 'Untranslatable', path: '' }));
  });

  it('has a time, a model and an id of its own where the server gives none', () => {
    const none = { id: undefined, created: undefined, model: undefined, usage: undefined };
    const [first, second] = [1, 2].map(() => answered({ content: 'so' }, 'stop', none));
    expect(first).toMatchObject({ id: expect.stringMatching(/^resp_.{8}/), created_at: AT / 1000, model: 'asked', usage: null });
    expect(first?.['id']).not.toBe(second?.['id']);
  });

  it.each([[null], ['text'], [{}], [{ choices: [] }]])('refuses what is no chat completion: %j', (json) => {
    const refused = expect.objectContaining({ name: 'ProviderFailure', code: 'invalid_response' });
    expect(() => openAiResponsesToChat.translate(ASKED).answer(json)).toThrow(refused);
  });
});

type Piece = { content: string } | { refusal: string } | { tool_calls: JsonObject[] };

function chunk(delta: JsonObject, finish: string | null = null): { data: string } {
  return { data: JSON.stringify({ ...HEAD, choices: [{ index: 0, delta, finish_reason: finish }], usage: null }) };
}

const DONE = { data: '[DONE]' };
const USAGE_CHUNK = { data: JSON.stringify({ ...HEAD, choices: [], usage: USAGE }) };

function streamed(pieces: readonly JsonObject[], finish: string | null = 'stop') {
  return [chunk({ role: 'assistant', content: '' }), ...pieces.map((piece) => chunk(piece)), chunk({}, finish), USAGE_CHUNK, DONE];
}

function read(events: readonly { event?: string; data: string }[]) {
  const stream = openAiResponsesToChat.translate(ASKED, AT).stream();
  return events.flatMap((event) => stream.read(event)).map(({ event, data }) => ({ event, ...JSON.parse(data) }));
}

const types = (events: readonly { event?: string; data: string }[]) => read(events).map(({ type }) => type.replace('response.', ''));
const piece = (index: number, json: string, id?: string) => ({
  tool_calls: [
    {
      index,
      ...(id !== undefined && { id, type: 'function' }),
      function: { ...(id !== undefined && { name: 'weather' }), arguments: json },
    },
  ],
});

const MESSAGE = ['output_text.done', 'content_part.done', 'output_item.done'];
const OPENED = ['created', 'in_progress'];
const CALL = ['output_item.added', 'function_call_arguments.delta', 'function_call_arguments.delta'];
const CALLED = ['function_call_arguments.done', 'output_item.done'];

describe('a stream', () => {
  it.each<[string, JsonObject[], string[]]>([
    [
      'text',
      [{ content: 'so ' }, { content: 'be it' }],
      ['output_item.added', 'content_part.added', 'output_text.delta', 'output_text.delta', ...MESSAGE],
    ],
    [
      'a refusal',
      [{ refusal: 'no' }],
      ['output_item.added', 'content_part.added', 'refusal.delta', 'refusal.done', 'content_part.done', 'output_item.done'],
    ],
    [
      'text, then calls, each ended before the next',
      [{ content: 'so' }, piece(0, '{"a":', 'a'), piece(0, '1}'), piece(1, '{"b":', 'b'), piece(1, '2}')],
      ['output_item.added', 'content_part.added', 'output_text.delta', ...MESSAGE, ...CALL, ...CALLED, ...CALL, ...CALLED],
    ],
    [
      'calls in turns, ended together',
      [piece(0, '{"a":', 'a'), piece(1, '{"b":', 'b'), piece(0, '1}'), piece(1, '2}')],
      [
        ...['output_item.added', 'function_call_arguments.delta', 'output_item.added'],
        ...['function_call_arguments.delta', 'function_call_arguments.delta', 'function_call_arguments.delta'],
        ...CALLED,
        ...CALLED,
      ],
    ],
    [
      'calls that all have the same index',
      [piece(0, '{}', 'a'), piece(0, '{}', 'b')],
      ['output_item.added', 'function_call_arguments.delta', ...CALLED, 'output_item.added', 'function_call_arguments.delta', ...CALLED],
    ],
    ['nothing', [], ['output_item.added', 'content_part.added', ...MESSAGE]],
  ])('%s', (_, pieces, expected) => {
    expect(types(streamed(pieces))).toEqual([...OPENED, ...expected, 'completed']);
  });

  it('names each event, counts them, and says which item and part they belong to', () => {
    const events = read(streamed([{ content: 'so' }, piece(0, '{}', 'a')]));
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    expect(events.every(({ event, type }) => event === type)).toBe(true);
    const text = { item_id: 'msg_c1_0', output_index: 0, content_index: 0 };
    expect(events.find(({ type }) => type === 'response.output_text.delta')).toMatchObject({ ...text, delta: 'so', logprobs: [] });
    expect(events.find(({ type }) => type === 'response.output_text.done')).toMatchObject({ ...text, text: 'so', logprobs: [] });
    const arguments_ = { item_id: 'fc_c1_1', output_index: 1 };
    expect(events.find(({ type }) => type === 'response.function_call_arguments.delta')).toMatchObject({ ...arguments_, delta: '{}' });
    expect(events.find(({ type }) => type === 'response.function_call_arguments.done')).toMatchObject({ ...arguments_, arguments: '{}' });
    expect(events[0]?.response).toMatchObject({ id: 'resp_c1', status: 'in_progress', output: [], usage: null, instructions: 'be kind' });
  });

  it('that was cut ends incomplete, its last item too', () => {
    const last = read(streamed([piece(0, '{"a":1}', 'a'), piece(1, '{"b":', 'b')], 'length')).at(-1);
    expect(last).toMatchObject({
      type: 'response.incomplete',
      response: {
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: [{ status: 'completed' }, { status: 'incomplete', arguments: '{"b":' }],
      },
    });
  });

  it('lets an ended call be', () => {
    const pieces = [piece(0, '{}', 'a'), piece(1, '{}', 'b')];
    expect(types(streamed([...pieces, piece(0, ' ')]))).toEqual(types(streamed(pieces)));
  });

  it('tells calls apart that come whole under one index and without ids', () => {
    const named = (json: string) => ({
      tool_calls: [{ index: 0, id: '', type: 'function', function: { name: 'weather', arguments: json } }],
    });
    const whole = read(streamed([named('{"a":1}'), named('{"b":2}')], 'tool_calls')).at(-1)?.response.output;
    expect(whole).toMatchObject([{ arguments: '{"a":1}' }, { arguments: '{"b":2}' }]);
    const inParts = read(streamed([named('{"a"'), named(':1}'), named(' ')], 'tool_calls')).at(-1)?.response.output;
    expect(inParts).toMatchObject([{ arguments: '{"a":1} ' }]);
  });

  it('gives a call without arguments empty ones, in its deltas too', () => {
    const events = read(streamed([piece(0, '', 'a'), piece(1, '{}', 'b')], 'tool_calls'));
    const grown = events
      .filter(({ type }) => type === 'response.function_call_arguments.delta')
      .map(({ output_index: at, delta }) => [at, delta]);
    expect(grown.toSorted()).toEqual([
      [0, '{}'],
      [1, '{}'],
    ]);
    expect(events.at(-1)?.response.output.map(({ arguments: json }: { arguments: string }) => json)).toEqual(['{}', '{}']);
  });

  it('keeps the usage that came last, whatever comes behind it', () => {
    const events = [chunk({ content: 'so' }, 'stop'), USAGE_CHUNK, chunk({}), DONE];
    expect(read(events).at(-1)?.response.usage).toMatchObject({ input_tokens: 7, output_tokens: 5 });
  });

  it('keeps the text of parts', () => {
    const thought = { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] };
    const last = read(streamed([{ content: [thought, { type: 'text', text: 'so' }] }])).at(-1);
    expect(last?.response.output[0].content).toEqual([textPart('so')]);
  });

  it("skips what it doesn't know, and what comes after the end", () => {
    const odd = [{ data: 'nonsense' }, { data: '{}' }, { event: 'ping', data: '{"choices":[]}' }];
    const filter = { data: '{"choices":[],"id":"","prompt_filter_results":[]}' };
    const events = [filter, ...odd, ...streamed([{ content: 'so' }]), chunk({ content: 'more' }), DONE];
    expect(read(events)).toEqual(read(streamed([{ content: 'so' }])));
  });

  it.each<[string, { event?: string; data: string }, JsonObject]>([
    [
      'an error',
      { data: '{"error":{"message":"Slow down.","code":"rate_limit_exceeded"}}' },
      { code: 'rate_limit_exceeded', message: 'Slow down.' },
    ],
    [
      'an error by its type',
      { event: 'error', data: '{"error":{"message":"No.","type":"overloaded"}}' },
      { code: 'overloaded', message: 'No.' },
    ],
    ['an error in a word', { data: '{"error":"broken"}' }, { code: 'server_error', message: 'broken' }],
    ['a choice that failed', chunk({}, 'error'), { code: 'server_error', message: expect.any(String) }],
  ])('%s ends it', (_, failure, error) => {
    const events = read([...streamed([{ content: 'so' }]).slice(0, 2), failure, DONE]);
    expect(events.slice(-2)).toMatchObject([
      { type: 'error', ...error },
      { type: 'response.failed', response: { status: 'failed', error } },
    ]);
    const early = read([failure]).map(({ type }) => type);
    expect(early).toEqual(['response.created', 'response.in_progress', 'error', 'response.failed']);
  });
});

const word = fc.string({ minLength: 1, maxLength: 8 });
const object = fc.dictionary(word, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }).map((value) => JSON.stringify(value));
const turn = fc.record({
  texts: fc.array(word, { maxLength: 4 }),
  refusals: fc.array(word, { maxLength: 2 }),
  calls: fc.uniqueArray(fc.record({ id: fc.uuid(), json: object, cut: fc.nat(20) }), { maxLength: 3, selector: ({ id }) => id }),
  inTurns: fc.boolean(),
  finish: fc.constantFrom('stop', 'tool_calls', 'length', 'content_filter'),
});
type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;

function wholeOf({ texts, refusals, calls, finish }: Turn): JsonObject {
  const said = {
    content: texts.join('') || null,
    refusal: refusals.join('') || null,
    tool_calls: calls.map(({ id, json }) => call(id, json)),
  };
  return { ...HEAD, choices: [{ index: 0, message: said, finish_reason: finish }], usage: USAGE };
}

function eventsOf({ texts, refusals, calls, inTurns, finish }: Turn) {
  const words: Piece[] = [...texts.map((content) => ({ content })), ...refusals.map((refusal) => ({ refusal }))];
  const first = calls.map(({ id, json, cut }, index) => piece(index, json.slice(0, cut), id));
  const rest = calls.map(({ json, cut }, index) => piece(index, json.slice(cut)));
  const pieces = inTurns ? [...first, ...rest] : first.flatMap((one, index) => [one, rest[index] ?? one]);
  return streamed([...words, ...pieces], finish);
}

describe('any answer', () => {
  it('is the same streamed and whole', () =>
    holds(
      fc.property(turn, (said) => {
        const whole = openAiResponsesToChat.translate(ASKED, AT).answer(wholeOf(said));
        const events = read(eventsOf(said));
        expect(events.at(-1)?.response).toEqual(whole);
        const done = events.filter(({ type }) => type === 'response.output_item.done');
        expect(done.map(({ output_index: index }) => index)).toEqual(done.map((_, index) => index));
        expect(done.map(({ item }) => item)).toEqual(whole['output']);
      }),
      400,
    ));

  it("streams to the same response in the SDK's helper as whole", () =>
    holds(
      fc.asyncProperty(turn, async (said) => {
        const fetch = translatedFetch(openAiResponsesToChat, async (body) =>
          body['stream'] === true ? { events: eventsOf(said) } : { json: wholeOf(said) },
        );
        const client = new OpenAI({ apiKey: 'k', fetch, maxRetries: 0 });
        const whole = await client.responses.create(ASKED);
        const stream = client.responses.stream(ASKED);
        let text = '';
        stream.on('response.output_text.delta', ({ delta }) => {
          text += delta;
        });
        const { output, output_text, status, usage } = await stream.finalResponse();
        expect({ output, output_text, status, usage }).toMatchObject({
          output: whole.output,
          output_text: whole.output_text,
          status: whole.status,
          usage: whole.usage,
        });
        expect(text).toBe(whole.output_text);
      }),
      60,
    ));
});
