import { describe, expect, it } from 'vitest';
import type { SimulatedLimit } from '../../src/simulator/index.ts';
import { chat, eventsOf, post, setUp } from './in-process.ts';

const PATH = '/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21';
const KEY = { 'api-key': 'k1' };
const TPM: SimulatedLimit = { type: 'tpm', limit: 1000, windowMs: 60_000, mechanism: 'fixed' };

describe('Azure', () => {
  it('serves deployments by path, with or without /openai, and its newer paths', async () => {
    const { provider } = setUp({ apiKey: 'k1', limits: [TPM], dialect: 'azure' });
    for (const path of [PATH, PATH.replace('/openai', ''), PATH.replace('chat/completions', 'responses')]) {
      const answer = await post(provider, path, { messages: chat().messages, input: 'x' }, KEY);
      expect([answer.status, answer.json().model]).toEqual([200, 'my gpt']);
      expect(answer.headers['apim-request-id']).toMatch(/^req_/);
      expect(answer.headers['x-ratelimit-reset-tokens']).toMatch(/^\d+$/);
    }
    expect((await post(provider, '/openai/v1/chat/completions', chat(), KEY)).status).toBe(200);
    expect((await post(provider, '/openai/v1/embeddings', { model: 'e', input: 'x' }, { authorization: 'Bearer k1' })).status).toBe(200);
  });

  it('wants an api-version and a key, and answers in its own words', async () => {
    const { provider } = setUp({ apiKey: 'k1', models: ['known'], dialect: 'azure' });
    expect((await post(provider, PATH.split('?')[0] ?? '', chat(), KEY)).status).toBe(404);
    const denied = await post(provider, PATH, chat(), { 'api-key': 'wrong' });
    expect([denied.status, denied.json().error.code]).toEqual([401, '401']);
    const missing = await post(provider, PATH, chat(), KEY);
    expect([missing.status, missing.json().error.code]).toEqual([404, 'DeploymentNotFound']);
  });

  it("begins a stream with the filter's verdict in a chunk without choices", async () => {
    const { provider } = setUp();
    const [first, second] = eventsOf((await post(provider, PATH, chat({ stream: true }))).text);
    expect(JSON.parse(first?.data ?? '')).toMatchObject({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] });
    expect(JSON.parse(second?.data ?? '').choices[0].delta.role).toBe('assistant');
  });

  it('refuses with whole seconds, milliseconds and a wait that is right', async () => {
    const { provider, clock } = setUp({ limits: [TPM], dialect: 'azure', cost: 'azure' });
    await post(provider, PATH, chat({ max_tokens: 900 }));
    const refused = await post(provider, PATH, chat({ max_tokens: 900 }));
    expect(refused.status).toBe(429);
    const waitMs = Number(refused.headers['retry-after-ms']);
    expect(Number(refused.headers['retry-after'])).toBe(Math.ceil(waitMs / 1000));
    expect(refused.json().error.message).toContain(`Please retry after ${refused.headers['retry-after']} seconds.`);
    expect(refused.headers['x-ratelimit-reset-tokens']).toBe(refused.headers['retry-after']);
    await clock.advance(waitMs);
    expect((await post(provider, PATH, chat({ max_tokens: 900 }))).status).toBe(200);
  });

  it('sends the sentinels, a negative remainder, or a refusal with status 200, when asked to', async () => {
    const sentinels = setUp({ limits: [TPM], cost: 'azure', azure: { sentinels: true } }).provider;
    const sent = await post(sentinels, PATH, chat({ max_tokens: 900 }));
    expect(sent.headers).toMatchObject({
      'x-ratelimit-limit-tokens': '-1',
      'x-ratelimit-remaining-tokens': '-1',
      'x-ratelimit-reset-tokens': '0',
    });
    const silent = await post(sentinels, PATH, chat({ max_tokens: 900 }));
    expect([silent.status, silent.headers['retry-after'], silent.headers['retry-after-ms']]).toEqual([429, undefined, undefined]);
    const negative = setUp({ limits: [TPM], cost: 'azure', azure: { negativeRemaining: true, refuseInStream: true } }).provider;
    await post(negative, PATH, chat({ max_tokens: 900 }));
    const whole = await post(negative, PATH, chat({ max_tokens: 900 }));
    expect([whole.status, whole.headers['x-ratelimit-remaining-tokens']]).toEqual([429, '-802']);
    const streamed = await post(negative, PATH, chat({ max_tokens: 900, stream: true }));
    expect(streamed.status).toBe(200);
    expect(Number(streamed.headers['retry-after'])).toBeGreaterThan(0);
    expect(streamed.headers['content-type']).toContain('text/event-stream');
    expect(eventsOf(streamed.text).map(({ data }) => JSON.parse(data).error.code)).toEqual(['rate_limit_exceeded']);
    const path = PATH.replace('chat/completions', 'responses');
    const responses = await post(negative, path, { input: 'x', stream: true, max_output_tokens: 900 });
    expect(responses.status).toBe(200);
    expect(eventsOf(responses.text).map(({ name }) => name)).toEqual(['response.created', 'error', 'response.failed']);
    expect(negative.stats()).toMatchObject({ accepted: 1, refused: 3, faults: 0 });
  });

  it('answers a filtered prompt with its inner error', async () => {
    const { provider } = setUp();
    const answer = await post(provider, PATH, chat({ metadata: { simulate: 'fault=contentFilter' } }));
    expect([answer.status, answer.json().error.code]).toEqual([400, 'content_filter']);
    expect(answer.json().error.innererror.code).toBe('ResponsibleAIPolicyViolation');
  });
});
