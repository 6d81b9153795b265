import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAI as createOpenAI3 } from '@ai-sdk/openai3';
import { generateText, streamText, wrapLanguageModel } from 'ai';
import { generateText as generateText6, streamText as streamText6, wrapLanguageModel as wrapLanguageModel6 } from 'ai6';
import { afterEach, describe, expect, it } from 'vitest';
import type { GuestOptions } from '../../src/client/index.ts';
import { simulatedFetch } from '../../src/simulator/index.ts';
import { type World, world } from './headgate-world.ts';

let open: World[] = [];

afterEach(async () => {
  for (const each of open) await each.headgate.close({ force: true });
  open = [];
});

type Config = Parameters<typeof world>[0];
type Simulated = Parameters<typeof world>[1][string];

const limited: Config = { models: { 'gpt-4o': { rateLimiters: [{ type: 'rpm', limit: 1_000 }] } } };

async function start(simulated: Simulated = {}, config: Config = limited): Promise<World> {
  const started = await world(config, { 'a.test': simulated });
  open.push(started);
  return started;
}

interface Question {
  readonly prompt: string;
  readonly maxRetries?: number;
  readonly abortSignal?: AbortSignal;
}

/** Both versions of the SDK, each with its own provider package. */
const versions = {
  'ai 7': (w: World, options?: GuestOptions) => {
    const openai = createOpenAI({ apiKey: 'sk-of-the-caller', fetch: simulatedFetch(w.provider('a.test')) });
    const model = wrapLanguageModel({ model: openai.chat('gpt-4o'), middleware: w.headgate.middleware(options) });
    return {
      generate: async (question: Question) => (await generateText({ model, ...question })).text,
      stream: (question: Question) => streamText({ model, onError: () => {}, ...question }).fullStream,
    };
  },
  'ai 6': (w: World, options?: GuestOptions) => {
    const openai = createOpenAI3({ apiKey: 'sk-of-the-caller', fetch: simulatedFetch(w.provider('a.test')) });
    const model = wrapLanguageModel6({ model: openai.chat('gpt-4o'), middleware: w.headgate.middleware(options) });
    return {
      generate: async (question: Question) => (await generateText6({ model, ...question })).text,
      stream: (question: Question) => streamText6({ model, onError: () => {}, ...question }).fullStream,
    };
  },
};

/** What a stream said: its text, and the error that it ended with, if any. */
async function read(parts: AsyncIterable<{ readonly type: string }>): Promise<{ text: string; error: unknown; types: string[] }> {
  let text = '';
  let error: unknown;
  const types: string[] = [];
  try {
    for await (const part of parts) {
      types.push(part.type);
      if ('text' in part && part.type === 'text-delta') text += String(part.text);
      if ('error' in part) error = part.error;
    }
  } catch (thrown) {
    error = thrown;
  }
  return { text, error, types };
}

function idle({ headgate }: World): void {
  for (const { processing, queueSize } of Object.values(headgate.queues.getAllQueuesInfo())) {
    expect({ processing, queueSize }).toEqual({ processing: 0, queueSize: 0 });
  }
}

const sent = (w: World): number => {
  const { accepted, refused, faults } = w.provider('a.test').stats();
  return Math.max(accepted + refused, faults);
};

describe.each(Object.entries(versions))('%s', (_, connect) => {
  it('generates, and counts what was used', async () => {
    const w = await start();
    const events: string[] = [];
    w.headgate.queues.events$.subscribe(({ type }) => events.push(type));

    const text = await w.during(connect(w).generate({ prompt: 'Hello' }));
    await w.clock.settle();

    expect(text.length).toBeGreaterThan(0);
    expect(events).toEqual(expect.arrayContaining(['request-submitted', 'request-completed']));
    idle(w);
  });

  it('streams as the model does, and holds its place until the end', async () => {
    const latency = { headersMs: { min: 10, max: 10 }, bodyMs: { min: 1_000, max: 1_000 } };
    const w = await start({ latency, script: () => ({ outputTokens: 16 }) });

    const reading = read(connect(w).stream({ prompt: 'Hello' }));
    await w.clock.advance(500);
    expect(w.headgate.queues.getQueueInfo('gpt-4o').processing).toBe(1);
    const { text, error, types } = await w.during(reading);

    expect({ error, last: types.at(-1) }).toEqual({ error: undefined, last: 'finish' });
    expect(text.length).toBeGreaterThan(16);
    idle(w);
  });

  it('waits for the limit', async () => {
    const w = await start({}, { models: { 'gpt-4o': { rateLimiters: [{ type: 'rpm', limit: 1 }] } } });
    const calls = connect(w);

    await w.during(Promise.all([calls.generate({ prompt: 'one' }), calls.generate({ prompt: 'two' })]));

    expect(w.clock.now()).toBeGreaterThanOrEqual(60_000);
  });

  it('waits where the provider refuses, without the SDK’s own retries', async () => {
    let calls = 0;
    const w = await start({ script: () => ({ fault: ++calls <= 5 ? 'rateLimit' : 'none' }) });

    const text = await w.during(connect(w).generate({ prompt: 'Hello', maxRetries: 0 }));

    expect(text.length).toBeGreaterThan(0);
    expect(calls).toBe(6);
  });

  it.each([
    ['serverError', 4],
    ['reset', 4],
    ['unauthorized', 1],
    ['insufficientQuota', 1],
  ] as const)('ends with the SDK’s own error and does not multiply the attempts: %s', async (fault, calls) => {
    const w = await start({ script: () => ({ fault }) });

    const error: unknown = await w.during(
      connect(w)
        .generate({ prompt: 'Hello' })
        .catch((thrown: unknown) => thrown),
    );

    expect(error).toMatchObject({ name: 'AI_APICallError', isRetryable: false });
    expect(sent(w)).toBe(calls);
    idle(w);
  });

  it('keeps a model open for others when one key is refused', async () => {
    let calls = 0;
    const w = await start({ script: () => ({ fault: ++calls === 1 ? 'unauthorized' : 'none' }) }, {});
    const { generate } = connect(w);

    await expect(w.during(generate({ prompt: 'one' }))).rejects.toMatchObject({ statusCode: 401 });
    expect(await w.during(generate({ prompt: 'two' }))).toEqual(expect.any(String));
  });

  it('asks again for a stream that breaks before its first content, and never afterwards', async () => {
    const latency = { headersMs: { min: 10, max: 10 }, bodyMs: { min: 1_000, max: 1_000 } };
    let calls = 0;
    const w = await start({ latency, script: () => ({ fault: ++calls === 1 ? 'serverError' : 'resetInBody', outputTokens: 16 }) });

    const { error, text } = await w.during(read(connect(w).stream({ prompt: 'Hello' })));
    await w.clock.advance(100_000);

    expect(text.length).toBeGreaterThan(0);
    expect(error).toBeDefined();
    expect(calls).toBe(2);
    idle(w);
  });

  it('aborts what waits, and what runs', async () => {
    const latency = { headersMs: { min: 5_000, max: 5_000 } };
    const w = await start({ latency }, { models: { 'gpt-4o': { rateLimiters: [{ type: 'concurrent', limit: 1 }] } } });
    const calls = connect(w);
    const [first, second] = [new AbortController(), new AbortController()];

    const outcomes = [first, second].map(({ signal }) =>
      calls.generate({ prompt: 'Hello', abortSignal: signal }).catch((error: unknown) => Object(error).name as unknown),
    );
    await w.clock.advance(100);
    expect(w.headgate.queues.getQueueInfo('gpt-4o')).toMatchObject({ processing: 1, queueSize: 1 });
    second.abort();
    first.abort();

    expect(await w.during(Promise.all(outcomes))).toEqual(['AbortError', 'AbortError']);
    await w.clock.advance(1);
    expect(w.provider('a.test').stats()).toMatchObject({ aborted: 1 });
    idle(w);
  });

  it('gives up at the deadline', async () => {
    const w = await start({}, { models: { 'gpt-4o': { rateLimiters: [{ type: 'rpm', limit: 1 }] } } });
    const calls = connect(w, { deadlineMs: 1_000 });
    await w.during(calls.generate({ prompt: 'one' }));

    await expect(w.during(calls.generate({ prompt: 'two' }))).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  it.each(['openai.chat:gpt-4o', 'openai:gpt-4o', 'gpt-4o'])('takes the limits of %s', async (name) => {
    const w = await start(
      {},
      { models: { [name]: { rateLimiters: [{ type: 'rpm', limit: 10 }] }, other: { rateLimiters: [{ type: 'rpm', limit: 1 }] } } },
    );

    await w.during(connect(w).generate({ prompt: 'Hello' }));

    expect(w.headgate.queues.getQueueInfo(name).rateLimiterUsage).toBe(1);
  });

  it('learns a limit from the answers where nothing is configured', async () => {
    const w = await start({ limits: [{ type: 'rpm', limit: 5, windowMs: 60_000, mechanism: 'sliding' }] }, {});
    const calls = connect(w);

    await w.during(Promise.all(Array.from({ length: 20 }, (_, index) => calls.generate({ prompt: `Question ${index}` }))));

    expect(w.provider('a.test').stats()).toMatchObject({ accepted: 20, refused: expect.toSatisfy((refused: number) => refused <= 5) });
  });

  it('refuses a model that nobody configured, and takes in any where nothing is configured', async () => {
    const strict = await start({}, { models: { other: { rateLimiters: [{ type: 'rpm', limit: 1 }] } } });
    const free = await start({}, {});

    await expect(connect(strict).generate({ prompt: 'Hello' })).rejects.toThrow(
      "Model 'openai.chat:gpt-4o' is not configured. Configured: 'other'.",
    );
    await free.during(connect(free).generate({ prompt: 'Hello' }));

    expect(free.headgate.queues.getRegisteredModels()).toEqual(['openai.chat:gpt-4o']);
  });
});

it('counts Anthropic’s tokens as Anthropic does: input apart from output, cache reads not at all', async () => {
  const rateLimiters = [
    { type: 'itpm' as const, limit: 100_000 },
    { type: 'otpm' as const, limit: 100_000 },
  ];
  const w = await start(
    { dialect: 'anthropic', script: () => ({ outputTokens: 10, cachedTokens: 100 }) },
    { models: { claude: { rateLimiters } } },
  );
  const anthropic = createAnthropic({ apiKey: 'sk-of-the-caller', fetch: simulatedFetch(w.provider('a.test')) });
  const model = wrapLanguageModel({ model: anthropic('claude'), middleware: w.headgate.middleware() });

  const { usage } = await w.during(generateText({ model, prompt: 'x'.repeat(4_000), maxOutputTokens: 500 }));

  const used = Object.fromEntries(w.headgate.queues.getQueueInfo('claude').rateLimiters.map(({ type, usage: amount }) => [type, amount]));
  expect(used).toEqual({ itpm: (usage.inputTokens ?? 0) - 100, otpm: 10 });
});
