import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { BatchRecord } from '../../domain/batch-store.ts';
import { uuidSource } from '../../lib/ids.ts';
import type { AddRoutes, GatewayParts } from '../gateway-parts.ts';
import { letIn } from '../http/let-in.ts';
import { batchView } from '../persisted/batches/batch-view.ts';
import type { PersistedWork } from '../persisted/persisted-work.ts';
import { idField, isId, notFound, parsedInput, refuse, visibleTo } from '../persisted/refuse.ts';
import { listOf } from './files.ts';

const WINDOW_MS = 86_400_000;

export const created = z.object({
  input_file_id: idField,
  endpoint: z.enum(['/v1/chat/completions', '/v1/responses', '/v1/embeddings']),
  completion_window: z.literal('24h'),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((metadata) => Object.keys(metadata).length <= 16, 'at most 16 pairs')
    .nullish(),
});

export const listed = z.object({ after: idField.optional(), limit: z.coerce.number().int().min(1).max(100).default(20) });

type IdRoute = { Params: { id: string } };

/** OpenAI's Batches protocol. Lines run in the model's queue at low priority; others' batches are not found. */
export function batchRoutes(work: PersistedWork): AddRoutes {
  return (app, parts) => {
    const newId = uuidSource();
    app.post('/v1/batches', (request, reply) => create(work, parts, `batch_${newId().replaceAll('-', '')}`, request, reply));

    app.get('/v1/batches', async (request) => {
      const tenant = visibleTo(await parts.authenticate(request));
      const { after, limit } = parsedInput(listed, request.query);
      const found = await work.stored(() => work.batches.list({ tenant, after, limit: limit + 1, order: 'desc' }));
      return listOf(found, limit, batchView);
    });

    app.get<IdRoute>('/v1/batches/:id', async (request, reply) => {
      const batch = await find(work, parts, request);
      return batch === undefined ? notFound(reply, 'batch', request.params.id) : batchView(batch);
    });

    app.post<IdRoute>('/v1/batches/:id/cancel', async (request, reply) => {
      const batch = await find(work, parts, request);
      if (batch === undefined) return notFound(reply, 'batch', request.params.id);
      const cancelled = await work.stored(() => work.lives.cancel(batch));
      if (cancelled !== undefined) return batchView(cancelled);
      return refuse(reply, 409, 'already_ended', `Batch '${batch.id}' can't be cancelled any more: it is ${batch.status}.`);
    });
  };
}

async function create(
  work: PersistedWork,
  parts: GatewayParts,
  id: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const owner = await letIn(parts, request);
  const { input_file_id, endpoint, completion_window, metadata } = parsedInput(created, request.body);
  const file = await work.stored(() => work.files.find(input_file_id, visibleTo(owner)));
  if (file === undefined) return refuse(reply, 400, 'invalid_input_file', `'input_file_id' is '${input_file_id}': no such file.`);
  if (file.purpose !== 'batch')
    return refuse(reply, 400, 'invalid_input_file', `'input_file_id' names a file of purpose '${file.purpose}'; expected 'batch'.`);
  const createdAt = parts.clock.wallMs();
  const batch = {
    id,
    owner,
    status: 'validating',
    facts: {
      endpoint,
      inputFileId: file.id,
      completionWindow: completion_window,
      metadata: metadata ?? undefined,
      createdAt,
      expiresAt: createdAt + WINDOW_MS,
      since: {},
      total: 0,
    },
  } as const;
  await work.stored((signal) => work.lives.create(batch, signal));
  return batchView({ ...batch, completed: 0, failed: 0, inputTokens: 0, outputTokens: 0 });
}

async function find(work: PersistedWork, parts: GatewayParts, request: FastifyRequest<IdRoute>): Promise<BatchRecord | undefined> {
  const tenant = visibleTo(await parts.authenticate(request));
  const { id } = request.params;
  return isId(id) ? work.stored(() => work.batches.find(id, tenant)) : undefined;
}
