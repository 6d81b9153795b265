import type { JsonObject } from '../../domain/chat.ts';
import { InvalidRequest } from '../../domain/errors.ts';
import { nestsDeeperThan } from '../../lib/nests-deeper-than.ts';

/** Far more than any call has; what walks through a body step by step could go no deeper than some thousands. */
export const MOST_LEVELS = 200;

/** Whether a JSON value could not be gone through to its ground. */
export function nestsTooDeep(value: unknown): boolean {
  return nestsDeeperThan(value, MOST_LEVELS);
}

/** A request's body where it has to be a JSON object. */
export function jsonBody(body: unknown): JsonObject {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as JsonObject;
  throw new InvalidRequest('The request has no JSON object as its body.', 'body');
}
