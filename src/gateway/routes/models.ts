import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ownAnswer } from '../../client/fetch/error-answer.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { sendError } from '../http/send-answer.ts';

/** `GET /v1/models` of both faces: whoever says `anthropic-version` gets Anthropic's form. */
export function addModels(app: FastifyInstance, { headgate, authenticate, mayUse, clock }: GatewayParts): void {
  const startedMs = clock.wallMs();
  const modelsFor = async (request: FastifyRequest): Promise<string[]> => {
    const caller = await authenticate(request);
    return headgate.queues.getRegisteredModels().filter((model) => mayUse(caller, model));
  };
  app.get('/v1/models', async (request) => {
    const ids = await modelsFor(request);
    const data = ids.map((id) => modelIn(formatOf(request), id, startedMs));
    if (formatOf(request) === 'openai-chat') return { object: 'list', data };
    return { data, has_more: false, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null };
  });
  // A model's id may have slashes.
  app.get<{ Params: { '*': string } }>('/v1/models/*', async (request, reply) => {
    const id = request.params['*'];
    const format = formatOf(request);
    if ((await modelsFor(request)).includes(id)) return modelIn(format, id, startedMs);
    return sendError(reply, ownAnswer(format, 404, 'model_not_found', `There is no model '${id.slice(0, 200)}'.`));
  });
}

function formatOf({ headers }: FastifyRequest): WireFormatName {
  return headers['anthropic-version'] === undefined ? 'openai-chat' : 'anthropic-messages';
}

function modelIn(format: WireFormatName, id: string, startedMs: number): object {
  if (format === 'openai-chat') return { id, object: 'model', created: Math.floor(startedMs / 1_000), owned_by: 'headgate' };
  return { type: 'model', id, display_name: id, created_at: new Date(startedMs).toISOString() };
}
