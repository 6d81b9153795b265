import { Readable } from 'node:stream';
import fastify, { type FastifyInstance } from 'fastify';
import { silentLogger } from '../../src/domain/logger.ts';
import type { Caller } from '../../src/gateway/calls/caller.ts';
import { TenantRefused } from '../../src/gateway/calls/tenant-refused.ts';
import type { GatewayParts } from '../../src/gateway/gateway-parts.ts';
import { type StatusRoutesOptions, statusRoutes } from '../../src/gateway/status/status-routes.ts';
import { TenantTally } from '../../src/gateway/status/tenant-tally.ts';
import { at, chatBody, type World, world } from '../client/headgate-world.ts';

export const ADMIN: Caller = { keyId: 'a', tenant: '', isAdmin: true };
export const tenantCaller = (tenant: string): Caller => ({ keyId: tenant, tenant, isAdmin: false });

interface StatusWorldOptions extends Partial<StatusRoutesOptions> {
  readonly mayUse?: GatewayParts['mayUse'];
}

/** A headgate with two models behind the status routes; a key is a tenant's name, or `admin`. */
export interface StatusWorld extends World {
  readonly app: FastifyInstance;
  readonly tally: TenantTally;
  /** Keys that are not known any more. */
  readonly revoked: Set<string>;
  /** Hands calls of a tenant in; they run under the virtual clock. */
  call(tenant: string, count?: number, modelId?: string): void;
}

export async function statusWorld({ mayUse = () => true, ...options }: StatusWorldOptions = {}): Promise<StatusWorld> {
  const limited = { rateLimiters: [{ type: 'concurrent', limit: 1 }] } as const;
  const w = await world(
    { models: { 'gpt-4o': { deployments: [at('secret-host.test')], ...limited }, other: { deployments: [at('secret-host.test')] } } },
    { 'secret-host.test': { latency: { headersMs: { min: 2_000, max: 2_000 } } } },
  );
  const tally = new TenantTally();
  const revoked = new Set<string>();
  const app = fastify();
  const authenticate = async ({ headers }: { headers: { authorization?: string | undefined } }): Promise<Caller> => {
    const tenant = headers.authorization?.replace('Bearer ', '');
    if (tenant === undefined || revoked.has(tenant)) throw new TenantRefused({ status: 401, code: 'unknown_key', message: 'Unknown key.' });
    return tenant === 'admin' ? ADMIN : tenantCaller(tenant);
  };
  app.setErrorHandler((error, _request, reply) => reply.code(error instanceof TenantRefused ? error.status : 500).send(String(error)));
  const calls = { run: () => Promise.reject(new Error('Not here.')) };
  const parts: GatewayParts = {
    headgate: w.headgate,
    calls,
    clock: w.clock,
    logger: silentLogger,
    authenticate,
    mayUse,
    closing: () => undefined,
  };
  statusRoutes({ tally, ...options })(app, parts);
  await app.ready();
  const call = (tenant: string, count = 1, modelId = 'gpt-4o'): void => {
    for (let made = 0; made < count; made++) {
      w.headgate.dispatch(modelId, { format: 'openai-chat', body: chatBody() }, { tenant }).catch(() => undefined);
    }
  };
  return { ...w, app, tally, revoked, call };
}

/** A `fetch` that reaches the app without a network. */
export function fetchFrom(app: FastifyInstance): typeof fetch {
  return async (url, init = {}) => {
    const { pathname } = new URL(String(url));
    const reply = await app.inject({ url: pathname, headers: Object.fromEntries(new Headers(init.headers)), payloadAsStream: true });
    const source = reply.stream();
    const leave = (): void => void source.destroy();
    init.signal?.addEventListener('abort', leave);
    const body = Readable.toWeb(source) as ReadableStream<Uint8Array>;
    return new Response(body, { status: reply.statusCode, headers: new Headers(reply.headers as Record<string, string>) });
  };
}
