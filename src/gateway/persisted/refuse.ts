import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { errorBody } from '../../client/fetch/error-body.ts';
import { InvalidRequest } from '../../domain/errors.ts';
import type { Caller } from '../calls/caller.ts';

const ID = /^[\w-]{1,100}$/;

/** Whether a text may be the id of something here. What can't be is not looked for: not every store takes every text. */
export function isId(text: string): boolean {
  return ID.test(text);
}

export const idField = z.string().regex(ID, 'expected letters, digits, _ and -');

/** Whose things a caller may see; undefined: everybody's. */
export function visibleTo({ tenant, isAdmin }: Caller): string | undefined {
  return isAdmin ? undefined : tenant;
}

/** Answers with an error in OpenAI's form; asking again would not help. */
export function refuse(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply
    .code(status)
    .headers({ 'content-type': 'application/json', 'x-should-retry': 'false' })
    .send(errorBody('openai-chat', status, code, message));
}

export function notFound(reply: FastifyReply, what: string, id: string): FastifyReply {
  return refuse(reply, 404, 'not_found', `No ${what} with id '${id.slice(0, 200)}' found.`);
}

/** What a caller sent, in the form it must have. @throws InvalidRequest naming the field */
export function parsedInput<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  throw new InvalidRequest(`${path === '' ? 'The request' : `'${path}'`} is wrong: ${issue?.message ?? 'not in the form expected'}.`, path);
}
