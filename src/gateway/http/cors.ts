import type { FastifyInstance } from 'fastify';
import { InvalidConfiguration } from '../../domain/errors.ts';

const METHODS = 'GET, POST, DELETE';
const REMEMBERED_SECONDS = '600';
/** What a page may read of an answer besides its body. */
const EXPOSED = [
  'retry-after',
  'x-should-retry',
  ...['request-id', 'deployment', 'queue-ms', 'position', 'attempts'].map((name) => `x-headgate-${name}`),
  ...['limit', 'remaining', 'reset'].flatMap((what) => ['requests', 'tokens'].map((kind) => `x-ratelimit-${what}-${kind}`)),
  ...['requests', 'tokens'].flatMap((kind) => ['limit', 'remaining', 'reset'].map((what) => `anthropic-ratelimit-${kind}-${what}`)),
].join(', ');
/** A header's name, as the browser asks for it. */
const HEADER_NAMES = /^[\w-]+(\s*,\s*[\w-]+)*$/;

/**
 * Lets pages of these origins call the gateway; without any nothing changes, and browsers keep every page of another origin out.
 * Exact origins only (`https://status.example.com`): with a wildcard any page could use a gateway that asks for no key.
 * Credentials of the browser are never asked for, the key travels in a header.
 */
export function addCors(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins.map(checkOrigin));
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    // Not on the reply: streams are written past it.
    reply.raw.setHeader('vary', 'origin');
    if (origin === undefined || !allowed.has(origin)) return undefined;
    reply.raw.setHeader('access-control-allow-origin', origin);
    reply.raw.setHeader('access-control-expose-headers', EXPOSED);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return undefined;
    const asked = request.headers['access-control-request-headers'] ?? '';
    // Before anybody asks for a key: a browser asks first without one.
    return reply
      .code(204)
      .headers({
        'access-control-allow-methods': METHODS,
        'access-control-max-age': REMEMBERED_SECONDS,
        ...(HEADER_NAMES.test(asked) ? { 'access-control-allow-headers': asked } : {}),
      })
      .send();
  });
  // Hooks run for routes that exist.
  app.options('/*', (_request, reply) => reply.code(404).send());
}

function checkOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
  throw new InvalidConfiguration(
    `gateway.cors: '${origin}' is no origin. Name scheme, host and port exactly, without a path: https://status.example.com`,
    'gateway.cors',
  );
}
