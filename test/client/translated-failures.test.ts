import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { anthropicEvents, CLAUDE, chatChunks, delta, GPT, type MadeUp, madeUp, once, one, TOGETHER } from './made-up-upstream.ts';

const HI = [{ role: 'user' as const, content: 'Hi' }];
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

/** What a stream says, and how it breaks. */
async function readOf(stream: AsyncIterable<unknown>): Promise<{ readonly events: readonly unknown[]; readonly error: unknown }> {
  const events: unknown[] = [];
  try {
    for await (const event of stream) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', stop_sequence: null };
const START = anthropicEvents([
  'message_start',
  { message: { ...MESSAGE, content: [], stop_reason: null, usage: { input_tokens: 3, output_tokens: 1 } } },
]);
const END = anthropicEvents(['message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } }], ['message_stop']);
const block = (index: number, start: object, ...deltas: readonly object[]) =>
  anthropicEvents(
    ['content_block_start', { index, content_block: start }],
    ...deltas.map((grown) => ['content_block_delta', { index, delta: grown }] as const),
    ['content_block_stop', { index }],
  );
const said = (index: number, text: string) => block(index, { type: 'text', text: '' }, { type: 'text_delta', text });
const searched = (index: number) => block(index, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} });
const CUSTOM = delta({ tool_calls: [{ index: 0, id: 'c', type: 'custom', custom: { name: 'x', input: 'y' } }] });
const wholeMessage = (...content: object[]) => ({
  ...MESSAGE,
  content,
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 5 },
});
const wholeCompletion = (message: object) => ({ id: 'chatcmpl-1', model: 'up', choices: [{ index: 0, message, finish_reason: 'stop' }] });

describe('a stream with content that has no place in the caller’s format', () => {
  const chunks = [START, said(0, 'Let me look'), searched(1), said(2, 'never')];

  it('breaks a chat completion off with an error in it; the upstream is left, and the deployment is not blamed', async () => {
    const w = await start(one(CLAUDE), { chunks, staysOpen: true });
    for (let round = 0; round < 6; round++) {
      const { events, error } = await readOf(await openAi(w).chat.completions.create({ model: 'm', messages: HI, stream: true }));

      expect(events).toMatchObject([{ choices: [{ delta: { role: 'assistant' } }] }, { choices: [{ delta: { content: 'Let me look' } }] }]);
      expect(error).toBeInstanceOf(OpenAI.APIError);
      expect(error).toMatchObject({ type: 'server_error', message: expect.stringMatching(/Deployment '.*content of a kind/) });
    }
    expect(w.left()).toBe(6);
    expect(w.headgate.status().models[0]).toMatchObject({ processing: 0, deployments: [{ state: 'available', circuit: 'closed' }] });
  });

  it('breaks a response off with its two events of failure', async () => {
    const w = await start(one(CLAUDE), { chunks });
    const response = await w.headgate.fetch()('https://any.test/v1/responses', {
      method: 'POST',
      body: JSON.stringify({ model: 'm', input: 'Hi', stream: true }),
    });

    const { events, error } = await readOf(response.body as AsyncIterable<unknown>);

    const text = Buffer.concat(events as Uint8Array[]).toString();
    const names = [...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
    expect(names.slice(-2)).toEqual(['error', 'response.failed']);
    expect(text).toContain('"status":"failed"');
    expect(error).toMatchObject({ code: 'stream_error', cause: { code: 'untranslatable_answer' } });
  });

  it('breaks a message off with an event of an error', async () => {
    const w = await start(one(GPT), {
      chunks: [chatChunks(delta({ content: 'Let me look' })).split('data: [DONE]')[0] ?? '', chatChunks(CUSTOM)],
    });

    const { events, error } = await readOf(await anthropic(w).messages.create({ model: 'm', max_tokens: 9, messages: HI, stream: true }));

    expect(events.map((event) => (event as { type: string }).type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
    ]);
    expect(error).toBeInstanceOf(Anthropic.APIError);
    expect(error).toMatchObject({ type: 'api_error', message: expect.stringContaining('no function') });
  });

  it('is tried elsewhere where nothing of it was handed out', async () => {
    const w = await start(
      one(CLAUDE, GPT),
      { chunks: [START, searched(0), END] },
      { chunks: [chatChunks(delta({ content: 'Yo' }, 'stop'))] },
    );

    const { events } = await readOf(await openAi(w).chat.completions.create({ model: 'm', messages: HI, stream: true }));

    expect(w.sent.map(({ origin }) => origin)).toEqual(['https://claude.test', 'https://gpt.test']);
    expect(events).toMatchObject([{ choices: [{ delta: { content: 'Yo' } }] }]);
  });
});

it.each([
  ['leaves the loop', false],
  ['aborts', true],
])('a reader who %s in mid-stream ends the call upstream', async (_, aborts) => {
  const w = await start(one(CLAUDE), { chunks: [START, said(0, 'Let me look')], staysOpen: true });
  const stream = await openAi(w).chat.completions.create({ model: 'm', messages: HI, stream: true });

  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content !== 'Let me look') continue;
    if (aborts) stream.controller.abort();
    else break;
  }

  await expect.poll(() => [w.left(), w.headgate.status().models[0]?.processing]).toEqual([1, 0]);
});

describe('a whole answer', () => {
  it('that the caller’s format has no place for is a bad gateway, not a bad request', async () => {
    const w = await start(one(CLAUDE), { json: wholeMessage({ type: 'server_tool_use', id: 's' }) });

    const error = await openAi(w)
      .chat.completions.create({ model: 'm', messages: HI })
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ status: 502, code: 'untranslatable_answer', message: expect.stringContaining('the answer:') });
  });

  it.each([
    ['a chat completion', CLAUDE, (w: MadeUp) => openAi(w).chat.completions.create({ model: 'm', messages: HI })],
    ['a response', TOGETHER, (w: MadeUp) => openAi(w).responses.create({ model: 'm', input: 'Hi' })],
    ['a message', GPT, (w: MadeUp) => anthropic(w).messages.create({ model: 'm', max_tokens: 9, messages: HI })],
  ])('that is nothing like %s says which deployment sent it', async (_, deployment, call) => {
    const w = await start(once(deployment), { json: { hello: 'there' } });

    const error = await call(w).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ status: 502, message: expect.stringMatching(/Deployment '.*The answer is no /) });
  });

  it('bears the provider’s id of the request where the caller’s SDK looks for it', async () => {
    const w = await start(one(CLAUDE), { headers: { 'request-id': 'req_9' }, json: wholeMessage({ type: 'text', text: 'Yo' }) });
    expect(await openAi(w).chat.completions.create({ model: 'm', messages: HI })).toMatchObject({ _request_id: 'req_9' });
    await w.headgate.close();

    const v = await start(one(GPT), { headers: { 'x-request-id': 'req_8' }, json: wholeCompletion({ role: 'assistant', content: 'Yo' }) });
    expect(await anthropic(v).messages.create({ model: 'm', max_tokens: 9, messages: HI })).toMatchObject({ _request_id: 'req_8' });
  });
});

describe('a call', () => {
  it('streams at a server that knows no stream_options, which its caller never asked for', async () => {
    const refusal = { status: 400, json: { error: { message: "Unknown field 'stream_options'", type: 'invalid_request_error' } } };
    const w = await start(one(TOGETHER), refusal, { chunks: [chatChunks(delta({ content: 'Yo' }, 'stop'))] });

    const message = await anthropic(w).messages.stream({ model: 'm', max_tokens: 9, messages: HI }).finalMessage();

    expect(message.content).toMatchObject([{ type: 'text', text: 'Yo' }]);
    expect(w.sent.map(({ body }) => body['stream_options'])).toEqual([{ include_usage: true }, undefined]);
  });

  it('tells the usage that Anthropic’s streams always tell', async () => {
    const usage = { choices: [], usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 } };
    const w = await start(one(TOGETHER), { chunks: [chatChunks(delta({ content: 'Yo' }, 'stop'), usage)] });

    const message = await anthropic(w).messages.stream({ model: 'm', max_tokens: 9, messages: HI }).finalMessage();

    expect(message.usage).toMatchObject({ input_tokens: 7, output_tokens: 2 });
  });

  it('with a field of no name, or one of many lines, is refused in one line', async () => {
    const w = await start(one(GPT), { json: wholeCompletion({ role: 'assistant', content: 'Yo' }) });
    for (const [field, shown] of [
      ['', "''"],
      ['a\nb'.repeat(999), "'a ba b"],
    ] as const) {
      const error = await anthropic(w)
        .messages.create({ model: 'm', max_tokens: 9, messages: HI, [field]: 1 } as never)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ status: 400, error: { error: { message: expect.stringContaining(shown) } } });
      expect(String((error as Error).message).length).toBeLessThan(1_500);
    }
    expect(w.sent).toHaveLength(0);
  });

  it('that is nested deeper than can be written is refused before it is sent', async () => {
    const w = await start(one(GPT), { json: wholeCompletion({ role: 'assistant', content: 'Yo' }) });
    const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const body = `{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":{"a":${nested}}}]},{"role":"user","content":"Hi"}]}`;

    const response = await w.headgate.fetch()('https://any.test/v1/messages', { method: 'POST', body });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining("'body': It is nested too deep.") } });
    expect(w.sent).toHaveLength(0);
  });
});
