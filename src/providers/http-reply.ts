import { firstOf } from './headers/header-values.ts';

/** A complete HTTP response, whatever its status. */
export interface HttpReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The provider's own id of this call, from `x-request-id` or `request-id`. */
  readonly requestId: string | undefined;
  /** The body as it came. */
  readonly text: string;
  /** The body parsed, or undefined where it is no JSON. */
  readonly json: unknown;
}

/** Puts a reply together from what came over the wire. */
export function httpReply(status: number, headers: HttpReply['headers'], text: string): HttpReply {
  return { status, headers, requestId: firstOf(headers['x-request-id']) ?? firstOf(headers['request-id']), text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
