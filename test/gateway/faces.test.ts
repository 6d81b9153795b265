import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { headersOf } from '../../src/gateway/http/answer-headers.ts';
import { gatewayWorld } from './gateway-world.ts';

const openaiOf = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' });
const anthropicOf = (url: string) => new Anthropic({ baseURL: url, apiKey: 'none' });
const PROMPT = { role: 'user' as const, content: 'Say something short.' };
const TOOL = {
  name: 'look_up',
  description: 'Looks a word up.',
  schema: { type: 'object' as const, properties: { word: { type: 'string' } } },
};

describe('the OpenAI face, asked by the official SDK', () => {
  it.each(['gpt', 'claude'])('answers chat completions of %s, whole and streamed', async (model) => {
    const { url } = await gatewayWorld();
    const client = openaiOf(url);
    const whole = await client.chat.completions.create({ model, max_tokens: 20, messages: [PROMPT] });
    expect(whole.choices[0]?.message.content).toBeTruthy();
    expect(whole.usage?.completion_tokens).toBeGreaterThan(0);
    const stream = await client.chat.completions.create({ model, max_tokens: 20, messages: [PROMPT], stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).not.toBe('');
  });

  it.each(['gpt', 'claude'])('answers responses of %s', async (model) => {
    const { url } = await gatewayWorld();
    const response = await openaiOf(url).responses.create({ model, input: 'Say something short.', max_output_tokens: 20 });
    expect(response.output_text).toBeTruthy();
  });

  it.each(['gpt', 'claude'])('lets %s call a tool', async (model) => {
    const { url } = await gatewayWorld();
    const answer = await openaiOf(url).chat.completions.create({
      model,
      max_tokens: 50,
      messages: [PROMPT],
      tools: [{ type: 'function', function: { name: TOOL.name, description: TOOL.description, parameters: TOOL.schema } }],
      tool_choice: 'required',
    });
    expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
    expect(answer.choices[0]?.message.tool_calls?.[0]).toMatchObject({ type: 'function', function: { name: TOOL.name } });
  });

  it('answers embeddings, and refuses them clearly where the model has none', async () => {
    const { url } = await gatewayWorld();
    const { data } = await openaiOf(url).embeddings.create({ model: 'gpt', input: ['one', 'two'] });
    expect(data).toHaveLength(2);
    await expect(openaiOf(url).embeddings.create({ model: 'claude', input: 'one' })).rejects.toMatchObject({ status: 400 });
  });

  it('lists the models', async () => {
    const { url } = await gatewayWorld();
    const ids: string[] = [];
    for await (const { id } of openaiOf(url).models.list()) ids.push(id);
    expect(ids).toEqual(['gpt', 'claude']);
    expect((await openaiOf(url).models.retrieve('claude')).id).toBe('claude');
  });

  it('says that a model is unknown as OpenAI does', async () => {
    const { url } = await gatewayWorld();
    const asking = openaiOf(url).chat.completions.create({ model: 'nobody', messages: [PROMPT] });
    await expect(asking).rejects.toSatisfy((error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_registered');
  });
});

describe('the Anthropic face, asked by the official SDK', () => {
  it.each(['gpt', 'claude'])('answers messages of %s, whole and streamed', async (model) => {
    const { url } = await gatewayWorld();
    const client = anthropicOf(url);
    const whole = await client.messages.create({ model, max_tokens: 20, messages: [PROMPT] });
    expect(whole.content[0]).toMatchObject({ type: 'text' });
    expect(whole.usage.output_tokens).toBeGreaterThan(0);
    const final = await client.messages.stream({ model, max_tokens: 20, messages: [PROMPT] }).finalMessage();
    expect(final.content[0]).toMatchObject({ type: 'text' });
    expect(final.stop_reason).toBeTruthy();
  });

  it.each(['gpt', 'claude'])('lets %s use a tool', async (model) => {
    const { url } = await gatewayWorld();
    const answer = await anthropicOf(url).messages.create({
      model,
      max_tokens: 50,
      messages: [PROMPT],
      tools: [{ name: TOOL.name, description: TOOL.description, input_schema: TOOL.schema }],
      tool_choice: { type: 'any' },
    });
    expect(answer.content.at(-1)).toMatchObject({ type: 'tool_use', name: TOOL.name });
  });

  it('lists the models', async () => {
    const { url } = await gatewayWorld();
    const ids: string[] = [];
    for await (const { id } of anthropicOf(url).models.list()) ids.push(id);
    expect(ids).toEqual(['gpt', 'claude']);
  });

  it('says that a model is unknown as Anthropic does', async () => {
    const { url } = await gatewayWorld();
    const asking = anthropicOf(url).messages.create({ model: 'nobody', max_tokens: 5, messages: [PROMPT] });
    await expect(asking).rejects.toSatisfy((error) => error instanceof Anthropic.NotFoundError);
  });
});

describe('what an answer says of its way', () => {
  it('names request, deployment, attempts, time in queue, position, and what is left', async () => {
    const { url, openai } = await gatewayWorld({ model: { rateLimiters: [{ type: 'rpm', limit: 100 }] } });
    const { response } = await openaiOf(url)
      .chat.completions.create({ model: 'gpt', max_tokens: 5, messages: [PROMPT] })
      .withResponse();
    const headers = Object.fromEntries(response.headers);
    expect(headers).toMatchObject({
      'x-headgate-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-headgate-deployment': expect.any(String),
      'x-headgate-attempts': '1',
      'x-headgate-queue-ms': expect.stringMatching(/^\d+$/),
      'x-headgate-position': '0',
      'x-ratelimit-limit-requests': '100',
    });
    expect(Number(headers['x-ratelimit-remaining-requests'])).toBeLessThanOrEqual(100);
    expect(openai.provider.stats().accepted).toBe(1);
  });

  it('hands on nothing of the upstream’s own account and limits', async () => {
    const { url } = await gatewayWorld({ openai: { limits: [{ type: 'rpm', limit: 7, windowMs: 60_000, mechanism: 'bucket' }] } });
    const { response } = await openaiOf(url)
      .chat.completions.create({ model: 'gpt', max_tokens: 5, messages: [PROMPT] })
      .withResponse();
    expect(response.headers.get('x-ratelimit-limit-requests')).not.toBe('7');
    expect(response.headers.get('openai-organization')).toBeNull();
  });

  it('leaves out what tells of an account or gives browsers rules, and keeps what concerns the call', () => {
    const upstream = {
      ...{ 'access-control-allow-origin': '*', 'access-control-expose-headers': 'x', 'x-ratelimitbysize-remaining-month': '9' },
      ...{ 'anthropic-priority-input-tokens-limit': '9', 'anthropic-fast-output-tokens-remaining': '9', 'www-authenticate': 'Bearer' },
      ...{ location: 'https://elsewhere.example', 'set-cookie': 'a=b', 'x-request-id': 'r1', 'openai-processing-ms': '4' },
    };
    expect(headersOf(upstream, {})).toEqual({ 'x-request-id': 'r1', 'openai-processing-ms': '4' });
  });
});
