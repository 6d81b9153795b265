import type { FastifyInstance } from 'fastify';
import type { GatewayParts } from '../gateway-parts.ts';

/** `/healthz`: the process answers. `/readyz`: it takes calls; the first thing to fail at a shutdown. Neither asks for a key. */
export function addHealth(app: FastifyInstance, { closing }: Pick<GatewayParts, 'closing'>): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    if (closing() === undefined) return { status: 'ready' };
    return reply.code(503).send({ status: 'closing' });
  });
}
