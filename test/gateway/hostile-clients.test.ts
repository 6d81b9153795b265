import { describe, expect, it } from 'vitest';
import type { FuzzAnswer } from './fuzz/fuzz-verdict.ts';
import { faultsOf } from './fuzz/fuzz-verdict.ts';
import { answersIn, RawConnection } from './fuzz/raw-exchange.ts';
import { gatewayWorld } from './gateway-world.ts';

const FACES = ['/v1/chat/completions', '/v1/messages'] as const;
const CHAT = { model: 'gpt', max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] };

/** A request as it stands on the wire. */
function post(path: string, body: unknown, ...headers: string[]): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const head = ['host: gateway', 'content-type: application/json', `content-length: ${Buffer.byteLength(text)}`, ...headers];
  return `POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${text}`;
}

/** The answers that came until the connection was closed or there are so many. */
async function answers(connection: RawConnection, count: number): Promise<FuzzAnswer[]> {
  return answersIn(await connection.until((text) => answersIn(text).length >= count));
}

function expectInForm(path: string, answer: FuzzAnswer | undefined, status: number): void {
  expect(answer?.status).toBe(status);
  expect(answer && faultsOf({ method: 'POST', path, headers: {} }, answer)).toEqual([]);
}

describe('a request that does not arrive', () => {
  it.each(FACES)('is cut off after the time for reading, in the form of %s', async (path) => {
    const { url } = await gatewayWorld({ config: { gateway: { readTimeoutSeconds: 0.3, database: 'sqlite::memory:' } } });
    const slow = new RawConnection(url).send(
      `POST ${path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"mo`,
    );
    // A byte now and then is no reason to wait on.
    const dribble = setInterval(() => slow.socket.writable && slow.send('d'), 50);
    await slow.closed;
    clearInterval(dribble);
    expectInForm(path, answersIn(slow.text)[0], 408);
  });

  it('is cut off in the middle of its head too', async () => {
    const { url } = await gatewayWorld({ config: { gateway: { readTimeoutSeconds: 0.3, database: 'sqlite::memory:' } } });
    const slow = new RawConnection(url).send('POST /v1/messages HTTP/1.1\r\nhost: gate');
    await slow.closed;
    for (const path of FACES) expectInForm(path, answersIn(slow.text)[0], 408);
  });

  it.each(FACES)('is refused where it has more than the limit, in the form of %s', async (path) => {
    const { url } = await gatewayWorld({ config: { gateway: { bodyLimitBytes: 2_048, database: 'sqlite::memory:' } } });
    const body = { ...CHAT, messages: [{ role: 'user', content: 'x'.repeat(4_000) }] };
    const told = new RawConnection(url).send(post(path, body));
    expectInForm(path, (await answers(told, 1))[0], 413);
    const chunk = `800\r\n${'x'.repeat(0x800)}\r\n`;
    const untold = new RawConnection(url).send(
      `POST ${path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk}${chunk}`,
    );
    expectInForm(path, (await answers(untold, 1))[0], 413);
  });

  it('tells a client of it that is still sending', async () => {
    const { url } = await gatewayWorld({ config: { gateway: { bodyLimitBytes: 2_048, database: 'sqlite::memory:' } } });
    const body = JSON.stringify({ ...CHAT, messages: [{ role: 'user', content: 'x'.repeat(16 * 1024 * 1024) }] });
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'request_too_large' } });
  });

  it.each(FACES)('is refused where its chunks are none, in the form of %s', async (path) => {
    const { url } = await gatewayWorld();
    const head = `POST ${path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
    const connection = new RawConnection(url).send(`${head}5\r\n{"mod\r\nnonsense\r\n`);
    await connection.closed;
    expectInForm(path, answersIn(connection.text)[0], 400);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe('what would stand in a header', () => {
  it('is no way to put in another one: models, tenants, ids', async () => {
    const { url } = await gatewayWorld();
    for (const model of ['gpt\r\nx-injected: 1', 'gpt\nx-injected: 1', 'gpt\u0000', 'gpt\u2028x-injected: 1']) {
      const connection = new RawConnection(url).send(post('/v1/chat/completions', { ...CHAT, model }, 'connection: close'));
      await connection.closed;
      const [answer] = answersIn(connection.text);
      expect(answer?.status, model).toBeGreaterThanOrEqual(400);
      expect(answer?.status, model).toBeLessThan(500);
      expect(answer?.headers).not.toHaveProperty('x-injected');
    }
    const paths = ['/v1/models/x%0d%0ax-injected:%201', '/v1/requests/x%0d%0ax-injected:%201', '/v1/files/x%0d%0ax-injected:%201'];
    for (const path of paths) {
      const { status, headers } = await fetch(url + path);
      expect(status).toBe(404);
      expect(headers.get('x-injected')).toBeNull();
    }
  });

  it('is written so that it can, whatever the deployment is called', async () => {
    const { url, openai } = await gatewayWorld();
    const second = await gatewayWorld({
      config: { models: { gpt: { deployments: [{ id: 'größte 💥', provider: 'openai', baseUrl: `${openai.url}/v1`, apiKey: 'k' }] } } },
    });
    expect(url).not.toBe(second.url);
    const response = await fetch(`${second.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(CHAT),
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(200);
    expect(decodeURIComponent(response.headers.get('x-headgate-deployment') ?? '')).toBe('größte 💥');
  });
});

describe('what can’t be made sense of', () => {
  const DEEP = `{"model":"gpt","messages":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;

  it.each([
    ['/v1/chat/completions', {}, DEEP, 400],
    ['/v1/messages', {}, DEEP, 400],
    ['/v1/messages/count_tokens', {}, DEEP, 400],
    ['/v1/requests', {}, DEEP, 400],
    ['/v1/messages/%', {}, '{}', 400],
    ['/v1/chat/%ff', {}, '{}', 400],
    [`/v1/batches/${'x'.repeat(300)}/cancel`, {}, '{}', 414],
    ['/v1/models', { 'anthropic-version': '2023-06-01' }, '{}', 404],
  ])('is refused in the form of the face: %s %j', async (path, headers, body, status) => {
    const { gateway } = await gatewayWorld();
    const said = { 'content-type': 'application/json', ...headers };
    const {
      statusCode,
      headers: answered,
      payload,
    } = await gateway.app.inject({ method: 'POST', url: path, headers: said, payload: body });
    expect(statusCode, payload).toBe(status);
    expect(faultsOf({ method: 'POST', path, headers: said }, { status: statusCode, headers: answered, text: payload })).toEqual([]);
  });

  it.each(FACES)('as an expectation is refused in the form of %s', async (path) => {
    const { url } = await gatewayWorld();
    const connection = new RawConnection(url).send(post(path, CHAT, 'expect: wonders'));
    await connection.closed;
    expectInForm(path, answersIn(connection.text)[0], 417);
  });

  it('of one caller’s headers is that caller’s matter: the deployment goes on', async () => {
    const { gateway } = await gatewayWorld();
    const ask = (headers: Record<string, string>) =>
      gateway.app.inject({ method: 'POST', url: '/v1/chat/completions', payload: CHAT, headers });
    expect((await ask({ 'openai-beta': 'assistants\nx-injected: 1' })).statusCode).toBe(400);
    expect((await ask({ 'openai-beta': 'assistants=v2' })).statusCode).toBe(200);
  });

  it('of another content type is told which one is meant, as one who forgets the header in curl', async () => {
    const { gateway } = await gatewayWorld();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await gateway.app.inject({ method: 'POST', url: '/v1/chat/completions', payload: JSON.stringify(CHAT), headers });
    expect([answer.statusCode, answer.json<object>()]).toEqual([
      415,
      { error: expect.objectContaining({ message: expect.stringContaining('`content-type: application/json`') }) },
    ]);
  });
});

describe('a connection', () => {
  it('is good for the next request after every kind of error', async () => {
    const { url } = await gatewayWorld();
    const requests: [request: string, status: number][] = [
      [post('/v1/chat/completions', '{"model":'), 400],
      [post('/v1/chat/completions', CHAT), 200],
      [post('/v1/messages', '[]'), 400],
      [post('/v1/messages', { ...CHAT, model: 'nobody' }), 404],
      [post('/v1/chat/completions', { ...CHAT, messages: 'none' }), 400],
      [post('/v1/chat/completions', CHAT, 'x-headgate-priority: 99'), 400],
      [post('/v1/chat/completions', 'text').replace('application/json', 'text/plain'), 415],
      [post('/v1/nothing', CHAT), 404],
      ['GET /v1/% HTTP/1.1\r\nhost: gateway\r\n\r\n', 400],
      ['DELETE /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\n\r\n', 404],
      ['OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\n\r\n', 404],
      [post('/v1/messages', CHAT), 200],
    ];
    let connection = new RawConnection(url);
    let answered = 0;
    for (const [request, status] of requests) {
      connection.send(request);
      const answer = (await answers(connection, ++answered)).at(-1);
      expect(answer?.status, `${request.slice(0, 60)} → ${answer?.text}`).toBe(status);
      if (answer?.headers['connection'] !== 'close') continue;
      // A body that was not read to its end, or could not be: it says so, and does as it says.
      expect([400, 415]).toContain(status);
      await connection.closed;
      connection = new RawConnection(url);
      answered = 0;
    }
    connection.socket.destroy();
  });

  it('answers HEAD without a body, and stays open', async () => {
    const { url } = await gatewayWorld();
    const connection = new RawConnection(url).send('HEAD /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\n\r\n');
    expect(await connection.until((text) => text.endsWith('\r\n\r\n'))).toMatch(/^HTTP\/1.1 404 /);
    connection.send('GET /healthz HTTP/1.1\r\nhost: gateway\r\n\r\n');
    expect(await connection.until((text) => text.includes('"ok"'))).toContain('HTTP/1.1 200 ');
    connection.socket.destroy();
  });

  it('brings the answers of requests that were sent at once in their order', async () => {
    const { url } = await gatewayWorld({ openai: { latency: { headersMs: { min: 0, max: 20 } } } });
    const models = Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? 'gpt' : `unknown-${index}`));
    const connection = new RawConnection(url).send(models.map((model) => post('/v1/chat/completions', { ...CHAT, model })).join(''));
    const all = await answers(connection, models.length);
    for (const [index, model] of models.entries()) {
      if (model === 'gpt') expect(all[index]?.status).toBe(200);
      else expect(all[index]?.text).toContain(`'${model}'`);
    }
    connection.socket.destroy();
  });

  it('costs nothing once it is over: 2,000 of them', { timeout: 120_000 }, async () => {
    const { url, gateway } = await gatewayWorld();
    for (let round = 0; round < 10; round++) {
      const connections = Array.from({ length: 200 }, (_, index) => {
        const connection = new RawConnection(url);
        // Some say nothing, some half a request, some a whole one and don't wait.
        if (index % 3 === 1) connection.send('POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{');
        if (index % 3 === 2) connection.send('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
        return connection;
      });
      await Promise.all(connections.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
      for (const { socket } of connections) socket.resetAndDestroy();
    }
    const open = (): Promise<number> => new Promise((resolve) => gateway.app.server.getConnections((_error, count) => resolve(count)));
    await expect.poll(open, { timeout: 10_000 }).toBe(0);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});
