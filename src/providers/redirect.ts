import { oneLine } from '../lib/one-line.ts';
import { type ErrorFields, errorOf } from './error-fields.ts';
import { headerText } from './headers/header-values.ts';
import type { HttpReply } from './http-reply.ts';

/** Stands for the server that was asked, where an address names none. */
const HERE = 'http://here.invalid';

/**
 * What an answer that points elsewhere comes to: it names the address without its query, which may hold what is nobody's
 * business, and the way out. It is never followed: the key would go along, to whoever is there.
 */
export function redirectFields(reply: HttpReply): ErrorFields {
  const location = headerText(reply.headers, 'location');
  const told = errorOf(reply);
  if (location === undefined || !URL.canParse(location, HERE)) return told;
  const { origin, pathname } = new URL(location, HERE);
  const elsewhere = origin !== HERE;
  const to = elsewhere ? origin : `'${pathname.slice(0, 100)}' on the same server`;
  const wayOut = elsewhere ? `an address at ${origin}` : 'the address behind it';
  const message = `HTTP ${reply.status}: it redirects to ${to}, which is not followed with a key. If the API is there, set baseUrl to ${wayOut}.`;
  return { ...told, message: oneLine(message) };
}
