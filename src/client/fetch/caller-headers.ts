/** What a caller's headers come to. */
export interface CallerHeaders {
  /** What belongs to the protocol or is the caller's own; never a key. The endpoint leaves out what is a connection's. */
  readonly protocol: Readonly<Record<string, string>>;
  /** The key, as the header it came in, with what else says whose account it is. Undefined where there is none. */
  readonly auth: Readonly<Record<string, string>> | undefined;
}

const AUTH = new Set(['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'openai-organization', 'openai-project']);
const KEYS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'];
/** SDKs' telemetry about themselves, and ours to Headgate. */
const NOT_PASSED_PREFIX = /^x-(stainless|headgate)-/;

/** Sorts a fetch call's headers; names come out in lower case. */
export function callerHeaders(init: HeadersInit | undefined): CallerHeaders {
  const protocol: Record<string, string> = {};
  let auth: Record<string, string> | undefined;
  let hasKey = false;
  for (const [name, value] of entriesOf(init)) {
    const lower = name.toLowerCase();
    if (AUTH.has(lower)) {
      auth ??= {};
      auth[lower] = value;
      hasKey ||= KEYS.includes(lower);
    } else if (!NOT_PASSED_PREFIX.test(lower)) protocol[lower] = value;
  }
  return { protocol, auth: hasKey ? auth : undefined };
}

function entriesOf(init: HeadersInit | undefined): Iterable<readonly [string, string]> {
  if (init === undefined) return [];
  if (init instanceof Headers) return init;
  if (Array.isArray(init)) return init.map(([name = '', value = '']) => [name, value] as const);
  // Another copy of Headers, as an SDK may bring, iterates too.
  if (Symbol.iterator in init) return init as Iterable<readonly [string, string]>;
  return Object.entries(init);
}
