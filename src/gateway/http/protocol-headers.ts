import type { IncomingHttpHeaders } from 'node:http';

/** What belongs to the call and not to the connection or to whoever made it; OpenRouter's two name the calling program. */
const FORWARDED = new Set(['anthropic-version', 'anthropic-beta', 'openai-beta', 'x-client-request-id', 'http-referer', 'x-title']);

/** The caller's headers that go to the upstream with its call; never a key, a cookie or an address. */
export function protocolHeaders(headers: IncomingHttpHeaders): Record<string, string> | undefined {
  let forwarded: Record<string, string> | undefined;
  for (const name of FORWARDED) {
    const value = headers[name];
    if (typeof value !== 'string') continue;
    forwarded ??= {};
    forwarded[name] = value;
  }
  return forwarded;
}
