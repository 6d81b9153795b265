import { afterEach, describe, expect, it } from 'vitest';
import { RateLimitRefused } from '../../src/domain/errors.ts';
import { createEndpoint } from '../../src/providers/endpoint.ts';
import { findPreset } from '../../src/providers/preset-registry.ts';
import { ProviderFailure } from '../../src/providers/provider-failure.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { chat, type Handler, KEY, type Rig, serve, signpost, whole } from './endpoint-server.ts';

let rig: Rig | undefined;

async function started(handler: Handler, options: Parameters<typeof serve>[1] = {}): Promise<Rig> {
  rig = await serve(handler, options);
  return rig;
}

afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const COMPLETION = {
  choices: [{ message: { role: 'assistant', content: 'Hi' } }],
  usage: { prompt_tokens: 9, completion_tokens: 12, prompt_tokens_details: { cached_tokens: 4 } },
};

function answering(status: number, body: unknown, headers: Record<string, string> = {}): Handler {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

describe('a call that is answered whole', () => {
  it('goes where the preset says, under the upstream name, with its key and its headers', async () => {
    let seen: object = {};
    const { endpoint } = await started(
      (request, response, body) => {
        const { authorization, accept, 'content-type': type, 'openai-beta': beta, 'x-team': team } = request.headers;
        seen = { url: request.url, method: request.method, authorization, accept, type, beta, team, body: JSON.parse(body) };
        answering(200, COMPLETION, { 'x-request-id': 'req_1' })(request, response, body);
      },
      { headers: { 'X-Team': 'a' } },
    );

    const answer = whole(
      await endpoint.send(chat({ headers: { 'OpenAI-Beta': 'x=1', authorization: 'Bearer theirs' } }, { temperature: 0.5 })),
    );

    expect(seen).toEqual({
      url: '/v1/chat/completions',
      method: 'POST',
      authorization: `Bearer ${KEY}`,
      accept: 'application/json',
      type: 'application/json',
      beta: 'x=1',
      team: 'a',
      body: { model: 'upstream-model', messages: [{ role: 'user', content: 'Hello there' }], temperature: 0.5 },
    });
    expect(answer).toMatchObject({ status: 200, headers: { 'x-request-id': 'req_1' }, text: JSON.stringify(COMPLETION), json: COMPLETION });
    expect(answer.usage).toEqual({ inputTokens: 9, outputTokens: 12, cachedInputTokens: 4 });
  });

  it.each([
    ['anthropic', 'anthropic-messages', '/v1/messages', 'x-api-key'],
    ['azure', 'openai-chat', '/openai/deployments/upstream-model/chat/completions?api-version=2024-10-21', 'api-key'],
  ] as const)('authenticates to %s its own way', async (provider, format, url, header) => {
    let seen: unknown;
    const { endpoint } = await started(
      (request, response, body) => {
        seen = { url: request.url, key: request.headers[header], authorization: request.headers.authorization };
        answering(200, COMPLETION)(request, response, body);
      },
      { provider, apiVersion: provider === 'azure' ? '2024-10-21' : undefined },
    );
    await endpoint.send(chat({ format }));
    expect(seen).toEqual({ url, key: KEY, authorization: undefined });
  });

  it('tells when it is written and when the headers are there', async () => {
    const { endpoint } = await started(answering(200, COMPLETION, { 'x-ratelimit-limit-requests': '500' }));
    const moments: unknown[] = [];
    await endpoint.send(chat(), {
      onWritten: () => moments.push('written'),
      onHeaders: ({ status, headers }) => moments.push([status, headers['x-ratelimit-limit-requests']]),
    });
    expect(moments).toEqual(['written', [200, '500']]);
  });

  it('sends nothing where a listener throws', async () => {
    let arrived = 0;
    const { endpoint } = await started((request, response, body) => {
      arrived += 1;
      answering(200, COMPLETION)(request, response, body);
    });
    const onWritten = (): void => {
      throw new Error('disk full');
    };
    await expect(endpoint.send(chat(), { onWritten })).rejects.toThrow('disk full');
    await endpoint.send(chat());
    // Over a connection that is there already, the request would be on its way before the call returns.
    await expect(endpoint.send(chat(), { onWritten })).rejects.toThrow('disk full');
    await endpoint.send(chat());
    expect(arrived).toBe(2);
  });

  it('estimates what was not reported, and says so', async () => {
    const { endpoint } = await started(answering(200, { choices: [{ message: { content: 'x'.repeat(40) } }] }));
    const { usage } = whole(await endpoint.send(chat()));
    expect(usage).toMatchObject({ estimated: true, outputTokens: 10 });
    expect(usage?.inputTokens).toBeGreaterThanOrEqual(3);
  });

  it('asks below the base', async () => {
    const { endpoint } = await started((request, response) => response.end(JSON.stringify({ path: request.url, method: request.method })));
    expect((await endpoint.get('/models')).json).toEqual({ path: '/v1/models', method: 'GET' });
  });
});

describe('a call that fails', () => {
  it('is refused with the wait and the limit that the provider names', async () => {
    const error = {
      message: 'Rate limit reached on requests per min (RPM): Limit 3. Please try again in 1.5s.',
      type: 'requests',
      code: 'rate_limit_exceeded',
    };
    const { endpoint } = await started(answering(429, { error }));
    const thrown = await endpoint.send(chat()).catch((reason: unknown) => reason);
    expect(thrown).toBeInstanceOf(RateLimitRefused);
    expect(thrown).toMatchObject({ retryAfterMs: 1500, limitType: 'rpm' });
  });

  it.each([
    [500, { error: { message: 'Oops', type: 'server_error' } }, { retryable: true, scope: 'deployment' }],
    [
      401,
      { error: { message: 'Incorrect API key', code: 'invalid_api_key' } },
      { retryable: false, scope: 'account', code: 'invalid_api_key' },
    ],
    [400, { error: { message: 'Bad', code: 'context_length_exceeded' } }, { retryable: false, scope: 'request' }],
    [200, { error: { message: 'Upstream failed', code: 502 } }, { retryable: true, scope: 'deployment' }],
    [200, '<html><title>Welcome</title></html>', { retryable: true, code: 'invalid_response' }],
    [502, '<html><title>Bad gateway</title></html>', { retryable: true, scope: 'deployment' }],
  ])('with status %i and %j is a failure of its kind, naming the deployment', async (status, body, expected) => {
    const { endpoint } = await started(answering(status, body));
    const thrown = await endpoint.send(chat()).catch((reason: unknown) => reason);
    expect(thrown).toBeInstanceOf(ProviderFailure);
    expect(thrown).toMatchObject({ deploymentId: 'one', ...expected });
    expect((thrown as Error).message).toContain("'one'");
  });

  it('lets no key through that an endpoint quotes, in an error or in an answer', async () => {
    const quoting: Handler = (request, response) => {
      const key = request.headers.authorization ?? '';
      const isError = request.url?.includes('embeddings');
      response.writeHead(isError ? 401 : 200, { 'content-type': 'application/json', 'x-echo': key });
      response.end(JSON.stringify(isError ? { error: { message: `Wrong: ${key}` } } : { choices: [{ message: { content: key } }] }));
    };
    const { endpoint } = await started(quoting);
    const answer = whole(await endpoint.send(chat()));
    expect(answer.text).not.toContain(KEY);
    expect(answer.json).toEqual({ choices: [{ message: { content: 'Bearer [key]' } }] });
    expect(answer.headers['x-echo']).toBe('Bearer [key]');
    const error = await endpoint
      .send(chat({ format: 'openai-embeddings', body: { input: 'x' } }))
      .catch((reason: ProviderFailure) => reason);
    expect(JSON.stringify(error) + String(error)).not.toContain(KEY);
    expect(error).toMatchObject({ reply: { headers: { 'x-echo': 'Bearer [key]' } } });
  });

  it('leaves an answer alone that has the word in it that stands for no key', async () => {
    const { endpoint } = await started(answering(200, { choices: [{ message: { content: 'Try lm-studio.' } }] }), { apiKey: 'lm-studio' });
    expect(whole(await endpoint.send(chat())).text).toContain('Try lm-studio.');
  });

  it('is not tried again where the key can not stand in a header, and the key is not shown', async () => {
    const { endpoint } = await started(answering(200, COMPLETION), { apiKey: 'sk-with\na-line-break' });
    const error = await endpoint.send(chat()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'invalid_request_headers', retryable: false, failOver: true, scope: 'account' });
    expect(String(error)).not.toContain('sk-with');
  });

  it('may be tried again where the connection breaks, and counts against the deployment', async () => {
    const { endpoint } = await started((request) => request.socket.destroy());
    await expect(endpoint.send(chat())).rejects.toMatchObject({
      retryable: true,
      failOver: true,
      scope: 'deployment',
      deploymentId: 'one',
    });
  });

  it('may be tried elsewhere where the body stops in the middle', async () => {
    const { endpoint } = await started((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"choices":[');
      setImmediate(() => response.destroy());
    });
    await expect(endpoint.send(chat())).rejects.toMatchObject({ retryable: true, deploymentId: 'one' });
  });

  it('is given up on abort, in flight and while it waits for a connection, and breaks the connection at once', async () => {
    const arrived = signpost();
    const closed = signpost();
    const { endpoint } = await started(
      (request) => {
        request.socket.on('close', () => closed.reach());
        arrived.reach();
      },
      { connections: 1 },
    );
    const controller = new AbortController();
    const calls = [1, 2].map(() => endpoint.send(chat({ signal: controller.signal })));
    await arrived.reached;
    controller.abort(new Error('enough'));
    const results = await Promise.allSettled(calls);
    expect(results.map((result) => result.status === 'rejected' && (result.reason as Error).message)).toEqual(['enough', 'enough']);
    await closed.reached;
    await expect(endpoint.send(chat({ signal: controller.signal }))).rejects.toThrow('enough');
  });

  it('is given up where no answer comes within ten minutes', async () => {
    const clock = new VirtualClock();
    const arrived = signpost();
    const { endpoint } = await started(() => arrived.reach(), { clock });
    const outcome = endpoint.send(chat()).catch((reason: unknown) => reason);
    await arrived.reached;
    await clock.advance(600_000);
    expect(await outcome).toMatchObject({ code: 'headers_timeout', retryable: true, scope: 'deployment' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('fails before it is sent where the provider does not speak the format, or the base is none', async () => {
    const { endpoint } = await started(answering(200, COMPLETION));
    await expect(endpoint.send(chat({ format: 'anthropic-messages' }))).rejects.toMatchObject({ code: 'invalid_configuration' });
    const options = { deploymentId: 'one', preset: findPreset('openai'), baseUrl: 'ftp://x', model: 'm' };
    expect(() => createEndpoint(options, new VirtualClock())).toThrow(/ftp:\/\/x/);
  });
});

describe('close', () => {
  it('waits for calls in flight', async () => {
    const finish = signpost();
    const arrived = signpost();
    const { endpoint } = await started(async (request, response, body) => {
      arrived.reach();
      await finish.reached;
      answering(200, COMPLETION)(request, response, body);
    });
    const call = endpoint.send(chat());
    await arrived.reached;
    const closed = endpoint.close();
    finish.reach();
    expect((await call).status).toBe(200);
    await closed;
    await expect(endpoint.send(chat())).rejects.toMatchObject({ deploymentId: 'one' });
  });
});
