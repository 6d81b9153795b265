import { ReadableStream as NodeStream } from 'node:stream/web';
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

/** Whether these are arguments that a fetch takes; what else the platform's own says of them is for it to say. */
export function areFetchArguments(input: unknown, init: unknown): boolean {
  const isAddress =
    typeof input === 'string' || (isThing(input) && (input instanceof URL || typeof Reflect.get(input, 'url') === 'string'));
  if (!isAddress || !(init === undefined || init === null || isThing(init))) return false;
  const { method, headers, signal } = (init ?? {}) as Readonly<Record<string, unknown>>;
  const isOptional = (value: unknown, fits: boolean): boolean => value === undefined || value === null || fits;
  return (
    isOptional(method, typeof method === 'string') &&
    isOptional(headers, isThing(headers)) &&
    isOptional(signal, isThing(signal) && typeof Reflect.get(signal, 'throwIfAborted') === 'function')
  );
}

function isThing(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
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

/** A body that may be a call's. */
export interface ReadBody {
  readonly text: string;
  /** The same, to be passed on as it came where it is no call after all. */
  readonly raw: NonNullable<RequestInit['body']>;
}

/**
 * A body as text, at most 32 MiB. Undefined where it is no text of JSON (a form, parameters).
 * @param signal gives up a stream that has not ended
 * @throws InvalidRequest (rejects) where it is longer
 */
export async function readBody(body: OutgoingRequest['body'], signal: AbortSignal | undefined): Promise<ReadBody | undefined> {
  if (typeof body === 'string') return body.length > MOST_BYTES ? tooLong() : { text: body, raw: body };
  if (!isThing(body) || body instanceof FormData || body instanceof URLSearchParams) return undefined;
  if (body instanceof ReadableStream || Symbol.asyncIterator in body) {
    const raw = await bytesOfStream(body instanceof ReadableStream ? body : NodeStream.from(body as AsyncIterable<unknown>), signal);
    return { text: new TextDecoder().decode(raw), raw };
  }
  if (body instanceof Blob) return body.size > MOST_BYTES ? tooLong() : { text: await body.text(), raw: body };
  if (!('byteLength' in body)) return undefined;
  if (body.byteLength > MOST_BYTES) return tooLong();
  return { text: new TextDecoder().decode(body), raw: body };
}

/** The platform's stream, whichever library declares its type. */
interface AnyStream {
  getReader(): Pick<ReadableStreamDefaultReader<unknown>, 'read' | 'cancel'>;
}

async function bytesOfStream(stream: AnyStream, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const leave = (reason: unknown): void => void reader.cancel(reason).catch(() => {});
  // Ends a read that waits.
  const onAbort = (): void => leave(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const chunk = bytesOf(next.value);
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes > MOST_BYTES) return tooLong();
    }
  } catch (error) {
    leave(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
  signal?.throwIfAborted();
  return Buffer.concat(chunks);
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return new TextEncoder().encode(chunk);
  throw new InvalidRequest('A body stream gave a chunk that is neither bytes nor text.', 'body');
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
