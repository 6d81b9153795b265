import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/lib/system-clock.ts';
import { type RunningSimulator, type StartSimulatorOptions, startSimulator } from '../../src/simulator/index.ts';

const running: RunningSimulator[] = [];

async function start(options: Partial<StartSimulatorOptions> = {}): Promise<RunningSimulator> {
  const simulator = await startSimulator({ limits: [], countDelayMs: { min: 0, max: 0 }, ...options });
  running.push(simulator);
  return simulator;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

function post(simulator: RunningSimulator, path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(simulator.url + path, { method: 'POST', body: text, headers: { 'content-type': 'application/json' }, ...init });
}

function chat(simulator: RunningSimulator, more: object = {}, init: RequestInit = {}): Promise<Response> {
  return post(
    simulator,
    '/v1/chat/completions',
    { model: 'gpt-x', messages: [{ role: 'user', content: 'Hello, you there' }], ...more },
    init,
  );
}

const usageShape = z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() });
const toolCallShape = z.object({ id: z.string().optional(), function: z.object({ name: z.string().optional(), arguments: z.string() }) });
const messageShape = z.object({
  role: z.string().optional(),
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(toolCallShape).optional(),
});
const completionShape = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  model: z.string(),
  choices: z.tuple([z.object({ index: z.literal(0), message: messageShape, finish_reason: z.string() })]),
  usage: usageShape,
});
const chunkShape = z.object({
  object: z.literal('chat.completion.chunk'),
  choices: z.array(z.object({ delta: messageShape, finish_reason: z.string().nullable() })),
  usage: usageShape.nullish(),
});
const errorShape = z.object({ error: z.object({ message: z.string(), code: z.string().nullable(), type: z.string().optional() }) });

async function completion(response: Response) {
  expect(response.status).toBe(200);
  return completionShape.parse(await response.json());
}

async function errorOf(response: Response) {
  return errorShape.parse(await response.json()).error;
}

/** The data of each server-sent event. */
function events(text: string): string[] {
  expect(text.endsWith('\n\n')).toBe(true);
  return text
    .split('\n\n')
    .slice(0, -1)
    .map((event) => event.replace(/^(?:event: .*\n)?data: /, ''));
}

function chunks(text: string) {
  const all = events(text);
  expect(all.at(-1)).toBe('[DONE]');
  return all.slice(0, -1).map((data) => chunkShape.parse(JSON.parse(data)));
}

describe('chat completions', () => {
  it('answers with usage that matches its text, and with rate-limit headers', async () => {
    const simulator = await start({ limits: [{ type: 'rpm', limit: 500, windowMs: 60_000, mechanism: 'bucket' }] });
    const response = await chat(simulator, { max_tokens: 50 });
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('499');
    expect(response.headers.get('x-ratelimit-reset-requests')).toBe('120ms');
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    const { choices, usage } = await completion(response);
    expect(usage.prompt_tokens).toBe(4);
    expect(usage.completion_tokens).toBeGreaterThanOrEqual(1);
    expect(usage.completion_tokens).toBeLessThanOrEqual(50);
    expect(choices[0].message.content).toHaveLength(4 * usage.completion_tokens);
    expect(choices[0].finish_reason).toBe('stop');
  });

  it('streams the same in chunks, with usage only when asked', async () => {
    const simulator = await start();
    const plain = chunks(await (await chat(simulator, { stream: true, metadata: { simulate: 'output_tokens=100' } })).text());
    expect(plain[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(plain.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toHaveLength(400);
    expect(plain.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(plain.every((chunk) => chunk.usage === undefined)).toBe(true);
    const asked = chunks(await (await chat(simulator, { stream: true, stream_options: { include_usage: true } })).text());
    expect(asked.at(-1)?.choices).toEqual([]);
    expect(asked.at(-1)?.usage?.prompt_tokens).toBe(4);
    expect(asked.at(-2)?.usage).toBeNull();
  });

  it('streams in time: headers first, tokens over the whole span', async () => {
    const simulator = await start({ latency: { headersMs: { min: 0, max: 0 }, bodyMs: { min: 120, max: 120 } } });
    const response = await chat(simulator, { stream: true, metadata: { simulate: 'output_tokens=20' } });
    expect(response.headers.get('content-type')).toMatch('text/event-stream');
    const reader = response.body?.getReader();
    let reads = 0;
    while (reader && !(await reader.read()).done) reads += 1;
    expect(reads).toBeGreaterThan(2);
  });

  it.each([false, true])('scripts a tool call, a refusal, length and filter stops (stream %s)', async (stream) => {
    const simulator = await start();
    const tools = [{ type: 'function', function: { name: 'find_"it"', parameters: {} } }];
    const ask = async (simulate: string, more: object = {}) => {
      const response = await chat(simulator, { stream, tools, metadata: { simulate }, ...more });
      if (!stream) {
        const { message, finish_reason: finish } = (await completion(response)).choices[0];
        return { ...message, calls: message.tool_calls?.map((call) => call.function), finish };
      }
      const parts = chunks(await response.text()).flatMap((chunk) => chunk.choices);
      const called = parts.flatMap(({ delta }) => delta.tool_calls ?? []);
      const calls =
        called.length > 0
          ? [{ name: called[0]?.function.name, arguments: called.map((call) => call.function.arguments).join('') }]
          : undefined;
      const join = (field: 'content' | 'refusal') => parts.map(({ delta }) => delta[field] ?? '').join('') || null;
      return { content: join('content'), refusal: join('refusal'), calls, finish: parts.at(-1)?.finish_reason };
    };
    const tool = await ask('tool_call, output_tokens=8');
    expect(tool).toMatchObject({ content: null, finish: 'tool_calls' });
    expect(tool.calls?.[0]?.name).toBe('find_"it"');
    expect(JSON.parse(tool.calls?.[0]?.arguments ?? '')).toEqual({ query: expect.stringMatching(/^.{32}$/) });
    const refusal = await ask('refusal output_tokens=5');
    expect(refusal).toMatchObject({ content: null, finish: 'stop' });
    expect(refusal.refusal).toHaveLength(20);
    expect(await ask('length', { max_tokens: 7 })).toMatchObject({ finish: 'length', content: expect.stringMatching(/^.{28}$/) });
    expect(await ask('output_tokens=99', { max_completion_tokens: 7 })).toMatchObject({ finish: 'length' });
    expect(await ask('content_filter')).toMatchObject({ finish: 'content_filter' });
  });

  it('takes a script from the last text, and from the server', async () => {
    const simulator = await start({ script: ({ body }) => (body['user'] === 'short' ? { outputTokens: 1 } : undefined) });
    const messages = [
      { role: 'user', content: '[[simulate: refusal]]' },
      { role: 'user', content: [{ type: 'text', text: 'Well? [[simulate: output_tokens=3]]' }] },
    ];
    expect((await completion(await chat(simulator, { messages }))).usage.completion_tokens).toBe(3);
    expect((await completion(await chat(simulator, { messages, user: 'short' }))).usage.completion_tokens).toBe(1);
    const wrong = await chat(simulator, { metadata: { simulate: 'dance' } });
    expect(wrong.status).toBe(400);
    expect((await errorOf(wrong)).message).toContain("Unknown simulator instruction 'dance'");
  });

  it('never answers longer than the server allows', async () => {
    const simulator = await start({ maxResponseTokens: 10 });
    const { usage, choices } = await completion(await chat(simulator, { max_tokens: 1e9, metadata: { simulate: 'length' } }));
    expect(usage.completion_tokens).toBe(10);
    expect(choices[0].finish_reason).toBe('length');
  });
});

describe('refusals and bad input', () => {
  it('refuses over the limit with headers and body that agree', async () => {
    const simulator = await start({ limits: [{ type: 'rpm', limit: 1, windowMs: 60_000, mechanism: 'bucket' }] });
    await chat(simulator);
    const response = await chat(simulator);
    expect(response.status).toBe(429);
    const waitMs = Number(response.headers.get('retry-after-ms'));
    expect(waitMs).toBeGreaterThan(50_000);
    expect(Number(response.headers.get('retry-after'))).toBe(Math.ceil(waitMs / 1000));
    expect(await errorOf(response)).toMatchObject({ type: 'requests', code: 'rate_limit_exceeded' });
    expect(simulator.provider.stats()).toMatchObject({ accepted: 1, refused: 1 });
  });

  it('charges max_tokens under the rule openai, and says when a request can never fit', async () => {
    const limits = [{ type: 'tpm', limit: 1000, windowMs: 60_000, mechanism: 'bucket' }] as const;
    const simulator = await start({ limits, cost: 'openai' });
    const response = await chat(simulator, { max_tokens: 900 });
    expect(response.headers.get('x-ratelimit-remaining-tokens')).toBe('100');
    const tooLarge = await chat(simulator, { max_tokens: 1001 });
    expect(tooLarge.status).toBe(429);
    expect(tooLarge.headers.has('retry-after')).toBe(false);
    expect((await errorOf(tooLarge)).message).toMatch(/^Request too large for gpt-x .* Limit 1000, Requested 1001/);
  });

  it('wants its key when it has one, and does not repeat a wrong one', async () => {
    const simulator = await start({ apiKey: 'right', models: ['gpt-x'] });
    for (const authorization of ['', 'Bearer wrong-key']) {
      const response = await chat(simulator, {}, { headers: { authorization } });
      expect(response.status).toBe(401);
      const text = await response.text();
      expect(text).toContain('invalid_api_key');
      expect(text).not.toContain('wrong-key');
    }
    expect((await fetch(`${simulator.url}/v1/models`)).status).toBe(401);
    expect((await chat(simulator, {}, { headers: { authorization: 'Bearer right' } })).status).toBe(200);
    expect(simulator.provider.stats().accepted).toBe(1);
  });

  it('knows its models', async () => {
    const simulator = await start({ models: ['org/a b', 'gpt-x'] });
    const list = z.object({ data: z.array(z.object({ id: z.string() })) }).parse(await (await fetch(`${simulator.url}/v1/models`)).json());
    expect(list.data.map(({ id }) => id)).toEqual(['org/a b', 'gpt-x']);
    expect((await fetch(`${simulator.url}/v1/models/${encodeURIComponent('org/a b')}`)).status).toBe(200);
    expect((await fetch(`${simulator.url}/v1/models/%E0%A4%A`)).status).toBe(404);
    const response = await chat(simulator, { model: 'other' });
    expect(response.status).toBe(404);
    expect((await errorOf(response)).code).toBe('model_not_found');
  });

  it.each([
    ['{"model":', 'parse the JSON'],
    ['[]', 'parse the JSON'],
    [{ messages: [{ role: 'user', content: 'x' }] }, 'model'],
    [{ model: 'm' }, "'messages'"],
    [{ model: 'm', messages: [] }, "'messages'"],
    [{ model: 'm', messages: ['x'] }, "'messages'"],
    [{ model: 'm', messages: [{ role: 'user', content: 'x' }], max_tokens: 0 }, "'max_tokens'"],
    [{ model: 'm', messages: [{ role: 'user', content: 'x' }], max_completion_tokens: '5' }, "'max_completion_tokens'"],
    [{ model: 'm', messages: [{ role: 'user', content: 'x' }], n: 3 }, "'n'"],
  ])('answers %j with a 400', async (body, message) => {
    const simulator = await start();
    const response = await post(simulator, '/v1/chat/completions', body);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error.type).toBe('invalid_request_error');
    expect(error.message).toContain(message);
    expect(simulator.provider.stats().accepted).toBe(0);
  });

  it('survives nesting that overflows the stack, a script that throws, and an unknown path', async () => {
    const simulator = await start({
      script: ({ body }) => {
        if (body['user'] === 'bad') throw new Error('script broke');
        return undefined;
      },
    });
    const deep = `{"model":"m","messages":[{"role":"user","content":${'['.repeat(50_000)}${']'.repeat(50_000)}}]}`;
    expect((await post(simulator, '/v1/chat/completions', deep)).status).toBeGreaterThanOrEqual(400);
    expect((await chat(simulator, { user: 'bad' })).status).toBe(500);
    expect((await post(simulator, '/v1/nothing', {})).status).toBe(404);
    expect((await fetch(`${simulator.url}/v1/chat/completions`)).status).toBe(404);
    expect((await chat(simulator)).status).toBe(200);
  });

  it('refuses a body above its size with a 413', async () => {
    const simulator = await start({ maxBodyBytes: 1000 });
    const response = await post(simulator, '/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'x'.repeat(2000) }] });
    expect(response.status).toBe(413);
    expect(await response.text()).toMatch(/larger than 1000 bytes\. .* maxBodyBytes/);
  });

  it('says why it cannot listen', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(`can't listen on 127.0.0.1:${port}`);
  });
});

describe('faults over HTTP', () => {
  const slow = { latency: { headersMs: { min: 0, max: 0 }, bodyMs: { min: 60, max: 60 } }, faults: { stallMs: 40 } };
  const fault = (kind: string, stream: boolean) => ({ stream, metadata: { simulate: `fault=${kind} output_tokens=400` } });

  it.each([false, true])('each is what a client would see (stream %s)', async (stream) => {
    const simulator = await start(slow);
    expect((await chat(simulator, fault('serverError', stream))).status).toBeGreaterThanOrEqual(500);
    await expect(chat(simulator, fault('reset', stream))).rejects.toThrow();
    const stalled = await chat(simulator, fault('stall', stream));
    expect(stalled.status).toBe(200);
    await expect(stalled.text()).rejects.toThrow();
    expect((await chat(simulator, fault('none', stream))).status).toBe(200);
  });

  it.each([false, true])('pages, junk, long lines and resets over a socket (stream %s)', async (stream) => {
    const simulator = await start({ ...slow, faults: { stallMs: 40, longLineBytes: 300_000 } });
    const page = await chat(simulator, fault('badGateway', stream));
    expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html; charset=UTF-8']);
    expect(await (await chat(simulator, fault('html', stream))).text()).toMatch(/^<!DOCTYPE html>/);
    expect(await (await chat(simulator, fault('longLine', stream))).text()).toMatch(/x{300000}$/);
    const junk = await (await chat(simulator, fault('garbage', stream))).text();
    expect(junk).toContain('[object Object]');
    await expect((await chat(simulator, fault('resetInBody', stream))).text()).rejects.toThrow();
    await expect(chat(simulator, fault('stallHeaders', stream))).rejects.toThrow();
    const odd = await chat(simulator, fault('nonsenseHeaders', stream));
    expect([odd.status, odd.headers.get('retry-after')]).toEqual([200, 'soon']);
    await odd.text();
    const refused = await chat(simulator, fault('rateLimit', stream));
    expect([refused.status, (await errorOf(refused)).code]).toEqual([429, 'rate_limit_exceeded']);
    expect(simulator.provider.stats()).toMatchObject({ faults: 8, refused: 0 });
  });

  it('a truncated stream ends without its terminal event', async () => {
    const simulator = await start(slow);
    const text = await (await chat(simulator, fault('truncate', true))).text();
    expect(text).toContain('"role":"assistant"');
    expect(text).not.toContain('[DONE]');
    expect(text).not.toContain('"finish_reason":"stop"');
  });

  it.each([slow.latency, undefined])('a truncated body breaks off (latency %j)', async (latency) => {
    const simulator = await start({ latency });
    const response = await chat(simulator, fault('truncate', false));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('an error inside a 200, whole and streamed', async () => {
    const simulator = await start();
    const whole = await chat(simulator, fault('errorInBody', false));
    expect(whole.status).toBe(200);
    expect((await errorOf(whole)).type).toBe('server_error');
    const text = await (await chat(simulator, fault('errorInBody', true))).text();
    expect(text).not.toContain('[DONE]');
    expect(errorShape.parse(JSON.parse(events(text).at(-1) ?? '')).error.type).toBe('server_error');
    const responses = { model: 'm', input: 'x', ...fault('errorInBody', true) };
    const types = events(await (await post(simulator, '/v1/responses', responses)).text()).map(
      (data) => z.object({ type: z.string() }).parse(JSON.parse(data)).type,
    );
    expect(types.slice(-2)).toEqual(['error', 'response.failed']);
  });

  it('a client that hangs up stops the generation; the call stays counted', async () => {
    const limits = [{ type: 'otpm', limit: 10_000, windowMs: 60_000, mechanism: 'bucket' }] as const;
    const latency = { headersMs: { min: 0, max: 0 }, bodyMs: { min: 5000, max: 5000 } };
    const simulator = await start({ limits, latency, cost: 'metered-output' });
    const controller = new AbortController();
    const response = await chat(simulator, { stream: true, metadata: { simulate: 'output_tokens=4000' } }, { signal: controller.signal });
    expect(response.status).toBe(200);
    controller.abort();
    const deadline = systemClock.now() + 3000;
    while (simulator.provider.stats().aborted === 0 && systemClock.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
    const stats = simulator.provider.stats();
    expect(stats).toMatchObject({ accepted: 1, aborted: 1 });
    expect(stats.limits[0]?.accepted).toBeLessThan(4000);
  });
});

describe('responses', () => {
  const shape = z.object({
    object: z.literal('response'),
    status: z.string(),
    incomplete_details: z.object({ reason: z.string() }).nullable(),
    output: z.array(z.looseObject({ type: z.string() })),
    usage: z.object({ input_tokens: z.number(), output_tokens: z.number(), total_tokens: z.number() }),
  });

  it('answers whole: text, tool call, refusal, length', async () => {
    const simulator = await start();
    const ask = async (simulate: string, more: object = {}) => {
      const response = await post(simulator, '/v1/responses', { model: 'm', input: 'four', metadata: { simulate }, ...more });
      return shape.parse(await response.json());
    };
    const plain = await ask('output_tokens=2');
    expect(plain).toMatchObject({ status: 'completed', usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } });
    expect(plain.output[0]).toMatchObject({ type: 'message', content: [{ type: 'output_text', text: expect.stringMatching(/^.{8}$/) }] });
    expect((await ask('refusal')).output[0]).toMatchObject({ content: [{ type: 'refusal' }] });
    const call = (await ask('tool_call', { tools: [{ type: 'function', name: 'find' }] })).output[0];
    expect(call).toMatchObject({ type: 'function_call', name: 'find', arguments: expect.stringMatching(/^\{"query":/) });
    expect(await ask('length', { max_output_tokens: 3 })).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
  });

  it.each([
    ['answer', 'response.output_text.delta', 'response.completed'],
    ['refusal', 'response.refusal.delta', 'response.completed'],
    ['tool_call', 'response.function_call_arguments.delta', 'response.completed'],
    ['length', 'response.output_text.delta', 'response.incomplete'],
  ])('streams %s as numbered events', async (kind, deltaType, last) => {
    const simulator = await start();
    const body = { model: 'm', input: [{ role: 'user', content: 'x' }], stream: true, metadata: { simulate: `${kind} output_tokens=50` } };
    const text = await (await post(simulator, '/v1/responses', body)).text();
    const eventShape = z.object({
      type: z.string(),
      sequence_number: z.number(),
      delta: z.string().optional(),
      response: z.unknown().optional(),
    });
    const all = events(text).map((data) => eventShape.parse(JSON.parse(data)));
    expect(all.map((event) => event.sequence_number)).toEqual(all.map((_, index) => index));
    expect(all[0]?.type).toBe('response.created');
    expect(all.at(-1)?.type).toBe(last);
    const joined = all.flatMap((event) => (event.type === deltaType ? event.delta : [])).join('');
    expect(kind === 'tool_call' ? JSON.parse(joined).query : joined).toHaveLength(200);
    expect(shape.parse(all.at(-1)?.response).usage.output_tokens).toBe(50);
    expect(text.match(/^event: /gm)).toHaveLength(all.length);
  });

  it.each([[{ input: 'x' }], [{ model: 'm' }], [{ model: 'm', input: [] }], [{ model: 'm', input: 'x', max_output_tokens: -1 }]])(
    'answers %j with a 400',
    async (body) => {
      expect((await post(await start(), '/v1/responses', body)).status).toBe(400);
    },
  );
});

describe('embeddings', () => {
  const shape = z.object({
    data: z.array(z.object({ index: z.number(), embedding: z.unknown() })),
    usage: z.object({ prompt_tokens: z.number() }),
  });

  it('gives the same vectors as floats and as base64, of length 1', async () => {
    const simulator = await start();
    const input = ['some text', 'other'];
    const ask = async (more: object) =>
      shape.parse(await (await post(simulator, '/v1/embeddings', { model: 'e', input, dimensions: 8, ...more })).json());
    const floats = await ask({});
    const encoded = await ask({ encoding_format: 'base64' });
    const vectors = floats.data.map(({ embedding }) => z.array(z.number()).length(8).parse(embedding));
    for (const [index, vector] of vectors.entries()) {
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
      const bytes = Buffer.from(z.string().parse(encoded.data[index]?.embedding), 'base64');
      const decoded = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      expect([...decoded]).toEqual(vector);
    }
    expect(vectors[0]).not.toEqual(vectors[1]);
    expect(floats.usage.prompt_tokens).toBe(3 + 2);
    expect((await ask({ input: [[1, 2, 3], [4]] })).usage.prompt_tokens).toBe(4);
  });

  it.each([
    [{ input: 'x' }],
    [{ model: 'm' }],
    [{ model: 'm', input: '' }],
    [{ model: 'm', input: 'x', dimensions: 0 }],
    [{ model: 'm', input: 'x', encoding_format: 'int8' }],
  ])('answers %j with a 400', async (body) => {
    expect((await post(await start(), '/v1/embeddings', body)).status).toBe(400);
  });
});

describe('administration', () => {
  it('shows its statistics and starts them afresh', async () => {
    const simulator = await start({ limits: [{ type: 'rpm', limit: 10, windowMs: 60_000, mechanism: 'sliding' }] });
    await chat(simulator);
    const read = async () => (await fetch(`${simulator.url}/__stats`)).json();
    const row = {
      model: 'gpt-x',
      type: 'rpm',
      limit: 10,
      windowMs: 60_000,
      mechanism: 'sliding',
      accepted: 1,
      mostInAnyWindow: 1,
      share: 0.1,
    };
    expect(await read()).toEqual({ accepted: 1, refused: 0, faults: 0, aborted: 0, limits: [row] });
    expect((await fetch(`${simulator.url}/__reset`, { method: 'POST' })).status).toBe(200);
    expect(await read()).toMatchObject({ accepted: 0, limits: [{ accepted: 0, mostInAnyWindow: 0 }] });
  });
});
