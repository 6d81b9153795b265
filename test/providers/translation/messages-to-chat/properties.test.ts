import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChatRequest, type JsonObject, textOfMessage } from '../../../../src/domain/chat.ts';
import { openAiChatCodec } from '../../../../src/providers/codecs/openai-chat.ts';
import { anthropicToOpenAiChat } from '../../../../src/providers/translation/messages-to-chat/anthropic-to-openai-chat.ts';
import { chatRequestOf } from '../../../../src/providers/translation/messages-to-chat/request.ts';
import { Untranslatable } from '../../../../src/providers/translation/translation.ts';
import { holds } from '../../../lib/property.ts';
import { post, setUp } from '../../../simulator/in-process.ts';

const RUNS = 300;
const REQUEST: ChatRequest = { messages: [], stream: false };

const words = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('[[simulate'));
const name = fc.stringMatching(/^[a-z_]{1,12}$/);
const input = fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }).map((value) => JSON.parse(JSON.stringify(value)));
const text = words.map((value) => ({ type: 'text', text: value }));
const image = fc.oneof(
  fc.constant({ type: 'image', source: { type: 'url', url: 'https://a.test/b.png' } }),
  fc.base64String().map((data) => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } })),
);
const call = fc.record({ type: fc.constant('tool_use'), id: fc.uuid(), name, input });

const user = fc.oneof(words, fc.array(fc.oneof(text, image), { minLength: 1, maxLength: 4 })).map((content) => [{ role: 'user', content }]);
const assistant = fc.oneof(words, fc.array(text, { minLength: 1, maxLength: 3 })).map((content) => [{ role: 'assistant', content }]);
/** Calls, and their results in one message or in several. */
const tools = fc
  .tuple(fc.array(text, { maxLength: 1 }), fc.array(fc.tuple(call, words), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([before, calls, apart]) => {
    const results = calls.map(([{ id }, content]) => ({ type: 'tool_result', tool_use_id: id, content }));
    const turns = apart ? results.map((result) => [result]) : [results];
    return [
      { role: 'assistant', content: [...before, ...calls.map(([each]) => each)] },
      ...turns.map((content) => ({ role: 'user', content })),
    ];
  });
const conversation = fc
  .tuple(fc.array(fc.oneof(user, assistant, tools), { maxLength: 6 }), user)
  .map(([before, last]) => [...before.flat(), ...last] as JsonObject[]);

const offered = fc.array(fc.record({ name, input_schema: fc.constant({ type: 'object', properties: {} }) }), {
  minLength: 1,
  maxLength: 3,
});
const body = fc.record(
  {
    model: fc.constant('m'),
    max_tokens: fc.integer({ min: 1, max: 4096 }),
    messages: conversation,
    system: fc.oneof(words, fc.array(text, { minLength: 1, maxLength: 3 })),
    temperature: fc.double({ min: 0, max: 1, noNaN: true }),
    top_p: fc.double({ min: 0, max: 1, noNaN: true }),
    stop_sequences: fc.array(words, { maxLength: 4 }),
    tools: offered,
    tool_choice: fc.constantFrom({ type: 'auto' }, { type: 'any', disable_parallel_tool_use: true }, { type: 'none' }),
    metadata: fc.record({ user_id: words }),
    stream: fc.boolean(),
    output_config: fc.record({ effort: fc.constantFrom('low', 'medium', 'high', 'xhigh', 'max') }),
    cache_control: fc.constant({ type: 'ephemeral' }),
  },
  { requiredKeys: ['model', 'max_tokens', 'messages'] },
);

/** Everything that a conversation says, in order; texts that touch are one. */
function saidIn(utterances: readonly (readonly [string, unknown])[]): readonly (readonly [string, unknown])[] {
  const said: (readonly [string, unknown])[] = [];
  for (const [kind, value] of utterances) {
    const last = said.at(-1);
    if (last?.[0] === kind && kind.endsWith(' text')) said.splice(-1, 1, [kind, `${last[1]}${value}`]);
    else said.push([kind, value]);
  }
  return said;
}

function inMessages(messages: readonly JsonObject[]): readonly (readonly [string, unknown])[] {
  return messages.flatMap(({ role, content }) => {
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : (content as Record<string, never>[]);
    return blocks.map((block: Record<string, unknown>): readonly [string, unknown] => {
      if (block['type'] === 'text') return [`${role} text`, block['text']];
      if (block['type'] === 'tool_use') return ['call', [block['id'], block['name'], block['input']]];
      if (block['type'] === 'tool_result') return ['result', [block['tool_use_id'], block['content']]];
      const { type, url, media_type: media, data } = block['source'] as Record<string, unknown>;
      return ['image', type === 'url' ? url : `data:${media};base64,${data}`];
    });
  });
}

function inChat(messages: readonly Record<string, unknown>[]): readonly (readonly [string, unknown])[] {
  return messages.flatMap(({ role, content, tool_calls: calls = [], tool_call_id: id }): (readonly [string, unknown])[] => {
    if (role === 'tool') return [['result', [id, content]]];
    const parts = (typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])) as Record<string, unknown>[];
    const said = parts.map((part): readonly [string, unknown] =>
      part['type'] === 'text' ? [`${role} text`, part['text']] : ['image', (part['image_url'] as { url: string }).url],
    );
    const called = (calls as { id: string; function: { name: string; arguments: string } }[]).map((each): readonly [string, unknown] => [
      'call',
      [each.id, each.function.name, JSON.parse(each.function.arguments)],
    ]);
    return [...said, ...called];
  });
}

const sent = (asked: JsonObject) => JSON.parse(JSON.stringify(anthropicToOpenAiChat.translate(asked).body));

describe('any call of supported fields', () => {
  it('says the same messages, calls, results and images in the same order', () =>
    holds(
      fc.property(body, (asked) => {
        const messages = sent(asked).messages.filter(({ role }: JsonObject) => role !== 'system');
        expect(saidIn(inChat(messages))).toEqual(saidIn(inMessages(asked.messages)));
      }),
      RUNS,
    ));

  it('is taken by the simulator, whose answer comes back as its own codec reads it', () =>
    holds(
      fc.asyncProperty(body, async (asked) => {
        const { provider } = setUp();
        const translated = anthropicToOpenAiChat.translate({ ...asked, stream: false });
        const answer = await post(provider, '/v1/chat/completions', translated.body);
        expect([answer.status, answer.text]).toEqual([200, answer.text]);
        const read = openAiChatCodec.decode(answer.json(), REQUEST);
        const message = translated.answer(answer.json());
        expect(saidIn(inMessages([message]))).toEqual(
          saidIn([
            ...(read.content === '' ? [] : [['assistant text', read.content] as const]),
            ...read.toolCalls.map((each) => ['call', [each.id, each.name, JSON.parse(each.arguments)]] as const),
          ]),
        );
        expect(message['usage']).toMatchObject({ input_tokens: read.usage?.promptTokens, output_tokens: read.usage?.completionTokens });
      }),
      RUNS,
    ));

  it('streams the blocks of the whole answer, however the chunks cut it', () =>
    holds(
      fc.property(
        fc.array(words, { maxLength: 4 }),
        fc.array(fc.tuple(name, input), { maxLength: 4 }),
        fc.infiniteStream(fc.nat(3)),
        (texts, calls, order) => {
          const whole = anthropicToOpenAiChat.translate({ messages: [] });
          const toolCalls = calls.map(([called, given], index) => ({
            id: `c${index}`,
            function: { name: called, arguments: JSON.stringify(given) },
          }));
          const message = whole.answer({ id: 'i', choices: [{ message: { content: texts.join(''), tool_calls: toolCalls } }] });
          const stream = whole.stream();
          const chunk = (delta: object) => stream.read({ data: JSON.stringify({ id: 'i', choices: [{ index: 0, delta }] }) });
          const events = [...texts.flatMap((content) => chunk({ content }))];
          events.push(
            ...toolCalls.flatMap((each, index) =>
              chunk({ tool_calls: [{ index, ...each, function: { ...each.function, arguments: '' } }] }),
            ),
          );
          const rests = toolCalls.map((each) => each.function.arguments);
          while (rests.some((rest) => rest !== '')) {
            const index = (order.next().value ?? 0) % rests.length;
            const rest = rests[index] ?? '';
            const cut = (order.next().value ?? 0) + 1;
            rests[index] = rest.slice(cut);
            events.push(...chunk({ tool_calls: [{ index, function: { arguments: rest.slice(0, cut) } }] }));
          }
          events.push(...stream.read({ data: '[DONE]' }));
          expect(blocksOf(events.map(({ data }) => JSON.parse(data)))).toEqual(message['content']);
        },
      ),
      RUNS,
    ));
});

interface BlockEvent {
  readonly type: string;
  readonly index: number;
  readonly content_block: Record<string, unknown>;
  readonly delta: { readonly type: string; readonly text: string; readonly partial_json: string };
}

/** Puts blocks together as strictly as the format is: one at a time, in order. */
function blocksOf(events: readonly BlockEvent[]): readonly unknown[] {
  const blocks: Record<string, unknown>[] = [];
  let open: Record<string, unknown> | undefined;
  let json = '';
  for (const { type, index, content_block: block, delta } of events) {
    if (type === 'content_block_start') {
      expect([index, open]).toEqual([blocks.length, undefined]);
      open = block;
      json = '';
    } else if (type === 'content_block_delta') {
      expect(index).toBe(blocks.length);
      if (delta.type === 'text_delta') open = { ...open, text: `${open?.['text']}${delta.text}` };
      else json += delta.partial_json;
    } else if (type === 'content_block_stop') {
      blocks.push(json === '' ? { ...open } : { ...open, input: JSON.parse(json) });
      open = undefined;
    }
  }
  return blocks;
}

describe('any JSON', () => {
  const field = fc.constantFrom(
    'messages',
    'system',
    'tools',
    'tool_choice',
    'metadata',
    'output_config',
    'thinking',
    'stop_sequences',
    'max_tokens',
  );
  const block = fc.record({
    type: fc.constantFrom('text', 'image', 'tool_use', 'tool_result', 'x'),
    content: fc.jsonValue(),
    source: fc.jsonValue(),
  });
  const message = fc.record({
    role: fc.constantFrom('user', 'assistant', 'system', 1),
    content: fc.oneof(fc.jsonValue(), fc.array(block)),
  });

  it('is translated, or refused by its path', () =>
    holds(
      fc.property(fc.dictionary(field, fc.oneof(fc.jsonValue(), fc.array(message), fc.array(block))), (asked) => {
        try {
          anthropicToOpenAiChat.translate(asked);
        } catch (error) {
          expect(error).toBeInstanceOf(Untranslatable);
        }
      }),
      RUNS,
    ));

  it('is no event that breaks a stream', () =>
    holds(
      fc.property(
        fc.array(
          fc.oneof(
            fc.jsonValue().map((value) => JSON.stringify(value)),
            fc.string(),
          ),
        ),
        (datas) => {
          const stream = anthropicToOpenAiChat.translate({ messages: [] }).stream();
          for (const data of datas) stream.read({ data });
          stream.read({ data: '[DONE]' });
        },
      ),
    ));
});

it('keeps the system prompt a message of its own', () => {
  const [first] = chatRequestOf({ system: 'Be brief', messages: [{ role: 'user', content: 'Hi' }] }).messages;
  expect([first?.role, first && textOfMessage(first)]).toEqual(['system', 'Be brief']);
});
