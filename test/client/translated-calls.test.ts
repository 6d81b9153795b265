import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { at, chatBody, KEY, type World, world } from './headgate-world.ts';

const CALLERS_KEY = 'sk-of-the-caller';
const CLAUDE = { provider: 'anthropic', baseUrl: 'https://claude.test', apiKey: KEY };
const MESSAGES = [{ role: 'user' as const, content: 'What is a weir?' }];
let open: World | undefined;

afterEach(async () => {
  await open?.headgate.close({ force: true });
});

async function start(...how: Parameters<typeof world>): Promise<World> {
  open = await world(...how);
  return open;
}

const openAi = ({ headgate }: World) =>
  new OpenAI({ fetch: headgate.fetch(), baseURL: 'https://a.test/v1', apiKey: CALLERS_KEY, maxRetries: 0 });
const anthropic = ({ headgate }: World) =>
  new Anthropic({ fetch: headgate.fetch(), baseURL: 'https://claude.test', apiKey: CALLERS_KEY, maxRetries: 0 });

const atClaude = (more: object = {}) => start({ models: { claude: { deployments: [{ ...CLAUDE, ...more }] } } }, { 'claude.test': {} });
const atOpenAi = () => start({ models: { gpt: { deployments: [at('a.test')] } } }, { 'a.test': {} });

describe('a call to a model of the other protocol', () => {
  it('is made there with the deployment’s key, and answered in its own form', async () => {
    const w = await atClaude();

    const answer = await w.during(openAi(w).chat.completions.create({ model: 'claude', messages: MESSAGES }));

    expect(answer.choices[0]?.message.content).toEqual(expect.stringMatching(/\S/));
    expect(answer.usage?.total_tokens).toBeGreaterThan(0);
    expect(w.sent.map(({ origin, path }) => origin + path)).toEqual(['https://claude.test/v1/messages']);
    expect(JSON.stringify(w.sent)).not.toContain(CALLERS_KEY);
  });

  it('streams, and the limits are settled with what was used', async () => {
    const w = await start(
      { models: { claude: { deployments: [{ ...CLAUDE, rateLimiters: [{ type: 'otpm', limit: 10_000 }] }] } } },
      { 'claude.test': { script: () => ({ outputTokens: 7 }) } },
    );
    const read = async () => {
      const texts: string[] = [];
      const stream = await openAi(w).chat.completions.create({ model: 'claude', messages: MESSAGES, max_tokens: 500, stream: true });
      for await (const chunk of stream) texts.push(chunk.choices[0]?.delta.content ?? '');
      return texts.join('');
    };

    expect(await w.during(read())).toMatch(/\S/);
    expect(w.headgate.status().models[0]?.deployments[0]?.rateLimiters).toMatchObject([{ type: 'otpm', available: 10_000 - 7 }]);
  });

  it('goes the other way too, and from the Responses API by way of both', async () => {
    const w = await atOpenAi();
    const message = await w.during(anthropic(w).messages.create({ model: 'gpt', max_tokens: 50, messages: MESSAGES }));
    expect(message).toMatchObject({ type: 'message', role: 'assistant', content: [{ type: 'text' }] });
    await w.headgate.close();

    const other = await atClaude();
    const response = await other.during(openAi(other).responses.create({ model: 'claude', input: 'What is a weir?' }));
    expect(response.output_text).toMatch(/\S/);
    expect(other.sent.map(({ path }) => path)).toEqual(['/v1/messages']);
  });

  it('falls back from one protocol to the other', async () => {
    const w = await start(
      {
        models: {
          gpt: { deployments: [at('a.test')], fallbacks: ['claude'], retry: { maxAttempts: 1 } },
          claude: { deployments: [CLAUDE] },
        },
      },
      { 'a.test': { script: () => ({ fault: 'serverError' }) }, 'claude.test': {} },
    );

    const answer = await w.during(openAi(w).chat.completions.create({ model: 'gpt', messages: MESSAGES }));

    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(w.sent.at(-1)?.origin).toBe('https://claude.test');
  });

  it('is refused with 400 before anything is sent where it can’t be said faithfully', async () => {
    const w = await atClaude();
    const asked = openAi(w).chat.completions.create({ model: 'claude', messages: MESSAGES, n: 2 });

    const error = await w.during(asked).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ status: 400, code: 'untranslatable', message: expect.stringContaining("'n'") });
    expect(w.sent).toHaveLength(0);
    expect(w.headgate.status().models[0]).toMatchObject({ queueSize: 0, processing: 0 });
  });

  it('goes to the deployment that speaks its protocol where another can’t take it', async () => {
    const w = await start(
      { models: { either: { deployments: [CLAUDE, at('a.test')], balancer: 'round-robin' } } },
      { 'claude.test': {}, 'a.test': {} },
    );
    const call = () => w.during(openAi(w).chat.completions.create({ model: 'either', messages: MESSAGES, seed: 1 }));

    await call();
    await call();

    expect(w.sent.map(({ origin }) => origin)).toEqual(['https://a.test', 'https://a.test']);
  });

  it('fails in the caller’s own form, with the provider’s status and words', async () => {
    const w = await start(
      { models: { claude: { deployments: [{ ...CLAUDE, apiKey: 'sk-ant-that-is-wrong' }] } } },
      { 'claude.test': { apiKey: 'another' } },
    );

    const error = await w
      .during(openAi(w).chat.completions.create({ model: 'claude', messages: MESSAGES }))
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ status: 401, type: 'authentication_error' });
  });

  it('never carries its caller’s key to another provider', async () => {
    const w = await atClaude({ apiKey: undefined });

    const response = await w.during(
      w.headgate.fetch()('https://a.test/v1/chat/completions', {
        method: 'POST',
        headers: { authorization: `Bearer ${CALLERS_KEY}` },
        body: JSON.stringify(chatBody({ model: 'claude' })),
      }),
    );

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('An apiKey of its own') } });
    expect(w.sent).toHaveLength(0);
  });

  it('fails for the reason of the model that was asked for where a fallback has no words for it', async () => {
    const w = await start(
      {
        models: {
          gpt: { deployments: [at('a.test')], fallbacks: ['claude'], retry: { maxAttempts: 1 } },
          claude: { deployments: [CLAUDE] },
        },
      },
      { 'a.test': { script: () => ({ fault: 'serverError' }) }, 'claude.test': {} },
    );

    const error = await w
      .during(openAi(w).chat.completions.create({ model: 'gpt', messages: MESSAGES, seed: 1 }))
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(w.sent.map(({ origin }) => origin)).toEqual(['https://a.test']);
  });
});
