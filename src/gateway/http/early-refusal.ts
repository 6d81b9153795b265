import type { FastifyInstance } from 'fastify';
import type { GatewayParts } from '../gateway-parts.ts';

/** Smaller ones cost less than asking twice. */
const LARGE_BYTES = 64 * 1024;

/** Asks for the key before a large body is read: whoever has none must not fill the memory. */
export function refuseEarly(app: FastifyInstance, { authenticate, closing }: Pick<GatewayParts, 'authenticate' | 'closing'>): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { 'content-length': length = 0, 'transfer-encoding': encoding } = request.headers;
    if ((Number(length) <= LARGE_BYTES && encoding === undefined) || closing() !== undefined) return done();
    authenticate(request).then(() => done(), done);
  });
}
