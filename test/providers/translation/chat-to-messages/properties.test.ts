import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatRequest, JsonObject } from '../../../../src/domain/chat.ts';
import { anthropicMessagesCodec } from '../../../../src/providers/codecs/anthropic-messages.ts';
import { openAiChatCodec } from '../../../../src/providers/codecs/openai-chat.ts';
import { openAiChatToAnthropic } from '../../../../src/providers/translation/chat-to-messages/openai-chat-to-anthropic.ts';
import { Untranslatable } from '../../../../src/providers/translation/translation.ts';
import { holds } from '../../../lib/property.ts';
import { ANTHROPIC, post, setUp } from '../../../simulator/in-process.ts';

const RUNS = 300;
const REQUEST: ChatRequest = { messages: [], stream: false };

const words = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text.trim() !== '' && !text.includes('[[simulate'));
const name = fc.stringMatching(/^[a-z_]{1,12}$/);
const input = fc
  .dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
const maybe = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined });

const textPart = words.map((text) => ({ type: 'text', text }));
const imagePart = fc
  .constantFrom('https://a.test/b.png', 'data:image/png;base64,AAAA')
  .map((url) => ({ type: 'image_url', image_url: { url } }));
const call = fc.record({ id: fc.stringMatching(/^call_[a-z0-9]{8}$/), name, input });
type Call = { id: string; name: string; input: JsonObject };

const user = fc.oneof(words, fc.array(fc.oneof(textPart, imagePart), { minLength: 1 })).map((content) => [{ role: 'user', content }]);
const assistant = words.map((content) => [{ role: 'assistant', content }]);
const system = fc.tuple(fc.constantFrom('system', 'developer'), fc.oneof(words, fc.array(textPart, { minLength: 1 })));
const toolTurn = fc.tuple(fc.option(words), fc.array(fc.tuple(call, words), { minLength: 1, maxLength: 3 })).map(([content, calls]) => [
  {
    role: 'assistant',
    content,
    tool_calls: calls.map(([{ id, name: called, input: given }]) => ({
      id,
      type: 'function',
      function: { name: called, arguments: JSON.stringify(given) },
    })),
  },
  ...calls.map(([{ id }, result]) => ({ role: 'tool', tool_call_id: id, content: result })),
]);
const turn = fc.oneof(
  user,
  assistant,
  toolTurn,
  system.map(([role, content]) => [{ role, content }]),
);
const conversation = fc.tuple(fc.array(turn, { maxLength: 5 }), user).map(([turns, last]) => [...turns, last].flat());
const tool = fc.record({ name, description: maybe(words), parameters: fc.constant({ type: 'object', properties: {} }) });

/** Who has to choose a tool is offered one. */
const choice = fc.tuple(fc.array(tool, { maxLength: 3 }), maybe(fc.constantFrom('auto', 'none', 'required'))).map(([tools, chosen]) => ({
  tools: tools.map((each) => ({ type: 'function', function: each })),
  tool_choice: tools.length === 0 && chosen === 'required' ? undefined : chosen,
}));

const fields = fc.record({
  model: fc.constant('claude'),
  messages: conversation,
  max_completion_tokens: maybe(fc.integer({ min: 1, max: 50 })),
  temperature: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
  top_p: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
  stop: maybe(fc.oneof(words, fc.array(words, { maxLength: 4 }))),
  user: maybe(words),
  parallel_tool_calls: maybe(fc.boolean()),
  n: maybe(fc.constant(1)),
});
const request = fc.tuple(fields, choice).map(([given, chosen]) => ({ ...given, ...chosen }));

type Block = Record<string, unknown>;

/** What is said, in an order that both formats have: a line for each text, image, call and result. */
function linesOfChat(messages: readonly object[]): readonly unknown[] {
  const lines = (message: Block): readonly unknown[] => {
    const role = message['role'] === 'developer' ? 'system' : message['role'];
    const parts = typeof message['content'] === 'string' ? [{ type: 'text', text: message['content'] }] : (message['content'] ?? []);
    if (role === 'tool') return [['tool', message['tool_call_id'], message['content']]];
    const said = (parts as Block[]).map((part) => [role, part['text'] ?? (part['image_url'] as Block)['url']]);
    const calls = ((message['tool_calls'] ?? []) as { id: string; function: { name: string; arguments: string } }[]).map((each) => [
      'call',
      each.id,
      each.function.name,
      JSON.parse(each.function.arguments),
    ]);
    return [...said, ...calls];
  };
  return (messages as Block[]).flatMap(lines);
}

function linesOfAnthropic({ system: front = [], messages }: JsonObject): readonly unknown[] {
  const line = (role: unknown, block: Block): unknown => {
    if (block['type'] === 'tool_use') return ['call', block['id'], block['name'], block['input']];
    if (block['type'] === 'tool_result') return ['tool', block['tool_use_id'], block['content']];
    const source = block['source'] as Block | undefined;
    return [role, block['text'] ?? source?.['url'] ?? `data:${source?.['media_type']};base64,${source?.['data']}`];
  };
  const blocks = (content: unknown) => (typeof content === 'string' ? [{ type: 'text', text: content }] : content) as Block[];
  const said = (messages as Block[]).flatMap((message) => blocks(message['content']).map((block) => line(message['role'], block)));
  return [...(front as Block[]).map((block) => line('system', block)), ...said];
}

describe('any chat completion of the supported fields', () => {
  it("is one that Anthropic's simulator takes, and says the same messages, tools and calls", async () => {
    const { provider } = setUp({ dialect: 'anthropic' });
    await holds(
      fc.asyncProperty(request, async (given) => {
        const asked = JSON.parse(JSON.stringify(given)) as typeof given;
        const { body } = openAiChatToAnthropic.translate(asked);
        const lines = linesOfChat(asked.messages);
        const isCall = (line: unknown) => (line as unknown[])[0] === 'call';
        const isSystem = (line: unknown) => (line as unknown[])[0] === 'system';
        expect(linesOfAnthropic(body)).toEqual([...lines.filter(isSystem), ...lines.filter((line) => !isSystem(line))]);
        const tools = (body['tools'] ?? []) as { name: string; description?: string; input_schema: object }[];
        const described = tools.map(({ input_schema: parameters, ...rest }) => ({ ...rest, parameters }));
        if (asked.tools.length > 0) expect(described).toEqual(asked.tools.map((each) => each.function));
        else expect(new Set(tools.map((each) => each.name))).toEqual(new Set(lines.filter(isCall).map((line) => (line as unknown[])[2])));
        expect((await post(provider, '/v1/messages', body, ANTHROPIC)).status).toBe(200);
      }),
      RUNS,
    );
  });

  it('is translated or refused, whatever it is', async () => {
    const junk = fc.oneof(
      fc.constantFrom(null, '', 'function', 'json_object', 'text', 'https://a.test', 1, true, []),
      fc.dictionary(name, words),
    );
    const objectOf = (...fields: string[]) => fc.dictionary(fc.constantFrom(...fields), junk, { maxKeys: 3 });
    const part = objectOf('type', 'text', 'image_url', 'file', 'refusal');
    const calls = fc.array(objectOf('id', 'type', 'function'), { maxLength: 2 });
    const message = fc.record(
      {
        role: fc.constantFrom('user', 'assistant', 'tool', 'system', 'robot'),
        content: fc.oneof(words, junk, fc.array(part, { maxLength: 2 })),
        tool_calls: fc.oneof(junk, calls),
        tool_call_id: junk,
      },
      { requiredKeys: ['role', 'content'] },
    );
    const body = fc.record(
      {
        messages: fc.oneof(conversation, junk, fc.array(message, { minLength: 1, maxLength: 3 })),
        tools: fc.oneof(junk, fc.array(objectOf('type', 'function'), { maxLength: 2 })),
        tool_choice: fc.oneof(junk, objectOf('type', 'function'), fc.constantFrom('auto', 'none')),
        stop: junk,
        response_format: fc.oneof(junk, objectOf('type', 'json_schema')),
        temperature: junk,
        reasoning_effort: junk,
        stream_options: fc.oneof(junk, fc.dictionary(fc.constant('include_usage'), fc.boolean())),
      },
      { requiredKeys: ['messages'] },
    );
    let translated = 0;
    await holds(
      fc.property(body, (given) => {
        try {
          openAiChatToAnthropic.translate(given);
          translated += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(Untranslatable);
        }
      }),
    );
    expect(translated).toBeGreaterThan(0);
  });
});

interface Said {
  readonly blocks: readonly (string | Call)[];
  readonly reason: string;
  readonly usage: { readonly input: number; readonly cached: number; readonly written: number; readonly output: number };
}

const said: fc.Arbitrary<Said> = fc.record({
  blocks: fc.array(fc.oneof(words, call), { maxLength: 5 }),
  reason: fc.constantFrom('end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'refusal'),
  usage: fc.record({ input: fc.nat(1000), cached: fc.nat(1000), written: fc.nat(1000), output: fc.nat(1000) }),
});

const blockOf = (block: string | Call) => (typeof block === 'string' ? { type: 'text', text: block } : { type: 'tool_use', ...block });

function messageOf({ blocks, reason, usage: { input: fresh, cached, written, output } }: Said) {
  const usage = { input_tokens: fresh, cache_read_input_tokens: cached, cache_creation_input_tokens: written, output_tokens: output };
  return { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: blocks.map(blockOf), stop_reason: reason, usage };
}

/** The same message as a stream, its texts and inputs cut in pieces of three characters. */
function eventsOf(answer: Said) {
  const event = (type: string, more: object) => ({ event: type, data: JSON.stringify({ type, ...more }) });
  const pieces = (text: string) => text.match(/.{1,3}/gsu) ?? [];
  const whole = messageOf(answer);
  const events = [event('message_start', { message: { ...whole, content: [], stop_reason: null } })];
  for (const [index, block] of answer.blocks.entries()) {
    const isText = typeof block === 'string';
    events.push(event('content_block_start', { index, content_block: blockOf(isText ? '' : { ...block, input: {} }) }));
    const deltas = isText
      ? pieces(block).map((text) => ({ type: 'text_delta', text }))
      : pieces(JSON.stringify(block.input)).map((json) => ({ type: 'input_json_delta', partial_json: json }));
    events.push(...deltas.map((delta) => event('content_block_delta', { index, delta })), event('content_block_stop', { index }));
  }
  const { output_tokens: output } = whole.usage;
  events.push(event('message_delta', { delta: { stop_reason: answer.reason }, usage: { output_tokens: output } }));
  return [...events, event('message_stop', {})];
}

describe('any message of Anthropic', () => {
  /** What every reader of chat completions sees of it must be what every reader of messages sees. */
  const seen = ({ content, toolCalls, finishReason, model, usage }: ReturnType<typeof openAiChatCodec.decode>) => ({
    content,
    toolCalls,
    finishReason,
    model,
    tokens: [usage?.promptTokens, usage?.completionTokens, usage?.totalTokens, usage?.cachedPromptTokens],
  });

  it('reads the same as a chat completion, whole and in chunks', async () => {
    const body = { messages: [{ role: 'user', content: 'Hi' }], stream: true, stream_options: { include_usage: true } };
    const translated = openAiChatToAnthropic.translate(body);
    await holds(
      fc.property(said, (answer) => {
        const expected = seen(anthropicMessagesCodec.decode(messageOf(answer), REQUEST));
        expect(seen(openAiChatCodec.decode(translated.answer(messageOf(answer)), REQUEST))).toEqual(expected);
        const translator = translated.stream();
        const reader = openAiChatCodec.streamReader(REQUEST);
        for (const event of eventsOf(answer).flatMap((each) => translator.read(each))) reader.read(event);
        expect(seen(reader.completion())).toEqual(expected);
      }),
      RUNS,
    );
  });
});
