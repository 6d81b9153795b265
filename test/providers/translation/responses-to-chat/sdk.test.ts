import { createOpenAI } from '@ai-sdk/openai';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, jsonSchema, streamText, tool } from 'ai';
import OpenAI from 'openai';
import OpenAI6 from 'openai6';
import { describe, expect, it } from 'vitest';
import { chained } from '../../../../src/providers/translation/chained.ts';
import { openAiChatToAnthropic } from '../../../../src/providers/translation/chat-to-messages/openai-chat-to-anthropic.ts';
import { openAiResponsesToChat } from '../../../../src/providers/translation/responses-to-chat/openai-responses-to-chat.ts';
import type { SimulatedScript } from '../../../../src/simulator/index.ts';
import { ANTHROPIC, eventsOf, post, setUp } from '../../../simulator/in-process.ts';
import { AT, translatedFetch } from './responses-over-chat.ts';

const FARTHER = [
  { to: 'openai-chat', translation: openAiResponsesToChat, path: '/v1/chat/completions', dialect: 'openai', headers: {} },
  {
    to: 'anthropic-messages',
    translation: chained(openAiResponsesToChat, openAiChatToAnthropic),
    path: '/v1/messages',
    dialect: 'anthropic',
    headers: ANTHROPIC,
  },
] as const;

type Place = (typeof FARTHER)[number];

/** A `fetch` to a simulated provider behind the translation. */
function fetchOf({ translation, path, dialect, headers }: Place, script: SimulatedScript): typeof fetch {
  const { provider } = setUp({ dialect, script: () => script });
  return translatedFetch(translation, async (body) => {
    const { text, json } = await post(provider, path, body, headers);
    if (body['stream'] !== true) return { json: json() };
    return { events: eventsOf(text).map(({ name, data }) => ({ event: name === '' ? undefined : name, data })) };
  });
}

const PARAMETERS = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'], additionalProperties: false };
const TOOLS = [{ type: 'function' as const, name: 'weather', parameters: PARAMETERS, strict: true }];
const ASK = { model: 'm', input: 'How is the weather?' };
const PLACE = '{"place":"Rome"}';

const SDKS = [
  ['openai 7', (fetch: typeof globalThis.fetch) => new OpenAI({ apiKey: 'k', fetch, maxRetries: 0 })],
  // Their types differ; what is called here doesn't.
  ['openai 6', (fetch: typeof globalThis.fetch) => new OpenAI6({ apiKey: 'k', fetch, maxRetries: 0 }) as unknown as OpenAI],
] as const;

describe.each(FARTHER)('at a simulated provider that speaks $to', (place) => {
  describe.each(SDKS)('%s', (_, connect) => {
    const client = (script: SimulatedScript = {}) => connect(fetchOf(place, script));

    it('reads an answer', async () => {
      const answer = await client({ text: 'Sunny, I think.', cachedTokens: 2 }).responses.create({ ...ASK, metadata: { a: 'b' } });
      expect(answer).toMatchObject({
        id: expect.stringMatching(/^resp_/),
        object: 'response',
        created_at: expect.any(Number),
        status: 'completed',
        model: 'm',
        output_text: 'Sunny, I think.',
        metadata: { a: 'b' },
        usage: { input_tokens_details: { cached_tokens: 2 }, output_tokens: 4, output_tokens_details: { reasoning_tokens: 0 } },
      });
      expect(answer.created_at).toBeGreaterThan(0);
    });

    it('reads a stream, event by event and as a whole', async () => {
      const stream = client({ text: 'Sunny, I think.' }).responses.stream(ASK);
      let text = '';
      for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta;
      const last = await stream.finalResponse();
      expect([text, last.output_text, last.status]).toEqual(['Sunny, I think.', 'Sunny, I think.', 'completed']);
      expect(last.usage).toMatchObject({ output_tokens: 4, total_tokens: expect.any(Number) });
    });

    it('reads a tool call, streamed and whole, and sends its result back with what else was in the answer', async () => {
      const asked = { ...ASK, tools: TOOLS, tool_choice: 'required' as const };
      const whole = await client({ kind: 'tool_call', text: PLACE }).responses.create(asked);
      const streamed = await client({ kind: 'tool_call', text: PLACE }).responses.stream(asked).finalResponse();
      for (const { output } of [whole, streamed]) {
        const [call] = output;
        expect(call).toMatchObject({ type: 'function_call', call_id: expect.stringMatching(/./), name: 'weather', arguments: PLACE });
        const result = {
          type: 'function_call_output' as const,
          call_id: call?.type === 'function_call' ? call.call_id : '',
          output: 'sunny',
        };
        const input = [{ role: 'user' as const, content: ASK.input }, ...output, result];
        const last = await client({ text: 'Sunny.' }).responses.create({
          ...ASK,
          tools: TOOLS,
          input: input as OpenAI.Responses.ResponseInput,
        });
        expect(last.output_text).toBe('Sunny.');
      }
    });

    it('parses an answer that fits a schema, and the arguments of a strict tool', async () => {
      const format = { type: 'json_schema' as const, name: 'weather', schema: PARAMETERS, strict: true };
      const answer = await client().responses.parse({ ...ASK, text: { format } });
      expect(answer.output_parsed).toEqual({ place: expect.any(String) });
      const called = await client({ kind: 'tool_call', text: PLACE }).responses.parse({ ...ASK, tools: TOOLS });
      expect(called.output[0]).toMatchObject({ parsed_arguments: { place: 'Rome' } });
    });

    it('reads why an answer is incomplete, streamed and whole', async () => {
      const cut = client({ kind: 'length', outputTokens: 3 });
      const asked = { ...ASK, max_output_tokens: 3 };
      for (const answer of [await cut.responses.create(asked), await cut.responses.stream(asked).finalResponse()]) {
        expect(answer).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
      }
    });

    // Version 6 throws the event itself.
    it('throws for an error inside a stream', async () => {
      const broken = client({ fault: 'errorInBody', outputTokens: 8 }).responses.stream(ASK);
      await expect(broken.finalResponse()).rejects.toMatchObject({ message: expect.stringMatching(/server/i) });
    });

    it('sends images, tools one at a time and instructions', async () => {
      const input = [
        {
          role: 'user' as const,
          content: [
            { type: 'input_text' as const, text: 'What is it?' },
            { type: 'input_image' as const, image_url: 'data:image/png;base64,AAAA', detail: 'auto' as const },
          ],
        },
      ];
      const more = { instructions: 'Be kind.', tools: TOOLS, parallel_tool_calls: false, store: false, temperature: 0.5 };
      expect((await client({ text: 'A dot.' }).responses.create({ ...ASK, input, ...more })).output_text).toBe('A dot.');
    });
  });

  describe("Vercel's AI SDK", () => {
    const model = (script: SimulatedScript) => createOpenAI({ apiKey: 'k', fetch: fetchOf(place, script) }).responses('m');

    it('reads an answer and a stream', async () => {
      const { text, usage } = await generateText({ model: model({ text: 'Sunny.' }), prompt: ASK.input });
      expect([text, usage.outputTokens]).toEqual(['Sunny.', 2]);
      const stream = streamText({ model: model({ text: 'Sunny.' }), prompt: ASK.input });
      expect([await stream.text, await stream.finishReason]).toEqual(['Sunny.', 'stop']);
    });

    it('reads tool calls, streamed and whole', async () => {
      const tools = { weather: tool({ inputSchema: jsonSchema(PARAMETERS as object) }) };
      const asked = { prompt: ASK.input, tools };
      const script = { kind: 'tool_call', text: PLACE } as const;
      const expected = [{ toolName: 'weather', input: { place: 'Rome' } }];
      expect((await generateText({ model: model(script), ...asked })).toolCalls).toMatchObject(expected);
      expect(await streamText({ model: model(script), ...asked }).toolCalls).toMatchObject(expected);
    });
  });

  it('LangChain reads an answer and a stream', async () => {
    const configuration = { fetch: fetchOf(place, { text: 'Sunny.' }) };
    const model = new ChatOpenAI({ model: 'm', apiKey: 'k', useResponsesApi: true, maxRetries: 0, configuration });
    expect((await model.invoke(ASK.input)).text).toBe('Sunny.');
    let text = '';
    for await (const chunk of await model.stream(ASK.input)) text += chunk.text;
    expect(text).toBe('Sunny.');
  });
});

describe('a refusal', () => {
  it('is one in the SDK, streamed and whole', async () => {
    const [chat] = FARTHER;
    const client = new OpenAI({ apiKey: 'k', fetch: fetchOf(chat, { kind: 'refusal', text: 'No.' }), maxRetries: 0 });
    for (const { output } of [await client.responses.create(ASK), await client.responses.stream(ASK).finalResponse()]) {
      expect(output).toMatchObject([{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }]);
    }
  });

  it('of a call is thrown before anything is sent', async () => {
    const client = new OpenAI({ apiKey: 'k', fetch: fetchOf(FARTHER[0], {}), maxRetries: 0 });
    const kept = client.responses.create({ ...ASK, previous_response_id: 'resp_1' });
    await expect(kept).rejects.toMatchObject({ cause: { name: 'Untranslatable', path: 'previous_response_id' } });
  });
});

it('the time of an answer is that of the call where the provider says none', () => {
  expect(openAiResponsesToChat.translate(ASK, AT).answer({ choices: [{ message: { content: 'a' } }] })).toMatchObject({
    created_at: AT / 1000,
  });
});
