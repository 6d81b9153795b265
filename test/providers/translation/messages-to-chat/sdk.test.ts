import Anthropic, { APIError } from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { anthropicToOpenAiChat } from '../../../../src/providers/translation/messages-to-chat/anthropic-to-openai-chat.ts';
import type { SimulatedScript } from '../../../../src/simulator/index.ts';
import { setUp } from '../../../simulator/in-process.ts';
import { translatedFetch } from '../translated-fetch.ts';

/** Anthropic's client at OpenAI's simulator. */
function client(script: SimulatedScript = {}): Anthropic {
  const { provider } = setUp({ script: () => script });
  const fetch = translatedFetch(provider, anthropicToOpenAiChat, '/v1/chat/completions');
  return new Anthropic({ apiKey: 'k', fetch, maxRetries: 0 });
}

const ASK = { model: 'gpt-x', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] };
const SCHEMA = { type: 'object' as const, properties: { q: { type: 'string' } }, required: ['q'], additionalProperties: false };
const TOOLS = [{ name: 'lookup', description: 'Looks.', input_schema: SCHEMA }];

describe("Anthropic's SDK at OpenAI's simulator", () => {
  it('reads an answer', async () => {
    const message = await client({ text: 'Hello there', cachedTokens: 1 }).messages.create(ASK);
    expect(message).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      type: 'message',
      role: 'assistant',
      model: 'gpt-x',
      content: [{ type: 'text', text: 'Hello there' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 0, cache_read_input_tokens: 1, output_tokens: 3 },
    });
  });

  it.each<[SimulatedScript, string]>([
    [{ kind: 'length', outputTokens: 3 }, 'max_tokens'],
    [{ kind: 'refusal', text: 'No.' }, 'refusal'],
    [{ kind: 'content_filter' }, 'refusal'],
    [{ kind: 'tool_call', text: '{"q":"x"}' }, 'tool_use'],
    [{ kind: 'answer', text: 'Grüß 🎉' }, 'end_turn'],
  ])('streams what it answers whole: %j', async (script, reason) => {
    const whole = await client(script).messages.create({ ...ASK, tools: TOOLS });
    const stream = client(script).messages.stream({ ...ASK, tools: TOOLS });
    const blocks: unknown[] = [];
    stream.on('contentBlock', (block) => blocks.push(block.type));
    const streamed = await stream.finalMessage();
    expect(whole.stop_reason).toBe(reason);
    expect(JSON.parse(JSON.stringify({ ...streamed, id: '' }))).toEqual(
      JSON.parse(
        JSON.stringify({ ...whole, id: '', content: whole.content.map((block) => withIdOf(block, streamed)), parsed_output: null }),
      ),
    );
    expect(blocks).toEqual(whole.content.map(({ type }) => type));
  });

  it('calls a tool that it must, and goes on with its result', async () => {
    const anthropic = client();
    const first = await anthropic.messages.create({ ...ASK, tools: TOOLS, tool_choice: { type: 'tool', name: 'lookup' } });
    const [call] = first.content;
    expect(call).toMatchObject({ type: 'tool_use', name: 'lookup', input: { q: expect.any(String) } });
    const result = { type: 'tool_result' as const, tool_use_id: call?.type === 'tool_use' ? call.id : '', content: 'Found.' };
    const second = await anthropic.messages.create({
      ...ASK,
      tools: TOOLS,
      messages: [...ASK.messages, { role: 'assistant', content: first.content }, { role: 'user', content: [result] }],
    });
    expect(second.stop_reason).toBe('end_turn');
  });

  it('parses an answer that fits a schema', async () => {
    const message = await client().messages.parse({ ...ASK, output_config: { format: { type: 'json_schema', schema: SCHEMA } } });
    expect(message.parsed_output).toEqual({ q: expect.any(String) });
  });

  it('tells the events of a stream in order', async () => {
    const types: string[] = [];
    for await (const { type } of await client({ text: 'Hey' }).messages.create({ ...ASK, stream: true })) types.push(type);
    expect(types).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('throws an error that comes inside a stream', async () => {
    const reading = client({ fault: 'errorInBody' }).messages.stream(ASK).finalMessage();
    await expect(reading).rejects.toBeInstanceOf(APIError);
    await expect(reading).rejects.toMatchObject({ type: expect.stringMatching(/_error$/) });
  });
});

/** Two calls of the simulator have two ids. */
function withIdOf(block: Anthropic.ContentBlock, { content: [first] }: Anthropic.Message): object {
  return block.type === 'tool_use' && first?.type === 'tool_use' ? { ...block, id: first.id } : block;
}
