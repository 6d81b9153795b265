import type { JsonObject } from '../../domain/chat.ts';
import { InvalidRequest } from '../../domain/errors.ts';

/** Longest body that is read whole: what Anthropic's edge takes. */
const MOST_BYTES = 32 * 1024 * 1024;

/** What a fetch call sends. */
export interface OutgoingRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: HeadersInit | undefined;
  readonly signal: AbortSignal | undefined;
  readonly body: RequestInit['body'] | null | undefined;
}

/** The parts of a fetch call without making a Request of them, which would cost more than all the rest. */
export function outgoingRequest(input: string | URL | Request, init: RequestInit | undefined): OutgoingRequest {
  const request = typeof input === 'object' && 'method' in input ? input : undefined;
  return {
    url: typeof input === 'string' ? input : input instanceof URL ? input.href : input.url,
    method: (init?.method ?? request?.method ?? 'GET').toUpperCase(),
    headers: init?.headers ?? request?.headers,
    signal: init?.signal ?? request?.signal ?? undefined,
    body: init?.body ?? request?.body,
  };
}

/**
 * A body as text, at most 32 MiB. Undefined where it is no text of JSON (a form, parameters).
 * @throws InvalidRequest (rejects) where it is longer
 */
export async function bodyText(body: OutgoingRequest['body']): Promise<string | undefined> {
  if (typeof body === 'string') return body;
  if (body === null || body === undefined || body instanceof FormData || body instanceof URLSearchParams) return undefined;
  if (body instanceof ReadableStream || Symbol.asyncIterator in body) return textOfChunks(body as AsyncIterable<unknown>);
  if (body instanceof Blob) return body.size > MOST_BYTES ? tooLong() : body.text();
  if (body.byteLength > MOST_BYTES) return tooLong();
  return new TextDecoder().decode(body);
}

async function textOfChunks(chunks: AsyncIterable<unknown>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of chunks) {
    if (typeof chunk === 'string') {
      text += chunk;
      bytes += chunk.length;
    } else if (chunk instanceof Uint8Array) {
      text += decoder.decode(chunk, { stream: true });
      bytes += chunk.byteLength;
    } else throw new InvalidRequest('A body stream gave a chunk that is neither bytes nor text.', 'body');
    if (bytes > MOST_BYTES) return tooLong();
  }
  return text + decoder.decode();
}

function tooLong(): never {
  throw new InvalidRequest(`The request's body is longer than ${MOST_BYTES} bytes. Send less, or call the provider directly.`, 'body');
}

/** The JSON object in a text, or undefined where it is something else. */
export function jsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
