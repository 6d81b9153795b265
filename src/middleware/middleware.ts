import type { ChatRequest, ChatStream, CompletionResponse } from '../domain/chat.ts';
import type { Logger } from '../domain/logger.ts';

/**
 * What the middlewares of one request share. The named fields are set by the client; a middleware may add its own.
 * With retries the context stays the same; `attempt` counts up.
 */
export interface MiddlewareContext {
  /** The id of the queued request, as in logs and events. */
  readonly requestId: string;
  readonly provider: string;
  /** What the request asks for: a model of the client. */
  readonly model: string;
  /** Of the client; whatever it throws stays with it. */
  readonly logger: Logger;
  /** 0 until the first attempt starts. */
  attempt: number;
  /** The deployment of the current attempt. */
  clientId?: string | undefined;
  [name: string]: unknown;
}

/** A whole answer, or a stream where `request.stream` is true. */
export type ChatAnswer = CompletionResponse | ChatStream;

/** The rest of the chain, down to the provider. */
export type Next = (request: ChatRequest) => Promise<ChatAnswer>;

/**
 * The onion form: does something, calls `next` at most as often as it likes, does something with the answer. A stream
 * is passed on as it is, or wrapped.
 */
export type OnionMiddleware = (request: ChatRequest, next: Next, context: MiddlewareContext) => Promise<ChatAnswer>;

/**
 * Base of middlewares with hooks; override those that you need. Hooks run for streams too: `processResponse` gets the
 * whole answer when the stream has ended, and a consumer who leaves the stream is told to `processError` as
 * `RequestCancelled`. What a hook throws is that request's error, and no other's.
 */
export class Middleware {
  /** Sees each request before it goes on; returns it or another one. */
  processRequest?(request: ChatRequest, context: MiddlewareContext): Promise<ChatRequest> | ChatRequest;

  /** Sees each response on its way back, innermost middleware first; returns it or another one. */
  processResponse?(response: CompletionResponse, context: MiddlewareContext): Promise<CompletionResponse> | CompletionResponse;

  /**
   * Sees each error on its way back. An error goes on in its place; null lets the same error go on; a response answers
   * the request, and middlewares farther out see it as a response. A stream that has delivered something can't be
   * answered any more: there only an error has an effect.
   */
  processError?(error: Error, context: MiddlewareContext): Promise<Error | CompletionResponse | null> | Error | CompletionResponse | null;
}

/** Whether an answer is a stream. */
export function isChatStream(answer: ChatAnswer): answer is ChatStream {
  return Symbol.asyncIterator in answer;
}
