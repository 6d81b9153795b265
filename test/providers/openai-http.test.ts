import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { judgeReply } from '../../src/providers/http/judge-reply.ts';
import type { HttpReply } from '../../src/providers/http-reply.ts';
import { networkFailure, networkProblem } from '../../src/providers/network-failure.ts';
import { OpenAiHttp } from '../../src/providers/openai-http.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: Server | undefined;
let http: OpenAiHttp | undefined;

async function start(handler: Handler, path = '/v1', apiKey?: string): Promise<OpenAiHttp> {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => handler(request, response, body));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  http = new OpenAiHttp({ baseUrl: `http://127.0.0.1:${port}${path}`, connections: 2, apiKey });
  return http;
}

afterEach(async () => {
  await http?.destroy();
  await new Promise<void>((resolve) => {
    server?.closeAllConnections();
    if (server?.listening) server.close(() => resolve());
    else resolve();
  });
});

describe('OpenAiHttp', () => {
  it('posts below the base and returns status, request id and body', async () => {
    let seen: object = {};
    await start(
      (request, response, body) => {
        seen = { url: request.url, method: request.method, key: request.headers.authorization, body };
        response.setHeader('x-request-id', 'req_1').writeHead(418).end('{"a":"ü"}');
      },
      '/v1',
      'secret',
    );
    const moments: string[] = [];
    const reply = await http?.call({
      path: '/chat/completions',
      body: '{"q":1}',
      onWritten: () => moments.push('written'),
      onHeaders: (headers) => moments.push(String(headers['x-request-id'])),
    });
    expect(reply).toMatchObject({ status: 418, requestId: 'req_1', json: { a: 'ü' }, text: '{"a":"ü"}' });
    expect(seen).toEqual({ url: '/v1/chat/completions', method: 'POST', key: 'Bearer secret', body: '{"q":1}' });
    expect(moments).toEqual(['written', 'req_1']);
  });

  it('hands replies out as they are, and what may not be shown of them', async () => {
    const quoting: Handler = (request, response) =>
      response.writeHead(401).end(JSON.stringify({ error: { message: `Wrong: ${request.headers.authorization}` } }));
    await start(quoting, '/v1', 'sk-very-secret');
    const received = await http?.call({ path: '/chat/completions', body: '{}' });
    const { reply } = judgeReply(received as HttpReply, (http as OpenAiHttp).secret, 0);
    expect(received?.text).toContain('sk-very-secret');
    expect(reply).toMatchObject({ status: 401, json: { error: { message: 'Wrong: Bearer [key]' } } });
    expect(JSON.stringify(reply)).not.toContain('sk-very-secret');
  });

  it('says in one line that a handshake failed', () => {
    const error = Object.assign(new Error('write EPROTO 1:error:0A00010B:SSL routines:\nwrong version number\n'), { code: 'EPROTO' });
    expect(networkProblem(error).message).toBe('the TLS handshake failed (EPROTO); is it an https server?');
    expect(networkProblem(Object.assign(new Error('one\n  two'), { code: 'EIO' })).message).toBe('one two');
  });

  it.each([
    ['', '/v1/embeddings'],
    ['/', '/v1/embeddings'],
    ['/openai/v1/', '/openai/v1/embeddings'],
  ])('takes a base that ends in "%s"', async (path, url) => {
    const api = await start((request, response) => response.end(JSON.stringify(request.url)), path);
    expect((await api.call({ path: '/embeddings', body: '{}' })).json).toBe(url);
  });

  it('reports a connection that breaks before the answer as one that may be tried again', async () => {
    const api = await start((request) => request.socket.destroy());
    const error = await api.call({ path: '/x', body: '{}' }).catch(networkFailure);
    expect(error).toMatchObject({ retryable: true });
    expect(networkProblem((error as Error).cause).connected).toBe(true);
  });

  it('knows a server that is not there', async () => {
    const api = await start(() => {});
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    const error = await api.call({ path: '/x', body: '{}' }).catch((reason: unknown) => reason);
    expect(networkProblem(error)).toMatchObject({ code: 'ECONNREFUSED', connected: false });
  });

  it('gives up on abort, in flight and while it waits for a connection', async () => {
    let arrived = 0;
    let bothArrived = (): void => {};
    const inFlight = new Promise<void>((resolve) => {
      bothArrived = resolve;
    });
    // Two connections: the third call waits for one of them.
    const api = await start(() => {
      arrived += 1;
      if (arrived === 2) bothArrived();
    });
    const controller = new AbortController();
    const calls = [1, 2, 3].map(() => api.call({ path: '/x', body: '{}', signal: controller.signal }));
    await inFlight;
    controller.abort(new Error('enough'));
    const results = await Promise.allSettled(calls);
    expect(results.map((result) => result.status === 'rejected' && (result.reason as Error).message)).toEqual([
      'enough',
      'enough',
      'enough',
    ]);
    expect(arrived).toBe(2);
    await expect(api.call({ path: '/x', body: '{}', signal: controller.signal })).rejects.toThrow('enough');
  });

  it('ends the call with what a listener throws, before anything is sent', async () => {
    let arrived = 0;
    const api = await start((_request, response) => {
      arrived += 1;
      response.end('{}');
    });
    const onWritten = (): void => {
      throw new Error('disk full');
    };
    await expect(api.call({ path: '/x', body: '{}', onWritten })).rejects.toThrow('disk full');
    await api.call({ path: '/x', body: '{}' });
    expect(arrived).toBe(1);
  });
});
