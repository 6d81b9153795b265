import { afterEach, describe, expect, it } from 'vitest';
import { type DispatchCall, ProviderFailure, type WireAnswer } from '../../src/client/index.ts';
import { at, chatBody, KEY, type World, world } from './headgate-world.ts';

let open: World[] = [];

afterEach(async () => {
  for (const each of open) await each.headgate.close({ force: true });
  open = [];
});

const start: typeof world = async (...how) => {
  const started = await world(...how);
  open.push(started);
  return started;
};

const call = (more: Readonly<Record<string, unknown>> = {}): DispatchCall => ({ format: 'openai-chat', body: chatBody(more) });

async function bytesOf(answer: WireAnswer): Promise<string> {
  if (answer.kind === 'whole') return answer.text;
  let text = '';
  for await (const { raw } of answer.parts) text += new TextDecoder().decode(raw);
  return text;
}

/** The error's own words, with those of its causes. */
function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${JSON.stringify(error)}\n${wordsOf(error.cause)}` : String(error);
}

function idle({ headgate }: World): void {
  for (const { modelId, processing, queueSize } of Object.values(headgate.queues.getAllQueuesInfo())) {
    expect({ modelId, processing, queueSize }).toEqual({ modelId, processing: 0, queueSize: 0 });
  }
}

const oneModel = (more: object = {}) => ({ models: { 'gpt-4o': { deployments: [at('a.test')], ...more } } });

describe('dispatch', () => {
  it('answers through the one deployment there is, and tells how', async () => {
    const w = await start(oneModel(), { 'a.test': { apiKey: KEY } });

    const dispatched = await w.during(w.headgate.dispatch('gpt-4o', call()));

    expect(dispatched).toMatchObject({ deploymentId: 'openai-1', modelId: 'gpt-4o', attempts: 1, queueMs: 0 });
    expect(dispatched.answer).toMatchObject({ kind: 'whole', status: 200, json: { object: 'chat.completion' } });
    expect(w.headgate.queues.getStatus('gpt-4o', dispatched.requestId)).toMatchObject({ status: 'completed', deploymentId: 'openai-1' });
    idle(w);
  });

  it('waits for the limit, and only as long as it must', async () => {
    const limits = [{ type: 'rpm', limit: 2, windowMs: 60_000, mechanism: 'sliding' }] as const;
    const w = await start(oneModel({ rateLimiters: [{ type: 'rpm', limit: 2 }] }), { 'a.test': { limits } });

    const waits = await w.during(Promise.all([1, 2, 3].map(async () => (await w.headgate.dispatch('gpt-4o', call())).queueMs)));

    expect(waits.slice(0, 2)).toEqual([0, 0]);
    expect(waits[2]).toBeGreaterThanOrEqual(60_000);
    expect(waits[2]).toBeLessThan(60_100);
    expect(w.provider('a.test').stats().refused).toBe(0);
  });

  it('goes on to the next deployment where one fails', async () => {
    const deployments = [at('a.test', { weight: 9 }), at('b.test')];
    const script = () => ({ fault: 'serverError' }) as const;
    const w = await start(oneModel({ deployments, balancer: 'weighted' }), { 'a.test': { script }, 'b.test': {} });

    const answers = await w.during(Promise.all(Array.from({ length: 8 }, () => w.headgate.dispatch('gpt-4o', call()))));

    expect(new Set(answers.map(({ deploymentId }) => deploymentId))).toEqual(new Set(['openai-2']));
    expect(w.provider('a.test').stats().faults).toBeGreaterThan(0);
    idle(w);
  });

  it('tries a failed call again, at most four times in all, and then throws what the provider said', async () => {
    const w = await start(oneModel(), { 'a.test': { script: () => ({ fault: 'serverError' }) } });

    const error: unknown = await w.during(w.headgate.dispatch('gpt-4o', call()).catch((thrown: unknown) => thrown));

    expect(error).toBeInstanceOf(ProviderFailure);
    expect(error).toMatchObject({ deploymentId: 'openai-1', reply: { status: expect.toSatisfy((status: number) => status >= 500) } });
    expect(w.sent).toHaveLength(4);
    idle(w);
  });

  it('puts a refused call back without using an attempt', async () => {
    let calls = 0;
    const script = () => ({ fault: ++calls <= 6 ? 'rateLimit' : 'none' }) as const;
    const w = await start(oneModel(), { 'a.test': { script } });

    const { attempts } = await w.during(w.headgate.dispatch('gpt-4o', call()));

    expect({ attempts, sent: w.sent.length }).toEqual({ attempts: 1, sent: 7 });
  });

  it('does not try again what can never succeed', async () => {
    const w = await start(oneModel(), { 'a.test': { script: () => ({ fault: 'contentFilter' }) } });

    await expect(w.during(w.headgate.dispatch('gpt-4o', call()))).rejects.toMatchObject({ deploymentId: 'openai-1', retryable: false });

    expect(w.sent).toHaveLength(1);
    idle(w);
  });

  it('sends to a fallback what every deployment of a model failed, but not what is wrong itself', async () => {
    const models = {
      'gpt-4o': { deployments: [at('a.test')], fallbacks: ['mini', 'claude'] },
      mini: { deployments: [at('b.test')] },
      claude: { deployments: [{ provider: 'anthropic', baseUrl: 'https://c.test', apiKey: KEY }] },
    };
    const script = ({ body }: { body: Readonly<Record<string, unknown>> }) =>
      ({ fault: body['user'] === 'filtered' ? 'contentFilter' : 'serverError' }) as const;
    const w = await start({ models }, { 'a.test': { script }, 'b.test': {}, 'c.test': {} });

    const answered = await w.during(w.headgate.dispatch('gpt-4o', call()));
    const filtered: unknown = await w.during(w.headgate.dispatch('gpt-4o', call({ user: 'filtered' })).catch((error: unknown) => error));

    expect(answered).toMatchObject({ modelId: 'mini', deploymentId: 'openai-2' });
    expect(answered.answer).toMatchObject({ json: { model: 'mini' } });
    expect(filtered).toMatchObject({ deploymentId: 'openai-1' });
    expect(w.sent.filter(({ origin }) => origin === 'https://c.test')).toEqual([]);
  });

  it('falls back where the only deployment is disabled', async () => {
    const models = { 'gpt-4o': { deployments: [at('a.test')], fallbacks: ['mini'] }, mini: { deployments: [at('b.test')] } };
    const w = await start({ models }, { 'a.test': { apiKey: 'another' }, 'b.test': {} });

    for (let i = 0; i < 3; i++) expect(await w.during(w.headgate.dispatch('gpt-4o', call()))).toMatchObject({ modelId: 'mini' });

    expect(w.sent.filter(({ origin }) => origin === 'https://a.test')).toHaveLength(1);
  });

  it('falls back at once while the only deployment is cooling, and comes back to it', async () => {
    let isDown = true;
    const models = { 'gpt-4o': { deployments: [at('a.test')], fallbacks: ['mini'] }, mini: { deployments: [at('b.test')] } };
    const script = () => (isDown ? ({ fault: 'serverError' } as const) : undefined);
    const w = await start({ models }, { 'a.test': { script }, 'b.test': {} });

    // More than its circuit lets through: nobody waits for its rest to be over.
    const all = await w.during(Promise.all(Array.from({ length: 40 }, () => w.headgate.dispatch('gpt-4o', call()))));
    expect(new Set(all.map(({ modelId }) => modelId))).toEqual(new Set(['mini']));
    expect(w.clock.now()).toBeLessThan(30_000);
    isDown = false;
    await w.clock.advance(60_000);

    expect(await w.during(w.headgate.dispatch('gpt-4o', call()))).toMatchObject({ modelId: 'gpt-4o' });
    idle(w);
  });

  it.each([
    ['the limit of an attempt', { attemptTimeoutSeconds: 5 }, { headersMs: 60_000 }],
    ['the first token of a stream', { firstTokenTimeoutSeconds: 5 }, { fault: 'stall' }],
  ] as const)('falls back where time is up: %s', async (_, limit, script) => {
    const models = {
      'gpt-4o': { deployments: [at('a.test')], fallbacks: ['mini'], retry: { maxAttempts: 2 }, ...limit },
      mini: { deployments: [at('b.test')] },
    };
    const w = await start({ models }, { 'a.test': { script: () => script }, 'b.test': {} });

    const answered = await w.during(w.headgate.dispatch('gpt-4o', call({ stream: true })));
    await w.during(bytesOf(answered.answer));

    expect(answered).toMatchObject({ modelId: 'mini' });
    expect(w.sent.filter(({ origin }) => origin === 'https://a.test')).toHaveLength(2);
    idle(w);
  });

  it('names the models there are when asked for another', async () => {
    const w = await start(oneModel(), { 'a.test': {} });

    await expect(w.headgate.dispatch('gpt-5', call())).rejects.toThrow("Model 'gpt-5' is not configured. Configured: 'gpt-4o'.");
  });

  it('refuses a body that has no JSON form', async () => {
    const w = await start(oneModel(), { 'a.test': {} });
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;

    for (const tools of [[circle], [1n], [circle, 2n]]) {
      await expect(w.during(w.headgate.dispatch('gpt-4o', call({ tools })))).rejects.toMatchObject({
        code: 'invalid_request',
        path: 'body',
      });
    }
    expect(w.sent).toEqual([]);
    idle(w);
  });

  it('says which formats a model speaks when asked for one that can’t be translated', async () => {
    const deployments = [{ provider: 'anthropic', baseUrl: 'https://c.test', apiKey: KEY }];
    const w = await start(oneModel({ deployments }), { 'c.test': {} });

    const refused = w.headgate.dispatch('gpt-4o', { format: 'openai-embeddings', body: { input: 'a' } });

    await expect(refused).rejects.toThrow(/speaks openai-embeddings; its deployments speak anthropic-messages/);
  });

  it('leaves deployments out that can’t take the format', async () => {
    const deployments = [at('a.test'), { provider: 'anthropic', baseUrl: 'https://c.test', apiKey: KEY }];
    const w = await start(oneModel({ deployments, balancer: 'round-robin' }), { 'a.test': {}, 'c.test': {} });

    const embed = { format: 'openai-embeddings', body: { input: 'a' } } as const;
    const answers = await w.during(Promise.all([1, 2, 3, 4].map(() => w.headgate.dispatch('gpt-4o', embed))));

    expect(answers.map(({ deploymentId }) => deploymentId)).toEqual(Array(4).fill('openai-1'));
    expect(w.sent.every(({ origin }) => origin === 'https://a.test')).toBe(true);
  });

  it('ends what waits when its deadline has passed', async () => {
    const w = await start(oneModel({ rateLimiters: [{ type: 'rpm', limit: 1 }] }), { 'a.test': {} });
    await w.during(w.headgate.dispatch('gpt-4o', call()));

    const late = w.headgate.dispatch('gpt-4o', call(), { deadline: w.clock.wallMs() + 5_000 });

    await expect(w.during(late)).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(w.sent).toHaveLength(1);
    idle(w);
  });

  it('says what no limit will ever hold', async () => {
    const w = await start(oneModel({ rateLimiters: [{ type: 'tpm', limit: 100 }] }), { 'a.test': {} });

    await expect(w.during(w.headgate.dispatch('gpt-4o', call({ max_tokens: 5_000 })))).rejects.toMatchObject({
      code: 'request_too_large',
      limit: 100,
    });
  });
});

describe('a stream', () => {
  const slow = { latency: { headersMs: { min: 100, max: 100 }, bodyMs: { min: 1_000, max: 1_000 } } };

  it('holds its place until it has ended, and settles what it used', async () => {
    const rateLimiters = [{ type: 'concurrent' as const, limit: 1 }];
    const w = await start(oneModel({ rateLimiters }), { 'a.test': slow });

    const { answer, requestId } = await w.during(w.headgate.dispatch('gpt-4o', call({ stream: true })));

    expect(answer.kind).toBe('stream');
    expect(w.headgate.queues.getQueueInfo('gpt-4o').processing).toBe(1);
    const text = await w.during(bytesOf(answer));
    await w.clock.settle();
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(text).not.toContain('"usage":{');
    expect(w.headgate.queues.getStatus('gpt-4o', requestId)).toMatchObject({ status: 'completed', inputTokensUsed: expect.any(Number) });
    expect(w.headgate.queues.getStatus('gpt-4o', requestId)?.outputTokensUsed).toBeGreaterThan(0);
    idle(w);
  });

  it('that nobody wants any more is ended at the provider too', async () => {
    const w = await start(oneModel(), { 'a.test': slow });
    const { answer, cancel } = await w.during(w.headgate.dispatch('gpt-4o', call({ stream: true })));
    if (answer.kind !== 'stream') throw new Error('Not a stream.');
    const iterator = answer.parts[Symbol.asyncIterator]();
    await w.during(iterator.next());

    cancel('enough');
    await w.clock.advance(10);

    expect(w.sent[0]?.signal.aborted).toBe(true);
    expect(w.provider('a.test').stats().aborted).toBe(1);
    idle(w);
  });

  it('that breaks before its first content is asked for again; later it is not', async () => {
    let calls = 0;
    const script = () => ({ fault: ++calls === 1 ? 'errorInBody' : 'truncate', outputTokens: 12 }) as const;
    const w = await start(oneModel(), { 'a.test': { ...slow, script } });

    const { answer, attempts, requestId } = await w.during(w.headgate.dispatch('gpt-4o', call({ stream: true })));
    const broken: unknown = await w.during(bytesOf(answer).catch((error: unknown) => error));
    await w.clock.advance(100_000);

    expect({ attempts, sent: w.sent.length }).toEqual({ attempts: 2, sent: 2 });
    expect(broken).toMatchObject({ deploymentId: 'openai-1', retryable: false });
    expect(w.headgate.queues.getStatus('gpt-4o', requestId)).toMatchObject({ status: 'failed', reason: 'error' });
    idle(w);
  });
});

describe('bad input', () => {
  const faults = [
    'unauthorized',
    'forbidden',
    'notFound',
    'insufficientQuota',
    'tooLarge',
    'promptTooLong',
    'html',
    'badGateway',
    'garbage',
    'longLine',
    'truncate',
    'resetInBody',
    'reset',
    'errorInBody',
    'openrouterError',
  ] as const;

  it.each(faults.flatMap((fault) => [false, true].map((stream) => ({ fault, stream }))))(
    '$fault (stream: $stream) is an error that names the deployment, and leaves nothing behind',
    async ({ fault, stream }) => {
      const w = await start(oneModel({ retry: { maxAttempts: 2 } }), { 'a.test': { script: () => ({ fault, outputTokens: 12 }) } });

      const outcome: unknown = await w.during(
        w.headgate
          .dispatch('gpt-4o', call({ stream }))
          .then(async ({ answer }) => bytesOf(answer))
          .catch((error: unknown) => error),
      );
      await w.clock.advance(1_000);

      expect(outcome).toBeInstanceOf(Error);
      expect(wordsOf(outcome)).toMatch(/openai-1/);
      expect(wordsOf(outcome)).not.toContain(KEY);
      idle(w);
    },
  );

  it('rate-limit headers without sense change nothing', async () => {
    const w = await start(oneModel(), { 'a.test': { script: () => ({ fault: 'nonsenseHeaders' }) } });

    for (let i = 0; i < 3; i++) await w.during(w.headgate.dispatch('gpt-4o', call()));

    expect(w.clock.now()).toBeLessThan(1_000);
    idle(w);
  });

  it('a provider that quotes the key is not quoted', async () => {
    const w = await start(oneModel(), { 'a.test': { apiKey: 'the right one' } });

    const error: unknown = await w.during(w.headgate.dispatch('gpt-4o', call()).catch((thrown: unknown) => thrown));

    expect(wordsOf(error)).not.toContain(KEY);
    expect(JSON.stringify(w.headgate.status())).not.toContain(KEY);
    expect(JSON.stringify(w.headgate.config)).not.toContain(KEY);
  });
});

describe('a headgate', () => {
  it('shows its models and deployments', async () => {
    const w = await start(oneModel(), { 'a.test': {} });

    expect(w.headgate.status()).toMatchObject({
      models: [{ modelId: 'gpt-4o', queueSize: 0 }],
      deployments: [{ id: 'openai-1', modelId: 'gpt-4o', provider: 'openai', model: 'gpt-4o', baseUrl: 'https://a.test/v1' }],
    });
  });

  it('finishes what it has when it is closed, takes nothing new, and may be closed twice', async () => {
    const w = await start(oneModel(), { 'a.test': { latency: { headersMs: { min: 50, max: 50 } } } });
    const running = w.headgate.dispatch('gpt-4o', call());

    const closed = Promise.all([w.headgate.close(), w.headgate.close()]);

    await expect(w.during(running)).resolves.toMatchObject({ attempts: 1 });
    await w.during(closed);
    await expect(w.headgate.dispatch('gpt-4o', call())).rejects.toMatchObject({
      code: expect.stringMatching(/engine_stopped|not_registered/),
    });
  });

  it('takes models in and lets them go while others are in use', async () => {
    const w = await start(oneModel(), { 'a.test': {}, 'b.test': {} });
    const entry = w.headgate.config.models['gpt-4o'];
    const deployment = entry?.deployments[0];
    if (entry === undefined || deployment === undefined) throw new Error('The model is configured.');

    w.headgate.addModel('mini', { ...entry, deployments: [{ ...deployment, id: 'other', baseUrl: 'https://b.test/v1', model: 'mini' }] });
    const answered = await w.during(w.headgate.dispatch('mini', call()));
    await w.during(w.headgate.removeModel('mini'));

    expect(answered).toMatchObject({ deploymentId: 'other' });
    await expect(w.headgate.dispatch('mini', call())).rejects.toThrow("Model 'mini' is not configured");
    expect(w.headgate.upstreamsOf('gpt-4o').map(({ id }) => id)).toEqual(['openai-1']);
  });
});
