import type { JsonObject } from '../../domain/chat.ts';
import { InvalidRequest } from '../../domain/errors.ts';

/** A request's body where it has to be a JSON object. */
export function jsonBody(body: unknown): JsonObject {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as JsonObject;
  throw new InvalidRequest('The request has no JSON object as its body.', 'body');
}
