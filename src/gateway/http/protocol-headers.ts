import type { IncomingHttpHeaders } from 'node:http';
import { InvalidRequest } from '../../domain/errors.ts';

/** What belongs to the call and not to the connection or to whoever made it; OpenRouter's two name the calling program. */
const FORWARDED = new Set(['anthropic-version', 'anthropic-beta', 'openai-beta', 'x-client-request-id', 'http-referer', 'x-title']);
/** What RFC 9110 lets stand in a header: anything else the connection to the upstream refuses, as if its key were wrong. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The caller's headers that go to the upstream with its call; never a key, a cookie or an address.
 * @throws InvalidRequest for a value that can't stand in a header
 */
export function protocolHeaders(headers: IncomingHttpHeaders): Record<string, string> | undefined {
  let forwarded: Record<string, string> | undefined;
  for (const name of FORWARDED) {
    const value = headers[name];
    if (typeof value !== 'string') continue;
    if (!SENDABLE.test(value))
      throw new InvalidRequest(`The header ${name} has control characters or others that no header may have.`, name);
    forwarded ??= {};
    forwarded[name] = value;
  }
  return forwarded;
}
