import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { type SimulatedLimit, simulatedFetch, simulateHttp } from '../../src/simulator/index.ts';
import { ANTHROPIC, eventsOf, message, post, setUp, textOf } from './in-process.ts';

const LIMITS: readonly SimulatedLimit[] = [
  { type: 'rpm', limit: 50, windowMs: 60_000, mechanism: 'bucket' },
  { type: 'itpm', limit: 30_000, windowMs: 60_000, mechanism: 'bucket' },
  { type: 'otpm', limit: 8000, windowMs: 60_000, mechanism: 'bucket' },
];
const METERED = { limits: LIMITS, cost: 'metered-output', dialect: 'anthropic' } as const;

describe('messages', () => {
  it('answers with content, stop reason, usage and the four groups of headers', async () => {
    const { provider } = setUp(METERED);
    const answer = await post(provider, '/v1/messages', message({ metadata: { simulate: 'output_tokens=3' } }), ANTHROPIC);
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({
      id: expect.stringMatching(/^msg_/),
      type: 'message',
      role: 'assistant',
      model: 'claude',
      content: [{ type: 'text', text: expect.stringMatching(/^.{12}$/) }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 3 },
    });
    expect(answer.headers['request-id']).toMatch(/^req_/);
    expect(answer.headers).toMatchObject({
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2025-01-01T00:00:02Z',
      'anthropic-ratelimit-input-tokens-limit': '30000',
      'anthropic-ratelimit-input-tokens-remaining': '30000',
      'anthropic-ratelimit-output-tokens-limit': '8000',
      'anthropic-ratelimit-output-tokens-remaining': '8000',
      'anthropic-ratelimit-tokens-limit': '30000',
    });
    expect(Object.keys(answer.headers).some((name) => name.startsWith('x-ratelimit'))).toBe(false);
  });

  it('rounds remaining tokens to the nearest thousand, or not', async () => {
    for (const [roundRemaining, remaining] of [
      [true, '29000'],
      [false, '28601'],
    ] as const) {
      const { provider } = setUp({ ...METERED, roundRemaining });
      const answer = await post(provider, '/v1/messages', message({ system: 'x'.repeat(4 * 1398) }), ANTHROPIC);
      expect(answer.headers['anthropic-ratelimit-input-tokens-remaining']).toBe(remaining);
    }
  });

  it('streams its events in order, with cumulative usage at the end', async () => {
    const { provider } = setUp(METERED);
    const body = message({ stream: true, metadata: { simulate: 'output_tokens=5, cached_tokens=1' } });
    const events = eventsOf((await post(provider, '/v1/messages', body, ANTHROPIC)).text);
    const names = events.map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(['message_start', 'content_block_start', 'ping']);
    expect(names.slice(3, -3).every((name) => name === 'content_block_delta')).toBe(true);
    expect(names.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop']);
    for (const { name, data } of events) expect(JSON.parse(data).type).toBe(name);
    expect(JSON.parse(events[0]?.data ?? '').message).toMatchObject({
      content: [],
      stop_reason: null,
      usage: { input_tokens: 0, cache_read_input_tokens: 1, output_tokens: 1 },
    });
    const texts = events.flatMap(({ data }) => JSON.parse(data).delta?.text ?? []);
    expect(texts.join('')).toHaveLength(20);
    expect(JSON.parse(events.at(-2)?.data ?? '')).toMatchObject({ delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } });
  });

  it.each([
    ['length', 'max_tokens', null],
    ['refusal', 'refusal', null],
    ['stop_sequence', 'stop_sequence', 'END'],
    ['tool_call', 'tool_use', null],
  ])('%s ends with %s', async (simulate, stopReason, stopSequence) => {
    const { provider } = setUp();
    const body = message({ stop_sequences: ['END'], tools: [{ name: 'find', input_schema: {} }], metadata: { simulate } });
    const whole = (await post(provider, '/v1/messages', body, ANTHROPIC)).json();
    expect(whole).toMatchObject({ stop_reason: stopReason, stop_sequence: stopSequence });
    const events = eventsOf((await post(provider, '/v1/messages', { ...body, stream: true }, ANTHROPIC)).text);
    expect(JSON.parse(events.at(-2)?.data ?? '').delta).toEqual({ stop_reason: stopReason, stop_sequence: stopSequence });
    if (simulate !== 'tool_call') return;
    expect(whole.content[0]).toMatchObject({ type: 'tool_use', name: 'find', input: { query: expect.any(String) } });
    const start = events.find(({ name }) => name === 'content_block_start');
    expect(JSON.parse(start?.data ?? '').content_block).toMatchObject({ type: 'tool_use', name: 'find', input: {} });
    const json = events.flatMap(({ data }) => JSON.parse(data).delta?.partial_json ?? []).join('');
    expect(JSON.parse(json)).toEqual({ query: expect.any(String) });
  });

  it.each([
    [{ max_tokens: undefined }, 'max_tokens: Field required'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ messages: [] }, 'at least one message'],
    [{ messages: [{ role: 'system', content: 'x' }] }, 'messages.0.role'],
    [{ model: undefined }, 'model: Field required'],
  ])('answers %j with a 400 in its envelope', async (more, text) => {
    const { provider } = setUp();
    const answer = await post(provider, '/v1/messages', message(more), ANTHROPIC);
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining(text) },
      request_id: answer.headers['request-id'],
    });
    expect(provider.stats().accepted).toBe(0);
  });

  it('wants a version, a key it knows, and a prompt that fits', async () => {
    const { provider } = setUp({ apiKey: 'k1', contextTokens: 100, models: ['claude'] });
    const ask = (body: object, headers: Record<string, string>) => post(provider, '/v1/messages', body, headers);
    expect((await ask(message(), { 'x-api-key': 'k1' })).json().error.message).toContain('anthropic-version');
    const denied = await ask(message(), { ...ANTHROPIC, 'x-api-key': 'k2' });
    expect([denied.status, denied.json().error.type]).toEqual([401, 'authentication_error']);
    expect((await ask(message(), { 'anthropic-version': '1', authorization: 'Bearer k1' })).status).toBe(200);
    const long = await ask(message({ system: 'x'.repeat(1000) }), ANTHROPIC);
    expect([long.status, long.json().error.message]).toEqual([400, 'prompt is too long: 251 tokens > 100 maximum']);
    const unknown = await ask(message({ model: 'gpt' }), ANTHROPIC);
    expect([unknown.status, unknown.json().error.type]).toEqual([404, 'not_found_error']);
  });

  it('refuses over a limit with its error, seconds to wait, and no milliseconds', async () => {
    const { provider, clock } = setUp({ ...METERED, limits: [{ type: 'itpm', limit: 30_000, windowMs: 60_000, mechanism: 'bucket' }] });
    const body = message({ system: 'x'.repeat(4 * 29_000) });
    expect((await post(provider, '/v1/messages', body, ANTHROPIC)).status).toBe(200);
    const refused = await post(provider, '/v1/messages', body, ANTHROPIC);
    expect(refused.status).toBe(429);
    expect(refused.json().error).toMatchObject({
      type: 'rate_limit_error',
      message: expect.stringContaining('30,000 input tokens per minute'),
    });
    expect(refused.headers['retry-after']).toBe('57');
    expect(refused.headers['retry-after-ms']).toBeUndefined();
    await clock.advance(57_000);
    expect((await post(provider, '/v1/messages', body, ANTHROPIC)).status).toBe(200);
  });

  it('counts tokens and lists models in its own shapes', async () => {
    const { provider } = setUp({ models: ['claude-a', 'claude-b'], limits: LIMITS });
    const { max_tokens: _, ...body } = message({ model: 'claude-a' });
    expect((await post(provider, '/v1/messages/count_tokens', body, ANTHROPIC)).json()).toEqual({ input_tokens: 1 });
    expect((await post(provider, '/v1/messages/count_tokens', {}, ANTHROPIC)).status).toBe(400);
    const get = async (path: string, headers: Record<string, string>) =>
      JSON.parse(await textOf(await simulateHttp(provider, { method: 'GET', path, headers })));
    const list = await get('/v1/models', ANTHROPIC);
    expect(list).toMatchObject({ has_more: false, first_id: 'claude-a', last_id: 'claude-b' });
    expect(list.data[0]).toEqual({ type: 'model', id: 'claude-a', display_name: 'claude-a', created_at: '2025-01-01T00:00:00Z' });
    expect((await get('/v1/models', {})).data[0].object).toBe('model');
    expect((await get('/v1/models/none', ANTHROPIC)).error.type).toBe('not_found_error');
    expect(provider.stats().accepted).toBe(0);
  });

  it('an error inside a stream has no message_stop after it', async () => {
    const { provider } = setUp({ seed: 3 });
    const body = message({ stream: true, metadata: { simulate: 'fault=errorInBody' } });
    const { text, status } = await post(provider, '/v1/messages', body, ANTHROPIC);
    expect(status).toBe(200);
    const last = eventsOf(text).at(-1);
    expect(last?.name).toBe('error');
    expect(JSON.parse(last?.data ?? '')).toMatchObject({
      type: 'error',
      error: { type: expect.stringMatching(/^(api|overloaded)_error$/) },
    });
    expect(text).not.toContain('message_stop');
  });
});

describe('the official SDK', () => {
  const client = (provider: ReturnType<typeof setUp>['provider']) =>
    new Anthropic({ apiKey: 'k1', fetch: simulatedFetch(provider), maxRetries: 0 });

  it('reads messages, streams with tools, counts, lists and errors', async () => {
    const { provider } = setUp({ models: ['claude'] });
    const anthropic = client(provider);
    const ask = {
      model: 'claude',
      max_tokens: 40,
      messages: [{ role: 'user' as const, content: 'Hi [[simulate: tool_call output_tokens=6]]' }],
    };
    const tools = [{ name: 'find', input_schema: { type: 'object' as const } }];
    const whole = await anthropic.messages.create({ ...ask, tools });
    const streamed = await anthropic.messages.stream({ ...ask, tools }).finalMessage();
    expect(streamed.content[0]).toMatchObject({ type: 'tool_use', name: 'find', input: { query: expect.stringMatching(/^.{24}$/) } });
    expect(streamed.usage.output_tokens).toBe(6);
    expect(whole.content[0]).toMatchObject({ name: 'find' });
    expect(await anthropic.messages.countTokens({ model: 'claude', messages: ask.messages })).toMatchObject({ input_tokens: 11 });
    expect((await anthropic.models.list()).data.map(({ id }) => id)).toEqual(['claude']);
    const failing = { ...ask, messages: [{ role: 'user' as const, content: '[[simulate: fault=overloaded]]' }] };
    await expect(anthropic.messages.create(failing)).rejects.toMatchObject({ status: 529 });
    await expect(anthropic.messages.stream({ ...ask, model: 'none' }).finalMessage()).rejects.toMatchObject({ status: 404 });
  });
});
