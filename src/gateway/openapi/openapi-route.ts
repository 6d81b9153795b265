import type { FastifyInstance } from 'fastify';
import { openApiDocument } from './openapi-document.ts';

/** `GET /openapi.json`, which tells no secrets and asks for no key. */
export function addOpenApi(app: FastifyInstance): void {
  let text: string | undefined;
  app.get('/openapi.json', async (_request, reply) => {
    text ??= JSON.stringify(openApiDocument());
    return reply.type('application/json').send(text);
  });
}
