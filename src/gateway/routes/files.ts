import { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { InvalidRequest, LLMQueueException, textOf } from '../../domain/errors.ts';
import type { StoredFile } from '../../domain/file-store.ts';
import { uuidSource } from '../../lib/ids.ts';
import type { AddRoutes, GatewayParts } from '../gateway-parts.ts';
import { letIn } from '../http/let-in.ts';
import { seconds } from '../persisted/batches/batch-view.ts';
import { isStorable } from '../persisted/check-body.ts';
import { FileWriter } from '../persisted/file-writer.ts';
import type { PersistedWork } from '../persisted/persisted-work.ts';
import { idField, isId, notFound, parsedInput, refuse, visibleTo } from '../persisted/refuse.ts';

const LONGEST_NAME = 512;
const UNNAMED = 'upload';

export const listed = z.object({
  after: idField.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(10_000),
  order: z.enum(['asc', 'desc']).default('desc'),
  purpose: idField.optional(),
});

type IdRoute = { Params: { id: string } };

/** OpenAI's Files protocol, for the purpose `batch`. Uploads go into the store as they come; others' files are not found. */
export function fileRoutes(work: PersistedWork): AddRoutes {
  return (app, parts) => {
    const newId = uuidSource();
    // In a scope of its own: nobody else's routes read forms.
    void app.register(async (scope: FastifyInstance) => {
      await scope.register(multipart, {
        limits: { files: 1, fields: 20, fieldSize: 10_000, fileSize: work.mostFileBytes },
        throwFileSizeLimit: false,
      });
      scope.post('/v1/files', (request, reply) => upload(work, parts, `file-${newId().replaceAll('-', '')}`, request, reply));
    });

    app.get('/v1/files', async (request) => {
      const tenant = visibleTo(await parts.authenticate(request));
      const { limit, ...page } = parsedInput(listed, request.query);
      const found = await work.stored(() =>
        work.files.list({ ...page, tenant, purpose: page.purpose, after: page.after, limit: limit + 1 }),
      );
      return listOf(found, limit, fileView);
    });

    app.get<IdRoute>('/v1/files/:id', async (request, reply) => {
      const file = await find(work, parts, request);
      return file === undefined ? notFound(reply, 'file', request.params.id) : fileView(file);
    });

    app.get<IdRoute>('/v1/files/:id/content', async (request, reply) => {
      const file = await find(work, parts, request);
      if (file === undefined) return notFound(reply, 'file', request.params.id);
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': String(file.bytes),
        'x-content-type-options': 'nosniff',
      };
      return reply.headers(headers).send(Readable.from(work.files.read(file.id), { objectMode: false }));
    });

    app.delete<IdRoute>('/v1/files/:id', async (request, reply) => {
      const file = await find(work, parts, request);
      if (file === undefined) return notFound(reply, 'file', request.params.id);
      await work.stored(() => work.files.remove(file.id));
      return { id: file.id, object: 'file', deleted: true };
    });
  };
}

/** A page of a list in OpenAI's form. @param found one more than `limit` where there are more */
export function listOf<T extends { readonly id: string }>(found: readonly T[], limit: number, view: (item: T) => object): object {
  const page = found.slice(0, limit);
  return {
    object: 'list',
    data: page.map(view),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: found.length > limit,
  };
}

async function find(work: PersistedWork, parts: GatewayParts, request: FastifyRequest<IdRoute>): Promise<StoredFile | undefined> {
  const tenant = visibleTo(await parts.authenticate(request));
  const { id } = request.params;
  return isId(id) ? work.stored(() => work.files.find(id, tenant)) : undefined;
}

function fileView({ id, filename, purpose, bytes, createdAt, expiresAt }: StoredFile): object {
  const moments = { created_at: seconds(createdAt), expires_at: seconds(expiresAt) };
  return { id, object: 'file', bytes, ...moments, filename, purpose, status: 'processed', status_details: null };
}

async function upload(
  work: PersistedWork,
  parts: GatewayParts,
  id: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { tenant } = await letIn(parts, request);
  if (!request.isMultipart())
    return refuse(reply, 400, 'invalid_request', 'Expected a form (multipart/form-data) with the fields purpose and file.');
  let purpose: unknown;
  let filename: string | undefined;
  let isTooLarge = false;
  const createdAt = parts.clock.wallMs();
  const writer = await work.stored(() => FileWriter.open(work.files, { id, tenant, createdAt }));
  let file: StoredFile | undefined;
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') {
        if (part.fieldname === 'purpose') purpose = part.value;
        continue;
      }
      const isWanted = part.fieldname === 'file' && filename === undefined;
      if (isWanted) filename = (part.filename || UNNAMED).slice(0, LONGEST_NAME);
      // What isn't wanted must be read all the same: the next part comes after it.
      for await (const chunk of part.file as AsyncIterable<Buffer>)
        if (isWanted && !part.file.truncated) await work.stored(() => writer.write(chunk));
      if (isWanted) isTooLarge = part.file.truncated;
    }
    const problem = problemOf(work, { purpose, filename, isTooLarge });
    if (problem !== undefined) return refuse(reply, problem.status, problem.code, problem.message);
    const expiresAt = work.keptMs === undefined ? undefined : createdAt + work.keptMs;
    file = await work.stored(() => writer.finish('batch', filename ?? '', expiresAt));
    return fileView(file);
  } catch (error) {
    // The parser's own words for a form that is none; everybody else's errors say what they are.
    if (LLMQueueException.isInstance(error) || (error instanceof Error && 'statusCode' in error)) throw error;
    throw new InvalidRequest(`The form can't be read: ${textOf(error)}`, '', { cause: error });
  } finally {
    // Where that can't be done either, it is forgotten with what is old. Nobody waits for it.
    if (file === undefined) void writer.discard().catch(() => {});
  }
}

interface Upload {
  readonly purpose: unknown;
  readonly filename: string | undefined;
  readonly isTooLarge: boolean;
}

function problemOf(
  work: PersistedWork,
  { purpose, filename, isTooLarge }: Upload,
): { status: number; code: string; message: string } | undefined {
  if (filename === undefined || !isStorable(filename))
    return { status: 400, code: 'invalid_request', message: "'file' is missing: the form has no file of that name." };
  if (isTooLarge)
    return { status: 413, code: 'request_too_large', message: `The file is larger than ${work.mostFileBytes} bytes. Divide it.` };
  if (purpose !== 'batch')
    return { status: 400, code: 'invalid_purpose', message: "'purpose' must be 'batch'; files are kept here for batches only." };
  return undefined;
}
