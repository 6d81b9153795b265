import { describe, expect, it } from 'vitest';
import { ProviderFailure } from '../../../../src/providers/provider-failure.ts';
import { openAiChatToAnthropic } from '../../../../src/providers/translation/chat-to-messages/openai-chat-to-anthropic.ts';
import { Untranslatable } from '../../../../src/providers/translation/translation.ts';

const HI = { role: 'user', content: 'Hi' };
const AT = 1_763_769_600_500;
const USAGE = { input_tokens: 3, cache_creation_input_tokens: 4, cache_read_input_tokens: 5, output_tokens: 7 };
const JSON_MODE = { response_format: { type: 'json_object' } };
const text = (words: string) => ({ type: 'text', text: words });
const use = (id: string, name: string, input: object) => ({ type: 'tool_use', id, name, input });
const message = (content: readonly object[], stopReason: string, more: object = {}) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content,
  stop_reason: stopReason,
  stop_sequence: null,
  usage: USAGE,
  ...more,
});

const call = (more: object = {}) => openAiChatToAnthropic.translate({ messages: [HI], ...more }, AT);

describe("Anthropic's message as a chat completion", () => {
  const said = (content: readonly object[], stopReason: string, more: object = {}, asked: object = {}) =>
    JSON.parse(JSON.stringify(call(asked).answer(message(content, stopReason, more))));
  const choice = (...given: Parameters<typeof said>) => said(...given).choices[0];

  it('has the id, the model, the time and the usage as OpenAI counts it', () => {
    const usage = { ...USAGE, output_tokens_details: { thinking_tokens: 2 }, service_tier: 'standard' };
    expect(said([text('Hel'), { type: 'thinking', thinking: 'Hm', signature: 's' }, text('lo')], 'end_turn', { usage })).toEqual({
      id: 'msg_1',
      object: 'chat.completion',
      created: 1_763_769_600,
      model: 'claude-x',
      service_tier: 'default',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello', refusal: null }, logprobs: null, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 12,
        completion_tokens: 7,
        total_tokens: 19,
        prompt_tokens_details: { cached_tokens: 5, cache_write_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content_filter'],
    ['tool_use', 'tool_calls'],
    ['a_reason_of_tomorrow', 'stop'],
  ])('ends with %s as %s', (theirs, ours) => {
    expect(choice([text('A')], theirs).finish_reason).toBe(ours);
  });

  it('has tool calls in their order, without content where nothing was said', () => {
    const calls = [use('t1', 'a', {}), use('t2', 'b', { q: [1] })];
    const expected = [
      { id: 't1', type: 'function', function: { name: 'a', arguments: '{}' } },
      { id: 't2', type: 'function', function: { name: 'b', arguments: '{"q":[1]}' } },
    ];
    expect(choice(calls, 'tool_use').message).toEqual({ role: 'assistant', content: null, refusal: null, tool_calls: expected });
    expect(choice([text('A'), ...calls], 'tool_use').message).toMatchObject({ content: 'A', tool_calls: expected });
  });

  it('tells why a model was stopped', () => {
    const stopped = { stop_details: { type: 'refusal', category: null, explanation: 'Not this.' } };
    expect(choice([], 'refusal', stopped)).toMatchObject({
      message: { content: null, refusal: 'Not this.' },
      finish_reason: 'content_filter',
    });
    expect(choice([], 'end_turn').message.content).toBe('');
  });

  it('has the input of the tool that takes the answer as its content', () => {
    const given = choice([use('t1', 'json_answer', { a: 1 })], 'tool_use', {}, JSON_MODE);
    expect(given).toMatchObject({ message: { content: '{"a":1}' }, finish_reason: 'stop' });
    expect(given.message.tool_calls).toBeUndefined();
  });

  it('refuses content that it has no place for, and what is no message', () => {
    expect(() => said([{ type: 'hologram' }], 'end_turn')).toThrow(Untranslatable);
    for (const json of [undefined, 'x', {}, { content: 'x' }]) expect(() => call().answer(json)).toThrow(ProviderFailure);
  });
});

describe("Anthropic's stream as chunks of a chat completion", () => {
  const event = (type: string, more: object = {}) => ({ event: type, data: JSON.stringify({ type, ...more }) });
  const start = event('message_start', { message: message([], 'x', { stop_reason: null, usage: { ...USAGE, output_tokens: 1 } }) });
  const begin = (index: number, block: object) => event('content_block_start', { index, content_block: block });
  const delta = (index: number, kind: string, field: string, words: string) =>
    event('content_block_delta', { index, delta: { type: kind, [field]: words } });
  const words = (index: number, said: string) => delta(index, 'text_delta', 'text', said);
  const json = (index: number, said: string) => delta(index, 'input_json_delta', 'partial_json', said);
  const stop = (index: number) => event('content_block_stop', { index });
  const end = (reason: string, more: object = {}) => [
    event('message_delta', {
      delta: { stop_reason: reason, stop_sequence: null, ...more },
      usage: { input_tokens: null, output_tokens: 7 },
    }),
    event('message_stop'),
  ];
  const read = (events: readonly { event?: string; data: string }[], asked: object = {}) => {
    const translator = call({ stream: true, ...asked }).stream();
    return events.flatMap((each) => translator.read(each));
  };
  const chunks = (...given: Parameters<typeof read>) => read(...given).map(({ data }) => (data === '[DONE]' ? data : JSON.parse(data)));
  const deltas = (...given: Parameters<typeof read>) =>
    chunks(...given).map((chunk) => (chunk === '[DONE]' ? chunk : [chunk.choices[0]?.delta, chunk.choices[0]?.finish_reason]));
  const ROLE = [{ role: 'assistant', content: '', refusal: null }, null];

  it('begins with the role, ends with reason and [DONE]; pings, thinking and what is unknown are silent', () => {
    const events = [
      start,
      event('ping'),
      begin(0, { type: 'thinking', thinking: '' }),
      delta(0, 'thinking_delta', 'thinking', 'Hm'),
      delta(0, 'signature_delta', 'signature', 's'),
      stop(0),
      begin(1, text('')),
      words(1, 'Hel'),
      event('event_of_tomorrow', { a: 1 }),
      words(1, 'lo'),
      stop(1),
      ...end('end_turn'),
    ];
    expect(deltas(events)).toEqual([ROLE, [{ content: 'Hel' }, null], [{ content: 'lo' }, null], [{}, 'stop'], '[DONE]']);
    const [first] = chunks(events);
    expect(first).toEqual({
      id: 'msg_1',
      object: 'chat.completion.chunk',
      created: 1_763_769_600,
      model: 'claude-x',
      choices: [{ index: 0, delta: ROLE[0], logprobs: null, finish_reason: null }],
    });
  });

  it('counts the usage in a chunk of its own, only if asked', () => {
    const events = [start, begin(0, text('')), words(0, 'A'), stop(0), ...end('end_turn')];
    expect(chunks(events).some((chunk) => chunk !== '[DONE]' && 'usage' in chunk)).toBe(false);
    const asked = chunks(events, { stream_options: { include_usage: true } });
    expect(asked.slice(0, -2).every((chunk) => chunk.usage === null)).toBe(true);
    expect(asked.at(-2)).toMatchObject({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 } });
    expect(asked.at(-1)).toBe('[DONE]');
  });

  it('counts tool calls from 0 whatever the blocks, names each first, and gives one without arguments empty ones', () => {
    const events = [
      start,
      begin(0, text('')),
      words(0, 'A'),
      stop(0),
      begin(1, use('t1', 'a', {})),
      json(1, ''),
      json(1, '{"q":'),
      json(1, '1}'),
      stop(1),
      begin(2, use('t2', 'b', {})),
      json(2, ''),
      stop(2),
      begin(3, use('t3', 'c', { whole: true })),
      stop(3),
      ...end('tool_use'),
    ];
    const named = (index: number, id: string, name: string) => [
      { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] },
      null,
    ];
    const more = (index: number, said: string) => [{ tool_calls: [{ index, function: { arguments: said } }] }, null];
    expect(deltas(events)).toEqual([
      ROLE,
      [{ content: 'A' }, null],
      named(0, 't1', 'a'),
      more(0, '{"q":'),
      more(0, '1}'),
      named(1, 't2', 'b'),
      more(1, '{}'),
      named(2, 't3', 'c'),
      more(2, '{"whole":true}'),
      [{}, 'tool_calls'],
      '[DONE]',
    ]);
  });

  it('says the input of the tool that takes the answer as content', () => {
    const events = [start, begin(0, use('t1', 'json_answer', {})), json(0, '{"a"'), json(0, ':1}'), stop(0), ...end('tool_use')];
    expect(deltas(events, JSON_MODE)).toEqual([ROLE, [{ content: '{"a"' }, null], [{ content: ':1}' }, null], [{}, 'stop'], '[DONE]']);
  });

  it('tells why a model was stopped, and of an error', () => {
    const stopped = { stop_details: { type: 'refusal', category: null, explanation: 'Not this.' } };
    expect(deltas([start, ...end('refusal', stopped)])).toEqual([ROLE, [{ refusal: 'Not this.' }, null], [{}, 'content_filter'], '[DONE]']);
    const error = { type: 'overloaded_error', message: 'Overloaded' };
    expect(chunks([event('error', { error })])).toEqual([
      { error: { message: 'Overloaded', type: 'overloaded_error', param: null, code: 'overloaded_error' } },
    ]);
    expect(chunks([event('error')])).toMatchObject([{ error: { type: 'api_error', message: expect.any(String) } }]);
  });

  it('refuses a block of a kind that it has no place for', () => {
    expect(() => read([start, begin(0, { type: 'hologram' })])).toThrow(Untranslatable);
  });
});
