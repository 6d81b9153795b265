import type { ChatEvent, ChatRequest, ChatUsage, CompletionResponse, JsonObject } from '../../domain/chat.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import type { ServerSentEvent } from '../provider.ts';
import { ProviderFailure } from '../provider-failure.ts';

/** An answer as far as the wire tells of it. */
export type WireCompletion = Pick<CompletionResponse, 'content' | 'toolCalls' | 'finishReason' | 'metadata'> & {
  /** Undefined where the provider didn't say. */
  readonly model: string | undefined;
  readonly usage: ChatUsage | undefined;
};

/** What one event of a stream adds. */
export type ChatDelta = Extract<ChatEvent, { type: 'text' | 'tool-call-delta' }>;

/** Reads one stream from its first event to its last. */
export interface ChatStreamReader {
  /** Throws a `ProviderFailure` for an event that is no JSON object. */
  read(event: ServerSentEvent): readonly ChatDelta[];
  /** Everything that was read so far. */
  completion(): WireCompletion;
}

/** Translates between a neutral chat request and one wire format. Pure. */
export interface ChatCodec {
  readonly format: WireFormatName;
  encode(request: ChatRequest, provider: string): JsonObject;
  /** Throws a `ProviderFailure` for something that is no completion. */
  decode(json: unknown, request: ChatRequest): WireCompletion;
  streamReader(request: ChatRequest): ChatStreamReader;
}

/** An answer that isn't what its format promises. Another deployment may do better. */
export function notACompletion(what: string): ProviderFailure {
  return new ProviderFailure({ message: what, code: 'invalid_response', retryable: true, scope: 'deployment' });
}

/** The JSON object of an event; undefined for an event that carries none, as `[DONE]`. */
export function eventObject({ data }: ServerSentEvent): JsonObject | undefined {
  if (data === '' || data.startsWith('[DONE]')) return undefined;
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch {
    // Told below.
  }
  throw notACompletion('The stream has an event that is no JSON object.');
}
