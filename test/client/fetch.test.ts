import { afterEach, describe, expect, it } from 'vitest';
import { at, chatBody, KEY, type World, world } from './headgate-world.ts';

const CALLERS_KEY = 'sk-the-key-of-the-caller';
const HERE = 'https://anywhere.test/v1';

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

const oneModel = (more: object = {}) => ({ models: { 'gpt-4o': { deployments: [at('a.test')], ...more } } });

const post = (body: unknown, more: RequestInit = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${CALLERS_KEY}` },
  body: JSON.stringify(body),
  ...more,
});

/** A fetch that notes what was passed on to it. */
function passing(): { readonly fetch: typeof fetch; readonly passed: unknown[][] } {
  const passed: unknown[][] = [];
  return {
    passed,
    fetch: async (...args: unknown[]) => {
      passed.push(args);
      return new Response('passed on');
    },
  };
}

describe('what goes through the queue', () => {
  const formats = [
    { path: '/v1/chat/completions', provider: 'openai', body: chatBody(), object: { object: 'chat.completion' } },
    { path: '/v1/responses', provider: 'openai', body: { model: 'gpt-4o', input: 'Hello' }, object: { object: 'response' } },
    { path: '/v1/embeddings', provider: 'openai', body: { model: 'gpt-4o', input: ['a', 'b'] }, object: { object: 'list' } },
    { path: '/v1/messages', provider: 'anthropic', body: chatBody(), object: { type: 'message' } },
    {
      path: '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21',
      provider: 'openai',
      body: { messages: chatBody().messages },
      object: { object: 'chat.completion' },
    },
  ];

  it.each(formats)('$path', async ({ path, provider, body, object }) => {
    const w = await start(oneModel({ deployments: [{ provider, baseUrl: 'https://a.test', apiKey: KEY }] }), { 'a.test': {} });

    const response = await w.during(w.headgate.fetch()(`https://anywhere.test${path}`, post(body)));

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject(object);
    expect(w.headgate.queues.getAllQueuesInfo()['gpt-4o']).toMatchObject({ processing: 0 });
    expect(w.sent).toHaveLength(1);
  });

  it.each([
    ['text', (text: string) => text],
    ['bytes', (text: string) => new TextEncoder().encode(text)],
    ['an ArrayBuffer', (text: string) => new TextEncoder().encode(text).buffer],
    ['a Blob', (text: string) => new Blob([text])],
    ['a stream', (text: string) => new Blob([text]).stream()],
  ])('a body as %s', async (_, bodyOf) => {
    const w = await start(oneModel(), { 'a.test': {} });
    const init: RequestInit = post(undefined, { body: bodyOf(JSON.stringify(chatBody({ user: 'ü' }))) });

    const response = await w.during(w.headgate.fetch()(`${HERE}/chat/completions`, { ...init, duplex: 'half' } as RequestInit));

    expect(response.status).toBe(200);
    expect(JSON.parse(w.sent[0]?.body ?? '')).toMatchObject({ model: 'gpt-4o', user: 'ü' });
  });

  it('a URL object, a Request, and a Request with other words', async () => {
    const w = await start(oneModel(), { 'a.test': {} });
    const fetch = w.headgate.fetch();
    const url = `${HERE}/chat/completions`;

    for (const [input, init] of [
      [new URL(url), post(chatBody())],
      [new Request(url, post(chatBody())), undefined],
      [new Request(url, post({ model: 'other' })), { body: JSON.stringify(chatBody()) }],
    ] as const) {
      expect((await w.during(fetch(input, init))).status).toBe(200);
    }
  });

  it('sends the deployment its own key and model, the caller’s protocol headers, and nothing of the caller’s account', async () => {
    const w = await start(oneModel({ deployments: [at('a.test', { model: 'gpt-4o-2024-11-20' })] }), { 'a.test': { apiKey: KEY } });
    const headers = new Headers({
      Authorization: `Bearer ${CALLERS_KEY}`,
      'OpenAI-Organization': 'org-of-the-caller',
      'OpenAI-Beta': 'assistants=v2',
      'X-Stainless-Lang': 'js',
      'X-Title': 'my program',
    });

    const response = await w.during(w.headgate.fetch()(`${HERE}/chat/completions`, post(chatBody(), { headers })));

    expect(response.status).toBe(200);
    expect(JSON.parse(w.sent[0]?.body ?? '')).toMatchObject({ model: 'gpt-4o-2024-11-20' });
    const sent = w.sent[0]?.headers ?? {};
    expect(sent).toMatchObject({ authorization: `Bearer ${KEY}`, 'openai-beta': 'assistants=v2', 'x-title': 'my program' });
    expect(Object.keys(sent).filter((name) => /stainless|organization/.test(name))).toEqual([]);
  });

  it('sends the caller’s own key where the deployment has none, else the one in the environment', async () => {
    const deployments = [{ provider: 'openai', baseUrl: 'https://a.test/v1' }];
    const w = await start(oneModel({ deployments }), { 'a.test': {} }, { env: { OPENAI_API_KEY: 'sk-from-the-environment' } });
    const fetch = w.headgate.fetch();

    await w.during(fetch(`${HERE}/chat/completions`, post(chatBody())));
    await w.during(fetch(`${HERE}/chat/completions`, post(chatBody(), { headers: { 'Content-Type': 'application/json' } })));

    expect(w.sent.map(({ headers }) => headers['authorization'])).toEqual([`Bearer ${CALLERS_KEY}`, 'Bearer sk-from-the-environment']);
  });
});

it('a caller’s key that is refused is that caller’s matter alone', async () => {
  const deployments = [{ provider: 'openai', baseUrl: 'https://a.test/v1' }];
  const w = await start(oneModel({ deployments }), { 'a.test': { apiKey: CALLERS_KEY } });
  const fetch = w.headgate.fetch();
  const call = (key: string) =>
    w.during(fetch(`${HERE}/chat/completions`, post(chatBody(), { headers: { authorization: `Bearer ${key}` } })));

  const statuses = [await call('sk-a-wrong-key'), await call(CALLERS_KEY), await call('sk-a-wrong-key')].map(({ status }) => status);

  expect(statuses).toEqual([401, 200, 401]);
});

describe('what passes through untouched', () => {
  it.each([
    ['GET', `${HERE}/models`],
    ['GET', `${HERE}/chat/completions`],
    ['POST', `${HERE}/files`],
    ['POST', `${HERE}/messages/count_tokens`],
    ['POST', `${HERE}/threads/thread_1/messages`],
    ['POST', `${HERE}/responses/resp_1/cancel`],
    ['POST', 'not a url'],
    ['DELETE', `${HERE}/chat/completions`],
  ])('%s %s', async (method, url) => {
    const w = await start(oneModel(), { 'a.test': {} });
    const { fetch, passed } = passing();
    const init = { method, ...(method === 'POST' && { body: '{}' }) };

    const response = await w.headgate.fetch({ fetch })(url, init);

    expect(await response.text()).toBe('passed on');
    expect(passed).toEqual([[url, init]]);
    expect(w.sent).toEqual([]);
  });

  it('a body that is no JSON object, read or not', async () => {
    const w = await start(oneModel(), { 'a.test': {} });
    const { fetch, passed } = passing();
    const url = `${HERE}/chat/completions`;
    const form = new FormData();

    for (const body of ['no json', '[1]', 'null', form, new Blob(['bytes']).stream()]) {
      await w.headgate.fetch({ fetch })(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
    }

    expect(passed.map(([, init]) => (init as RequestInit).body)).toEqual(['no json', '[1]', 'null', form, Buffer.from('bytes')]);
  });

  it('bytes that are no text, as they are', async () => {
    const w = await start(oneModel(), { 'a.test': {} });
    const { fetch, passed } = passing();
    const url = `${HERE}/embeddings`;
    const bytes = new Uint8Array([0xff, 0xfe, 0, 0x80]);

    for (const input of [{ body: bytes }, { body: new Blob([bytes]) }, { body: new Blob([bytes]).stream(), duplex: 'half' }]) {
      await w.headgate.fetch({ fetch })(url, { method: 'POST', ...input });
    }
    await w.headgate.fetch({ fetch })(new Request(url, { method: 'POST', body: bytes }));

    for (const [, init] of passed) {
      const sent = await new Response((init as RequestInit).body ?? null).bytes();
      expect([...sent]).toEqual([...bytes]);
    }
    expect(passed).toHaveLength(4);
  });

  it('a body stream that does not end is given up when the call is aborted', async () => {
    const w = await start(oneModel(), { 'a.test': {} });
    const caller = new AbortController();
    let left: unknown;
    const body = new ReadableStream({
      cancel: (reason) => {
        left = reason;
      },
    });

    const call = w.headgate.fetch()(`${HERE}/embeddings`, { method: 'POST', body, duplex: 'half', signal: caller.signal } as RequestInit);
    caller.abort(new Error('enough'));

    await expect(call).rejects.toThrow('enough');
    expect(left).toEqual(new Error('enough'));
  });
});

describe('an answer', () => {
  it('has the upstream’s status, headers and bytes, and says where it comes from', async () => {
    const w = await start(oneModel(), { 'a.test': {} });

    const response = await w.during(w.headgate.fetch()(`${HERE}/chat/completions`, post(chatBody())));

    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-request-id': expect.stringMatching(/^req_/),
      'x-headgate-deployment': 'openai-1',
      'x-headgate-attempts': '1',
      'x-headgate-queue-ms': '0',
      'x-headgate-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(response.headers.has('content-length')).toBe(false);
  });

  it('streams the bytes that the provider sends, as its reader asks for them', async () => {
    const latency = { headersMs: { min: 10, max: 10 }, bodyMs: { min: 1_000, max: 1_000 } };
    const same = { seed: 7, latency, script: () => ({ outputTokens: 10 }) };
    const w = await start({ models: { 'gpt-4o': { deployments: [at('a.test')] } } }, { 'a.test': same, 'b.test': same });
    const body = chatBody({ stream: true, stream_options: { include_usage: true } });

    const response = await w.during(w.headgate.fetch()(`${HERE}/chat/completions`, post(body)));
    const text = await w.during(response.text());

    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(text.match(/^data: /gm)?.length).toBeGreaterThan(5);
    expect(text).toContain('"usage":{');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('does not show a usage chunk that the caller did not ask for, though the usage is counted', async () => {
    const w = await start(oneModel(), { 'a.test': {} });

    const response = await w.during(w.headgate.fetch()(`${HERE}/chat/completions`, post(chatBody({ stream: true }))));
    const text = await w.during(response.text());
    await w.clock.settle();

    const id = response.headers.get('x-headgate-request-id') ?? '';
    expect(text).not.toContain('prompt_tokens');
    expect(w.headgate.queues.getStatus('gpt-4o', id)?.inputTokensUsed).toBeGreaterThan(0);
  });

  it('whose reader leaves is ended at the provider', async () => {
    const latency = { headersMs: { min: 10, max: 10 }, bodyMs: { min: 5_000, max: 5_000 } };
    const w = await start(oneModel(), { 'a.test': { latency, script: () => ({ outputTokens: 16 }) } });
    const response = await w.during(w.headgate.fetch()(`${HERE}/chat/completions`, post(chatBody({ stream: true }))));
    const reader = response.body?.getReader();
    await w.during(reader?.read() ?? Promise.reject(new Error('no body')));

    await reader?.cancel();
    await w.clock.advance(1);

    expect(w.provider('a.test').stats().aborted).toBe(1);
    expect(w.headgate.queues.getQueueInfo('gpt-4o').processing).toBe(0);
  });
});

describe('an abort', () => {
  it('of a call that waits takes it out of the queue', async () => {
    const w = await start(oneModel({ rateLimiters: [{ type: 'rpm', limit: 1 }] }), { 'a.test': {} });
    const fetch = w.headgate.fetch();
    await w.during(fetch(`${HERE}/chat/completions`, post(chatBody())));
    const controller = new AbortController();

    const waiting = fetch(`${HERE}/chat/completions`, post(chatBody(), { signal: controller.signal }));
    await w.clock.settle();
    expect(w.headgate.queues.getQueueInfo('gpt-4o').queueSize).toBe(1);
    controller.abort();

    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(w.headgate.queues.getQueueInfo('gpt-4o').queueSize).toBe(0);
    expect(w.sent).toHaveLength(1);
  });

  it('of a call that runs reaches the provider, before its answer and inside its stream', async () => {
    const latency = { headersMs: { min: 1_000, max: 1_000 }, bodyMs: { min: 5_000, max: 5_000 } };
    const w = await start(oneModel(), { 'a.test': { latency, script: () => ({ outputTokens: 16 }) } });
    const fetch = w.headgate.fetch();
    const early = new AbortController();
    const late = new AbortController();

    const first = fetch(`${HERE}/chat/completions`, post(chatBody(), { signal: early.signal }));
    await w.clock.advance(100);
    early.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    const response = await w.during(fetch(`${HERE}/chat/completions`, post(chatBody({ stream: true }), { signal: late.signal })));
    const text = response.text();
    await w.clock.advance(100);
    late.abort();

    await expect(w.during(text)).rejects.toMatchObject({ name: 'AbortError' });
    expect(w.provider('a.test').stats().aborted).toBe(2);
    expect(w.headgate.queues.getQueueInfo('gpt-4o')).toMatchObject({ processing: 0, queueSize: 0 });
  });

  it('that came first sends nothing', async () => {
    const w = await start(oneModel(), { 'a.test': {} });
    const reason = new Error('not any more');

    const call = w.headgate.fetch()(`${HERE}/chat/completions`, post(chatBody(), { signal: AbortSignal.abort(reason) }));

    await expect(call).rejects.toBe(reason);
    expect(w.sent).toEqual([]);
  });
});

describe('a failure is an answer that an SDK reads and does not try again', () => {
  const fails = async (fault: string, more: object = {}, path = '/chat/completions') => {
    const provider = path === '/messages' ? 'anthropic' : 'openai';
    const deployments = [{ provider, baseUrl: 'https://a.test', apiKey: KEY }];
    // The scripts are the simulator's own words.
    const script = () => ({ fault }) as never;
    const w = await start(oneModel({ deployments, retry: { maxAttempts: 2 }, ...more }), { 'a.test': { script } });
    const response = await w.during(w.headgate.fetch()(`${HERE}${path}`, post(chatBody())));
    return { response, body: (await response.json()) as unknown, w };
  };

  it.each([
    ['unauthorized', 401],
    ['forbidden', 403],
    ['notFound', 404],
    ['promptTooLong', 400],
    ['contentFilter', 400],
    ['insufficientQuota', 429],
  ])('%s: the provider’s own words with status %i', async (fault, status) => {
    const { response, body } = await fails(fault);

    expect(response.status).toBe(status);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.headers.get('x-headgate-deployment')).toBe('openai-1');
    expect(body).toMatchObject({ error: { message: expect.any(String) } });
    expect(JSON.stringify(body)).not.toContain(KEY);
  });

  it.each(['html', 'garbage', 'longLine', 'reset', 'truncate'])('%s: one of ours, which names the deployment', async (fault) => {
    const { response, body, w } = await fails(fault);

    expect(response.status).toBe(502);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(body).toMatchObject({ error: { message: expect.stringContaining('openai-1'), type: 'server_error', param: null } });
    expect(w.sent).toHaveLength(2);
  });

  it('an edge’s HTML with its own status', async () => {
    const { response, body } = await fails('badGateway');

    expect(response.status).toBe(502);
    expect(body).toMatchObject({ error: { message: expect.stringContaining('openai-1') } });
  });

  it('in Anthropic’s form for Anthropic’s calls', async () => {
    expect((await fails('reset', {}, '/messages')).body).toMatchObject({
      type: 'error',
      error: { type: 'api_error', message: expect.stringContaining('anthropic-1') },
    });
    expect((await fails('unauthorized', {}, '/messages')).body).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
  });

  it('a queue that is full: 429 that may be tried again', async () => {
    const w = await start(oneModel({ rateLimiters: [{ type: 'rpm', limit: 1 }], maxQueueSize: 1 }), { 'a.test': {} });
    const fetch = w.headgate.fetch();
    const calls = [1, 2, 3].map(() => fetch(`${HERE}/chat/completions`, post(chatBody())));
    const last = await w.during(Promise.any(calls.slice(1)));

    expect(last.status).toBe(429);
    expect(last.headers.get('retry-after')).toBe('1');
    expect(last.headers.has('x-should-retry')).toBe(false);
    expect(await last.json()).toMatchObject({ error: { code: 'queue_full', type: 'rate_limit_error' } });
  });

  it.each([
    ['the deadline passes', { deadlineMs: 1_000 }, {}, 'deadline_exceeded'],
    ['it waits too long', {}, { requestTimeoutSeconds: 1 }, 'queue_timeout'],
  ])('504 when %s', async (_, options, more, code) => {
    const w = await start(oneModel({ rateLimiters: [{ type: 'rpm', limit: 1 }], ...more }), { 'a.test': {} });
    const fetch = w.headgate.fetch(options);
    await w.during(fetch(`${HERE}/chat/completions`, post(chatBody())));

    const response = await w.during(fetch(`${HERE}/chat/completions`, post(chatBody())));

    expect(response.status).toBe(504);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await response.json()).toMatchObject({ error: { code } });
  });

  it('404 for a model that nobody configured, with those that there are', async () => {
    const w = await start(oneModel(), { 'a.test': {} });

    const response = await w.headgate.fetch()(`${HERE}/chat/completions`, post(chatBody({ model: 'gpt-5' })));

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { code: 'model_not_registered', message: expect.stringMatching(/'gpt-5' .*'gpt-4o'/) },
    });
  });

  it('413 for what no limit will ever hold, naming it', async () => {
    const w = await start(oneModel({ rateLimiters: [{ type: 'tpm', limit: 100 }] }), { 'a.test': {} });

    const response = await w.during(w.headgate.fetch()(`${HERE}/chat/completions`, post(chatBody({ max_tokens: 5_000 }))));

    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(/5000 of 'tpm'.*100/) } });
  });

  it('400 for a call without a model, for a model that does not speak the format, and for a body that is too long', async () => {
    const claude = { provider: 'anthropic', baseUrl: 'https://c.test', apiKey: KEY };
    const { models } = oneModel();
    const w = await start({ models: { ...models, claude: { deployments: [claude] } } }, { 'a.test': {}, 'c.test': {} });
    const fetch = w.headgate.fetch();

    const none = await fetch(`${HERE}/chat/completions`, post({ messages: [] }));
    const foreign = await fetch(`${HERE}/embeddings`, post({ model: 'claude', input: 'a' }));
    const long = await fetch(`${HERE}/chat/completions`, post(undefined, { body: new Uint8Array(33 * 1024 * 1024) }));

    const text = await fetch(`${HERE}/chat/completions`, post(chatBody({ user: 'x'.repeat(33 * 1024 * 1024) })));

    expect([none.status, foreign.status, long.status, text.status]).toEqual([400, 400, 400, 400]);
    expect(await foreign.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('400 for a model whose name has control characters', async () => {
    for (const config of [oneModel(), {}]) {
      const w = await start(config, { 'a.test': {} });
      for (const model of ['gpt\r\nx-admin: 1', 'gpt\u0000']) {
        const refused = await w.during(w.headgate.fetch()('https://a.test/v1/chat/completions', post(chatBody({ model }))));
        expect(refused.status).toBe(400);
        expect(await refused.json()).toMatchObject({ error: { code: 'invalid_request', message: expect.stringContaining("'model'") } });
      }
      expect(w.sent).toEqual([]);
    }
  });

  it.each(['messages', 'tools', 'anything'])('400 for a body whose %s are nested too deep to be written again', async (field) => {
    const w = await start(oneModel({ rateLimiters: [{ type: 'rpm', limit: 1 }] }), { 'a.test': {} });
    const fetch = w.headgate.fetch();
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const body = JSON.stringify(chatBody({ [field]: 'deep' })).replace('"deep"', deep);

    const refused = await w.during(fetch(`${HERE}/chat/completions`, post(undefined, { body })));

    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([400, 'false']);
    expect(await refused.json()).toMatchObject({ error: { code: 'invalid_request', message: expect.stringContaining('nested too deep') } });
    // It cost nothing.
    expect((await w.during(fetch(`${HERE}/chat/completions`, post(chatBody())))).headers.get('x-headgate-queue-ms')).toBe('0');
    expect(w.sent).toHaveLength(1);
  });

  it('401 again while the only deployment is disabled, without asking the provider again', async () => {
    const { w } = await fails('unauthorized');

    const again = await w.during(w.headgate.fetch()(`${HERE}/chat/completions`, post(chatBody())));

    expect(again.status).toBe(401);
    expect(await again.json()).toMatchObject({ error: { code: expect.any(String), message: expect.stringContaining('openai-1') } });
    expect(w.sent).toHaveLength(1);
  });

  it('finishes what was called before it is closed, and answers 503 to what is called after that in the same tick', async () => {
    const w = await start(oneModel(), { 'a.test': {} });
    const fetch = w.headgate.fetch();
    const call = () => fetch(`${HERE}/chat/completions`, post(chatBody()));

    const before = call();
    const closed = w.headgate.close();
    const after = call();

    expect((await w.during(before)).status).toBe(200);
    expect((await after).status).toBe(503);
    await w.during(closed);
  });

  it('503 once it is closed', async () => {
    const w = await start(oneModel(), { 'a.test': {} });
    await w.headgate.close();

    const response = await w.headgate.fetch()(`${HERE}/chat/completions`, post(chatBody()));

    expect(response.status).toBe(503);
  });
});

describe('without any configuration', () => {
  it('takes model, key and address from the call', async () => {
    const w = await start({}, { 'a.test': { apiKey: CALLERS_KEY } });
    const fetch = w.headgate.fetch();

    const response = await w.during(fetch('https://a.test/v1/chat/completions', post(chatBody())));

    expect(response.status).toBe(200);
    expect(w.sent[0]).toMatchObject({
      origin: 'https://a.test',
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${CALLERS_KEY}` },
    });
    expect(w.headgate.queues.getRegisteredModels()).toEqual(['gpt-4o']);
    expect(JSON.stringify(w.headgate.status())).not.toContain(CALLERS_KEY);
  });

  it('keeps every key’s calls apart', async () => {
    const w = await start({}, { 'a.test': {} });
    const fetch = w.headgate.fetch();
    const call = (key: string) =>
      fetch('https://a.test/v1/chat/completions', post(chatBody(), { headers: { authorization: `Bearer ${key}` } }));

    for (const key of ['sk-of-the-first', 'sk-of-the-second', 'sk-of-the-first']) await w.during(call(key));

    expect(w.sent.map(({ headers }) => headers['authorization'])).toEqual(
      ['first', 'second', 'first'].map((who) => `Bearer sk-of-the-${who}`),
    );
    expect(w.headgate.queues.getRegisteredModels()).toEqual(['gpt-4o', 'gpt-4o@a.test#2']);
  });

  it('calls exactly the address of the call, Azure’s with its query', async () => {
    const w = await start({}, { 'me.openai.azure.com': {}, 'proxy.test': {} });
    const fetch = w.headgate.fetch();
    const azure = 'https://me.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21';

    const first = await w.during(fetch(azure, post({ messages: chatBody().messages }, { headers: { 'api-key': CALLERS_KEY } })));
    await w.during(fetch('https://proxy.test/odd/base/chat/completions', post(chatBody())));

    expect(first.status).toBe(200);
    expect(w.sent.map(({ path }) => path)).toEqual([new URL(azure).pathname + new URL(azure).search, '/odd/base/chat/completions']);
    expect(w.sent[0]?.headers).toMatchObject({ 'api-key': CALLERS_KEY });
    expect(w.headgate.queues.getRegisteredModels()).toEqual(['my-gpt', 'gpt-4o']);
  });

  it.each([undefined, 'serverError'] as const)('names deployments in any script in a header (fault %s)', async (fault) => {
    const w = await start({}, { 'a.test': { script: () => fault && { fault } } });

    const response = await w.during(w.headgate.fetch()('https://a.test/v1/chat/completions', post(chatBody({ model: '模型' }))));

    expect(response.status).toBe(fault ? 500 : 200);
    expect(response.headers.get('x-headgate-deployment')).toBe('openai-compatible-1/%E6%A8%A1%E5%9E%8B');
  });

  it('learns a limit from the answers', async () => {
    const limits = [{ type: 'rpm', limit: 5, windowMs: 60_000, mechanism: 'bucket' }] as const;
    const w = await start({}, { 'a.test': { limits, dialect: 'openai' } });
    const fetch = w.headgate.fetch();
    const url = 'https://a.test/v1/chat/completions';

    for (let i = 0; i < 20; i++) expect((await w.during(fetch(url, post(chatBody())))).status).toBe(200);

    expect(w.provider('a.test').stats().refused).toBeLessThanOrEqual(1);
  });

  it('forgets the endpoints that were not used for longest', async () => {
    const w = await start({}, { 'a.test': {} });
    const fetch = w.headgate.fetch();

    for (let i = 0; i < 300; i++) await w.during(fetch('https://a.test/v1/chat/completions', post(chatBody({ model: `model-${i}` }))));
    await w.clock.settle();

    expect(w.headgate.queues.getRegisteredModels()).toHaveLength(256);
    expect(w.headgate.queues.getRegisteredModels()).not.toContain('model-0');
  });

  it('a call that lasted long has used its endpoint until its end', async () => {
    const w = await start({}, { 'a.test': { script: ({ body }) => (body['model'] === 'lasting' ? { headersMs: 500_000 } : undefined) } });
    const fetch = w.headgate.fetch();
    const call = (model: string) => fetch('https://a.test/v1/chat/completions', post(chatBody({ model })));

    const lasting = call('lasting');
    for (let i = 0; i < 255; i++) await w.during(call(`model-${i}`));
    await w.during(lasting);
    await w.during(call('one-more'));
    await w.clock.settle();

    expect(w.headgate.queues.getRegisteredModels()).toContain('lasting');
    expect(w.headgate.queues.getRegisteredModels()).not.toContain('model-0');
  });

  it('forgets none that is used, and no number for a key that is gone', async () => {
    const w = await start({}, { 'a.test': { script: ({ body }) => (body['model'] === 'busy' ? { headersMs: 500_000 } : undefined) } });
    const fetch = w.headgate.fetch();
    const call = (key: string, model = 'gpt-4o') =>
      fetch('https://a.test/v1/chat/completions', post(chatBody({ model }), { headers: { authorization: `Bearer sk-of-${key}` } }));
    const idOf = (response: Response): string | null => response.headers.get('x-headgate-deployment');

    expect(idOf(await w.during(call('the-first')))).toBe('openai-compatible-1/gpt-4o');
    const busy = call('the-busy', 'busy');
    for (let i = 0; i < 300; i++) await w.during(call(String(i)));
    await w.clock.settle();

    expect(w.headgate.queues.getRegisteredModels()).toContain('busy');
    expect((await w.during(busy)).status).toBe(200);
    expect(idOf(await w.during(call('the-busy', 'busy')))).toBe('openai-compatible-2/busy');
    expect(idOf(await w.during(call('the-first')))).toBe('openai-compatible-303/gpt-4o');
    expect(w.headgate.queues.getRegisteredModels()).toHaveLength(256);
  });

  it('a model with limits and no deployments holds its callers’ own endpoints to the limits', async () => {
    const w = await start({ models: { 'gpt-4o': { rateLimiters: [{ type: 'rpm', limit: 1 }] } } }, { 'a.test': {} });
    const fetch = w.headgate.fetch();
    const call = () => fetch('https://a.test/v1/chat/completions', post(chatBody()));

    const waits = (await w.during(Promise.all([call(), call()]))).map((response) => Number(response.headers.get('x-headgate-queue-ms')));

    expect(waits[0]).toBe(0);
    expect(waits[1]).toBeGreaterThanOrEqual(60_000);
    expect(w.sent[0]?.headers).toMatchObject({ authorization: `Bearer ${CALLERS_KEY}` });
  });
});
