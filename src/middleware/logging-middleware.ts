import { validateOptions } from '../config/validate.ts';
import { type ChatMessage, type ChatRequest, type CompletionResponse, textOfMessage } from '../domain/chat.ts';
import type { Clock } from '../domain/clock.ts';
import { LLMQueueException } from '../domain/errors.ts';
import { type EasyLogger, harmless, type Logger } from '../domain/logger.ts';
import { systemClock } from '../lib/system-clock.ts';
import { Middleware, type MiddlewareContext } from './middleware.ts';

const PREVIEWED_MESSAGES = 3;

export interface LoggingOptions {
  /** Default true. */
  readonly logRequests?: boolean;
  /** Default true. */
  readonly logResponses?: boolean;
  /** Default true. */
  readonly logErrors?: boolean;
  /** Writes what users and models said, shortened; default false. Keys are never written. */
  readonly includeContent?: boolean;
  /** Longest text of one message in characters; default 500. */
  readonly maxContentLength?: number;
  /** Default: the client's. */
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Logs requests, responses and errors. */
export class LoggingMiddleware extends Middleware {
  readonly #options: Required<Omit<LoggingOptions, 'logger' | 'clock'>>;
  readonly #logger: EasyLogger | undefined;
  readonly #clock: Clock;
  readonly #startedAt = new WeakMap<MiddlewareContext, number>();

  constructor(options: LoggingOptions = {}) {
    super();
    validateOptions('LoggingMiddleware', options);
    const { logRequests = true, logResponses = true, logErrors = true, includeContent = false, maxContentLength = 500 } = options;
    this.#options = { logRequests, logResponses, logErrors, includeContent, maxContentLength };
    this.#logger = options.logger && harmless(options.logger);
    this.#clock = options.clock ?? systemClock;
  }

  override processRequest(request: ChatRequest, context: MiddlewareContext): ChatRequest {
    this.#startedAt.set(context, this.#clock.now());
    if (!this.#options.logRequests) return request;
    const { messages, temperature, maxTokens, stream } = request;
    const fields = { ...facts(context), messageCount: messages.length, temperature, maxTokens, stream };
    const preview = (): string[] => messages.slice(0, PREVIEWED_MESSAGES).map((message) => this.#shortened(message));
    this.#log(context).info(this.#options.includeContent ? { ...fields, preview: preview() } : fields, 'LLM request');
    return request;
  }

  override processResponse(response: CompletionResponse, context: MiddlewareContext): CompletionResponse {
    if (!this.#options.logResponses) return response;
    const durationMs = this.#durationMs(context);
    const { usage, finishReason, model, clientId } = response;
    const tokensPerSecond = durationMs > 0 ? usage.completionTokens / (durationMs / 1000) : undefined;
    const fields = {
      ...facts(context),
      answeredBy: model,
      clientId,
      durationMs,
      usage,
      tokensPerSecond,
      finishReason,
      ...retries(context),
    };
    const said = this.#options.includeContent ? { ...fields, preview: this.#cut(response.content) } : fields;
    this.#log(context).info(said, 'LLM response');
    return response;
  }

  override processError(error: Error, context: MiddlewareContext): null {
    if (!this.#options.logErrors) return null;
    const code = LLMQueueException.isInstance(error) ? error.code : undefined;
    const said = { errorType: error.name, code, errorMessage: this.#cut(error.message) };
    this.#log(context).error({ ...facts(context), ...said, durationMs: this.#durationMs(context), ...retries(context) }, 'LLM error');
    return null;
  }

  #log(context: MiddlewareContext): EasyLogger {
    return this.#logger ?? harmless(context.logger);
  }

  /** In whole microseconds: more digits are noise. */
  #durationMs(context: MiddlewareContext): number {
    const now = this.#clock.now();
    return Math.round((now - (this.#startedAt.get(context) ?? now)) * 1000) / 1000;
  }

  #shortened(message: ChatMessage): string {
    return `${message.role}: ${this.#cut(textOfMessage(message))}`;
  }

  #cut(text: string): string {
    const { maxContentLength } = this.#options;
    return text.length > maxContentLength ? `${text.slice(0, maxContentLength)}...` : text;
  }
}

function facts({ requestId, provider, model }: MiddlewareContext): object {
  return { requestId, provider, model };
}

function retries({ attempt }: MiddlewareContext): object {
  return { retries: Math.max(0, attempt - 1) };
}
