import fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { addCors } from '../../src/gateway/http/cors.ts';

const PAGE = 'https://status.example.com';

function app(origins: readonly string[]): FastifyInstance {
  const made = fastify();
  addCors(made, origins);
  made.addHook('onRequest', async ({ headers }, reply) => (headers.authorization === undefined ? reply.code(401).send({}) : undefined));
  made.get('/status', async () => ({ ok: true }));
  made.post('/v1/requests', async () => ({ ok: true }));
  made.get('/streamed', (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: 1\n\n');
  });
  return made;
}

const ask = { origin: PAGE, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' };
const allowed = (headers: object) => Object.keys(headers).filter((name) => name.startsWith('access-control-'));

describe('a page of an origin that is configured', () => {
  it('may ask without a key what it may send', async () => {
    const reply = await app([PAGE]).inject({ method: 'OPTIONS', url: '/v1/requests', headers: ask });
    expect(reply.statusCode).toBe(204);
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': 'authorization,content-type',
      vary: 'origin',
    });
    expect(reply.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('may read answers, errors too, and the headers that matter', async () => {
    const authorization = 'x';
    for (const ask of [{ url: '/status', authorization }, { url: '/status' }, { url: '/streamed', authorization }]) {
      const { url, ...key } = ask;
      const reply = await app([PAGE]).inject({ url, headers: { origin: PAGE, ...key } });
      expect(reply.headers).toMatchObject({ 'access-control-allow-origin': PAGE });
      expect(String(reply.headers['access-control-expose-headers']).split(', ')).toEqual(
        expect.arrayContaining([
          'retry-after',
          'x-headgate-request-id',
          'x-ratelimit-remaining-requests',
          'anthropic-ratelimit-tokens-reset',
        ]),
      );
    }
  });
});

describe('nobody else', () => {
  it.each([
    ['a page of another origin', [PAGE], 'https://evil.example.com'],
    ['a page of the same host on another port', [PAGE], `${PAGE}:8443`],
    ['any page where nothing is configured', [], PAGE],
    ['a page without an origin of its own', [PAGE], 'null'],
  ])('is let in: %s', async (_name, origins, origin) => {
    const asked = await app(origins).inject({ method: 'OPTIONS', url: '/v1/requests', headers: { ...ask, origin } });
    const got = await app(origins).inject({ url: '/status', headers: { origin, authorization: 'x' } });
    expect([...allowed(asked.headers), ...allowed(got.headers)]).toEqual([]);
    expect(asked.statusCode).toBeGreaterThanOrEqual(400);
    expect(got.statusCode).toBe(200);
  });

  it('can be named by a wildcard, a path or a word', () => {
    for (const wrong of ['*', 'https://status.example.com/', 'status.example.com', 'null', '']) {
      expect(() => app([wrong])).toThrow(`gateway.cors: '${wrong}' is no origin`);
    }
  });
});
