import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { WORK_ENDPOINTS, type Work, type WorkRecord } from '../../domain/request-journal.ts';
import { uuidSource } from '../../lib/ids.ts';
import type { AddRoutes, GatewayParts } from '../gateway-parts.ts';
import { callOptions } from '../http/call-options.ts';
import { letIn } from '../http/let-in.ts';
import { isStillLetIn } from '../http/still-let-in.ts';
import { checkBody, isJsonObject } from '../persisted/check-body.ts';
import type { PersistedWork } from '../persisted/persisted-work.ts';
import { isId, notFound, parsedInput, refuse, visibleTo } from '../persisted/refuse.ts';
import { requestView } from '../persisted/request-view.ts';
import { StatusEvents } from '../persisted/status-events.ts';

const MOST_SECONDS = 30 * 86_400;
const STATUS_OF: Readonly<Record<string, number>> = { model_not_found: 404 };

export const handedIn = z.strictObject({
  endpoint: z.enum(WORK_ENDPOINTS).default('/v1/chat/completions'),
  body: z.record(z.string(), z.unknown()),
  priority: z.int().min(-10).max(10).optional(),
  timeout_seconds: z.number().positive().max(MOST_SECONDS).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

type IdRoute = { Params: { id: string } };

/**
 * Fire and forget. `POST /v1/requests` takes `{ endpoint?, body, priority?, timeout_seconds?, metadata? }`: `endpoint` is the path that would
 * answer the call at once (default `/v1/chat/completions`; also `/v1/responses`, `/v1/embeddings`, `/v1/messages`), `body` what would be sent
 * there, without `stream`; `priority` a whole number from −10 to 10, `timeout_seconds` how long the answer is of use (waiting included; default
 * for ever), `metadata` comes back with it. A body that names a `model` itself is taken as a chat completion's. The answer is 202
 * `{ id, status: 'pending' }` once the request is written down: from then on it survives restarts.
 *
 * `GET /v1/requests/:id` gives the engine's `QueueResponse` with `result` the answer's body, `DELETE` cancels, `GET …/events` tells each change
 * of status as a server-sent event, the present one first, and ends after the last. Others' requests are not found.
 */
export function requestRoutes(work: PersistedWork): AddRoutes {
  return (app, parts) => {
    const newId = uuidSource();
    const followed = new Set<StatusEvents>();
    // A server that closes waits for its answers; these may have no end yet.
    app.addHook('preClose', async () => {
      for (const events of followed) events.finish();
    });
    app.post('/v1/requests', (request, reply) => handIn(work, parts, `req_${newId().replaceAll('-', '')}`, request, reply));

    app.get<IdRoute>('/v1/requests/:id', async (request, reply) => {
      const record = await find(work, parts, request);
      if (record === undefined) return notFound(reply, 'request', request.params.id);
      return requestView(record, work.hub.last(record.id));
    });

    app.delete<IdRoute>('/v1/requests/:id', async (request, reply) => {
      const record = await find(work, parts, request);
      if (record === undefined) return notFound(reply, 'request', request.params.id);
      const isCancelled = record.settled === undefined && (await work.stored(() => work.cancel(record.seq, record.id, record.model)));
      const after = await find(work, parts, request);
      if (isCancelled) return requestView(after ?? record, undefined);
      const status = after?.settled?.outcome.status ?? 'settled';
      return refuse(reply, 409, 'already_settled', `Request '${record.id}' can't be cancelled: it is ${status} already.`);
    });

    // Whoever asks for the head alone would wait for an end that never comes.
    app.get<IdRoute>('/v1/requests/:id/events', { exposeHeadRoute: false }, async (request, reply) => {
      const events = new StatusEvents(work, request.params.id, () => isStillLetIn(parts.authenticate(request)));
      const record = await find(work, parts, request).catch((error: unknown) => {
        events.destroy();
        throw error;
      });
      if (record === undefined) {
        events.destroy();
        return notFound(reply, 'request', request.params.id);
      }
      followed.add(events.once('close', () => followed.delete(events)));
      events.begin(record);
      // Kept for more requests, it would hold up a server that closes while it is followed.
      return reply
        .headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close' })
        .send(events);
    });
  };
}

async function handIn(
  work: PersistedWork,
  parts: GatewayParts,
  id: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const owner = await letIn(parts, request);
  const acceptedAt = parts.clock.wallMs();
  const sent = request.body;
  const isBare = isJsonObject(sent) && 'model' in sent && !('body' in sent);
  const { endpoint, body, priority, timeout_seconds, metadata } = parsedInput(handedIn, isBare ? { body: sent } : sent);
  const checked = checkBody(body, (model) => work.offers(owner, model));
  if ('code' in checked) return refuse(reply, STATUS_OF[checked.code] ?? 400, checked.code, checked.message);
  // An SDK's own patience is about its wait for the answer to this, not for the call's.
  const asked = callOptions({ ...request.headers, 'x-stainless-timeout': undefined }, acceptedAt);
  const handed: Work = {
    id,
    owner,
    batch: undefined,
    endpoint,
    model: checked.model,
    body: JSON.stringify(body),
    priority: priority ?? asked.priority ?? 0,
    deadline: timeout_seconds === undefined ? asked.deadline : Math.round(acceptedAt + timeout_seconds * 1000),
    metadata: metadata && JSON.stringify(metadata),
    acceptedAt,
  };
  await work.stored((signal) => work.accept(handed, signal));
  return reply.code(202).header('x-headgate-request-id', id).send({ id, status: 'pending' });
}

async function find(work: PersistedWork, parts: GatewayParts, request: FastifyRequest<IdRoute>): Promise<WorkRecord | undefined> {
  const caller = await parts.authenticate(request);
  const { id } = request.params;
  return isId(id) ? work.stored(() => work.journal.find(id, visibleTo(caller))) : undefined;
}
