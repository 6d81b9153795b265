import OpenAI, { APIError } from 'openai';
import { describe, expect, it } from 'vitest';
import type { StreamPart } from '../../../../src/providers/provider.ts';
import { openAiChatToAnthropic } from '../../../../src/providers/translation/chat-to-messages/openai-chat-to-anthropic.ts';
import { TranslatedParts } from '../../../../src/providers/translation/translated-parts.ts';
import { type SimulatedProvider, type SimulatedScript, simulateHttp } from '../../../../src/simulator/index.ts';
import { ANTHROPIC, eventsOf, setUp, textOf } from '../../../simulator/in-process.ts';

const AT = 1_763_769_600_000;

/** Anthropic's simulator behind the translation. */
function translatedFetch(provider: SimulatedProvider): typeof fetch {
  return async (input, init) => {
    const asked = await new Request(input, init).json();
    const call = openAiChatToAnthropic.translate(asked, AT);
    const answer = await simulateHttp(provider, { path: '/v1/messages', headers: ANTHROPIC, body: JSON.stringify(call.body) });
    if (answer.status !== 200) return new Response(await textOf(answer), { status: answer.status });
    if (asked.stream !== true) return Response.json(call.answer(JSON.parse(await textOf(answer))));
    const raw: Uint8Array[] = [];
    for await (const part of new TranslatedParts(partsOf(answer.body), call.stream(), asError)) raw.push(part.raw);
    return new Response(Buffer.concat(raw), { headers: { 'content-type': 'text/event-stream' } });
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

async function* partsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamPart> {
  for await (const raw of body)
    yield { raw, events: eventsOf(Buffer.from(raw).toString()).map(({ name, data }) => ({ event: name, data })) };
}

function client(script: SimulatedScript = {}) {
  const { provider } = setUp({ dialect: 'anthropic', script: () => script });
  return new OpenAI({ apiKey: 'k', fetch: translatedFetch(provider), maxRetries: 0 });
}

const ASK = { model: 'claude', messages: [{ role: 'user' as const, content: 'Hi' }] };
const TOOLS = [
  { type: 'function' as const, function: { name: 'lookup', parameters: { type: 'object', properties: { q: { type: 'string' } } } } },
];

describe("OpenAI's SDK at Anthropic's simulator", () => {
  it('reads an answer', async () => {
    const answer = await client({ text: 'Hello there', cachedTokens: 1 }).chat.completions.create(ASK);
    expect(answer).toMatchObject({
      id: expect.stringMatching(/^msg_/),
      object: 'chat.completion',
      created: AT / 1000,
      model: 'claude',
      service_tier: 'default',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 3, total_tokens: 4, prompt_tokens_details: { cached_tokens: 1 } },
    });
  });

  it.each([
    ['length', { kind: 'length', outputTokens: 3 }, 'length'],
    ['refusal', { kind: 'refusal' }, 'content_filter'],
    ['stop sequence', { kind: 'stop_sequence' }, 'stop'],
  ] as const)('reads how an answer ended: %s', async (_name, script, reason) => {
    const { choices } = await client(script).chat.completions.create({ ...ASK, stop: 'END' });
    expect(choices[0]?.finish_reason).toBe(reason);
  });

  it('reads a stream, with the usage only if asked', async () => {
    for (const [options, counted] of [
      [{}, 0],
      [{ stream_options: { include_usage: true } }, 1],
    ] as const) {
      const chunks = [];
      const stream = await client({ text: 'Hello there' }).chat.completions.create({ ...ASK, stream: true, ...options });
      for await (const chunk of stream) chunks.push(chunk);
      expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Hello there');
      expect(chunks.flatMap(({ choices }) => choices[0]?.finish_reason ?? [])).toEqual(['stop']);
      expect(chunks.filter(({ usage }) => usage)).toHaveLength(counted);
    }
  });

  it('puts a stream together with its helper, tool calls too', async () => {
    const text = '{"q":"a \\"b\\""}';
    const stream = client({ kind: 'tool_call', text }).chat.completions.stream({ ...ASK, tools: TOOLS });
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { role: 'assistant', tool_calls: [{ type: 'function', function: { name: 'lookup', arguments: text } }] },
    });
  });

  it('runs tools turn by turn, handing back what it got', async () => {
    let calls = 0;
    const { provider } = setUp({
      dialect: 'anthropic',
      script: () => (calls++ === 0 ? { kind: 'tool_call', text: '{"q":"x"}' } : { text: 'Done.' }),
    });
    const openai = new OpenAI({ apiKey: 'k', fetch: translatedFetch(provider), maxRetries: 0 });
    const asked: unknown[] = [];
    const lookup = (given: { q: string }) => {
      asked.push(given);
      return 'found';
    };
    const { name, parameters } = { name: 'lookup', parameters: TOOLS[0]?.function.parameters ?? {} };
    const tool = { type: 'function' as const, function: { name, description: '', parameters, function: lookup, parse: JSON.parse } };
    const runner = openai.chat.completions.runTools({ ...ASK, tools: [tool] });
    expect(await runner.finalContent()).toBe('Done.');
    expect(asked).toEqual([{ q: 'x' }]);
    expect(calls).toBe(2);
  });

  it.each([true, false])('parses an answer that has to fit a schema, strict: %s', async (strict) => {
    const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false };
    const format = { type: 'json_schema' as const, json_schema: { name: 'thing', schema, strict } };
    const whole = await client().chat.completions.create({ ...ASK, response_format: format });
    expect(JSON.parse(whole.choices[0]?.message.content ?? '')).toEqual({ a: 1 });
    expect(whole.choices[0]?.finish_reason).toBe('stop');
    const streamed = await client()
      .chat.completions.stream({ ...ASK, response_format: format })
      .finalContent();
    expect(JSON.parse(streamed ?? '')).toEqual({ a: 1 });
  });

  it('throws an error that comes in the stream', async () => {
    const stream = await client({ outputTokens: 50, fault: 'errorInBody' }).chat.completions.create({ ...ASK, stream: true });
    const read = async () => {
      for await (const _chunk of stream);
    };
    const thrown = await read().catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(APIError);
    expect(thrown).toMatchObject({ type: 'api_error', code: 'api_error', message: expect.any(String) });
  });
});
