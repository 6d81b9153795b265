import type { z } from 'zod';
import type { ChatEvent, ChatMessage, ChatRequest, CompletionResponse } from '../../domain/chat.ts';
import { InvalidRequest } from '../../domain/errors.ts';
import { LLMConfigurationError } from '../../domain/llm-errors.ts';
import type { ShutdownOptions } from '../../engine/queue-manager.ts';
import { type ChatAnswer, isChatStream, type MiddlewareContext, type Next } from '../../middleware/middleware.ts';
import type { MiddlewareChain } from '../../middleware/middleware-chain.ts';
import { RateLimitMiddleware } from '../../middleware/rate-limit-middleware.ts';
import { RetryMiddleware } from '../../middleware/retry-middleware.ts';
import { codecFor } from '../../providers/codecs/codec-for.ts';
import { decodeEmbeddings, encodeEmbeddings } from '../../providers/codecs/openai-embeddings.ts';
import { AnswerStream } from './answer-stream.ts';
import { BegunRequests } from './begun-requests.ts';
import { CallersPatience } from './callers-patience.ts';
import { checkCallOptions } from './check-options.ts';
import { isForEmbeddings } from './client-plan.ts';
import { type ClientParts, ClientRequests, type Urgency } from './client-requests.ts';
import { type CompleteOptions, chatRequestOf } from './complete-options.ts';
import type { Embeddings, EmbedOptions } from './embeddings.ts';
import { mappedStream } from './mapped-stream.ts';
import type { Conversation } from './message.ts';
import { type ProviderStatus, providerStatus } from './pool-status.ts';
import { readAnswer, usageOf } from './read-answer.ts';
import { type ParsedResponse, parsedResponse } from './structured-answer.ts';

/** How {@link LLMClient.chat} asks. */
export interface ChatOptions extends CompleteOptions<undefined> {
  readonly system?: string | undefined;
  /** What was said before. */
  readonly history?: readonly ChatMessage[] | undefined;
}

type Responded<S> = S extends z.ZodType ? ParsedResponse<z.output<S>> : CompletionResponse;

/**
 * The client of one provider: all its keys behind one queue. Calls that the limits don't admit wait; failed ones are
 * tried again on whichever key can take them. Made by {@link LLMManager}.
 */
export class LLMClient {
  /** What it is asked for by. */
  readonly name: string;
  readonly provider: string;
  /** Changes hold for calls that start later. */
  readonly middlewareChain: MiddlewareChain;
  readonly #parts: ClientParts;
  readonly #requests: ClientRequests;
  readonly #patience: CallersPatience;

  /** @internal */
  constructor(parts: ClientParts, middlewareChain: MiddlewareChain) {
    this.name = parts.plan.name;
    this.provider = parts.plan.provider;
    this.middlewareChain = middlewareChain;
    this.#parts = parts;
    this.#requests = new ClientRequests(parts);
    this.#patience = new CallersPatience(parts.clock);
    // Made now, so that a wrong configuration shows at once, and the status has limits before the first call.
    this.#requests.queues.idFor(parts.plan.defaultModel, this.#rules());
  }

  /** Models that it can be asked for. */
  get models(): readonly string[] {
    return [...this.#parts.plan.models.keys()];
  }

  /**
   * Answers a conversation. Throws errors of the family `LLMException`; `InvalidRequest` for a conversation that is none,
   * `RateLimitExceeded` for one that can never fit a limit, `RequestCancelled` when its signal aborts.
   */
  async complete<S extends z.ZodType | undefined = undefined>(
    messages: Conversation,
    options: CompleteOptions<S> = {},
  ): Promise<Responded<S>> {
    const answer = await this.#answer(chatRequestOf(messages, options, this.#parts.plan.settings, false), options);
    const response = isChatStream(answer) ? await lastResponse(answer) : answer;
    return responded(options.schema, response);
  }

  /** The answer's text, piece by piece; `response` of what is returned is the whole answer afterwards. Throws as {@link complete}. */
  streamComplete<S extends z.ZodType | undefined = undefined>(
    messages: Conversation,
    options: CompleteOptions<S> = {},
  ): AnswerStream<string, Responded<S>> {
    return this.#stream(messages, options, (event) => (event.type === 'text' ? event.text : undefined));
  }

  /** The answer as events: text, parts of tool calls, usage, finish. Throws as {@link complete}. */
  stream<S extends z.ZodType | undefined = undefined>(
    messages: Conversation,
    options: CompleteOptions<S> = {},
  ): AnswerStream<ChatEvent, Responded<S>> {
    return this.#stream(messages, options, (event) => event);
  }

  /** One question, one answer, as text. */
  async chat(user: string, options: ChatOptions = {}): Promise<string> {
    const { messages, rest } = conversationOf(user, options);
    const { content } = await this.complete(messages, rest);
    return content;
  }

  /** One question; its answer's text piece by piece. */
  streamChat(user: string, options: ChatOptions = {}): AnswerStream<string, CompletionResponse> {
    const { messages, rest } = conversationOf(user, options);
    return this.streamComplete(messages, rest);
  }

  /**
   * Vectors of texts, in their order. Goes through the same queue, limits and retries; hooks of middlewares are about
   * conversations and don't run.
   */
  async embed(input: string | readonly string[], options: EmbedOptions = {}): Promise<Embeddings> {
    checkCallOptions(options);
    const texts = typeof input === 'string' ? [input] : input;
    if (!Array.isArray(texts) || texts.length === 0 || !texts.every((text) => typeof text === 'string')) {
      throw new InvalidRequest("'input': expected a text, or a list of at least one.", 'input');
    }
    if (!this.#parts.preset.formats.includes('openai-embeddings')) {
      throw new LLMConfigurationError(`Provider '${this.provider}' has no embeddings.`, { provider: this.provider });
    }
    const model = options.model ?? this.#embeddingModel();
    const { dimensions, model: _, signal, priority, tenant, deadline, ...extra } = options;
    const body = encodeEmbeddings({ input: texts, dimensions, extra });
    this.#requests.requireOpen();
    const context = this.#context(model);
    const call = { format: 'openai-embeddings', body } as const;
    return this.#requests.run({
      call,
      model,
      context,
      rules: this.#rules(),
      urgency: { signal, priority, tenant, deadline },
      around: (send) =>
        send(call, (answer, clientId) => {
          if (answer.kind !== 'whole') throw new Error('Embeddings come whole.');
          const { vectors, usage, model: answeredBy } = decodeEmbeddings(answer.json, texts.length);
          const counted = answer.usage && usageOf(answer.usage);
          const used = usage ?? counted ?? { promptTokens: 0, completionTokens: 0, totalTokens: 0, estimated: true };
          return { vectors, usage: used, model: answeredBy ?? model, provider: this.provider, clientId };
        }),
    });
  }

  /** How its keys and its queue stand. */
  getStatus(): ProviderStatus {
    return providerStatus(this.#parts, this.#requests);
  }

  /** @internal */
  wake(): void {
    this.#requests.queues.wake();
  }

  /** @internal Takes nothing new, finishes or fails what it has, then closes its connections. */
  async close(options?: ShutdownOptions): Promise<void> {
    await this.#requests.close(options);
  }

  #stream<E, S extends z.ZodType | undefined>(
    messages: Conversation,
    options: CompleteOptions<S>,
    see: (event: ChatEvent) => E | undefined,
  ): AnswerStream<E, Responded<S>> {
    const request = chatRequestOf(messages, options, this.#parts.plan.settings, true);
    const start = async () => {
      const answer = await this.#answer(request, options);
      if (isChatStream(answer)) return answer;
      throw new InvalidRequest('A middleware answered a stream with a whole response; wrap it as a stream.', 'stream');
    };
    return new AnswerStream(start, ({ response }) => responded(options.schema, response), see);
  }

  async #answer(request: ChatRequest, options: Urgency): Promise<ChatAnswer> {
    this.#requests.requireOpen();
    const codec = codecFor(this.#parts.preset.formats);
    if (codec === undefined) throw new LLMConfigurationError(`Provider '${this.provider}' has no chats.`, { provider: this.provider });
    const { perRequest, perAttempt } = this.middlewareChain.split();
    const context = this.#context(request.model);
    const rules = this.#rules();
    const begun = new BegunRequests();
    const { signal, priority, tenant, deadline } = options;
    const facts = { provider: this.provider, model: context.model, wallMs: () => this.#parts.clock.wallMs() };
    const core: Next = (asked) => {
      const encode = (each: ChatRequest) => ({ format: codec.format, body: codec.encode(each, this.provider) });
      const call = encode(asked);
      return this.#requests.run<ChatAnswer>({
        call,
        model: asked.model ?? this.#parts.plan.defaultModel,
        context,
        rules,
        urgency: { signal, priority, tenant, deadline },
        begun,
        around: (send) => {
          const once: Next = (each) =>
            send(each === asked ? call : encode(each), (answer, clientId) => readAnswer(codec, each, answer, { ...facts, clientId }));
          return perAttempt(asked, once, context);
        },
        wrap: (answer, exchange) => (isChatStream(answer) ? mappedStream(answer, exchange) : answer),
      });
    };
    const waiting = { requestId: context.requestId, provider: this.provider, model: context.model, signal, deadline };
    const answer = await this.#patience.wait(perRequest(request, core, context), waiting).catch((error: unknown) => {
      begun.cancel(error);
      throw error;
    });
    return isChatStream(answer) ? this.#patience.stream(answer, waiting, begun.settled) : answer;
  }

  #rules() {
    const retry = this.middlewareChain.getMiddleware(RetryMiddleware)?.settings;
    return { retry, limits: this.middlewareChain.all(RateLimitMiddleware) };
  }

  #context(model: string | undefined): MiddlewareContext {
    const { plan, logger, newId } = this.#parts;
    return { requestId: newId(), provider: this.provider, model: model ?? plan.defaultModel ?? this.models.join(', '), logger, attempt: 0 };
  }

  #embeddingModel(): string {
    const { models } = this.#parts.plan;
    const found = [...models].find(([id, { entry }]) => isForEmbeddings(id, entry));
    if (found !== undefined) return found[0];
    throw new LLMConfigurationError(
      `Client '${this.name}' has no model for embeddings: name one in options.model. Configured: ${this.models.join(', ')}.`,
      { provider: this.provider },
    );
  }
}

async function responded<S extends z.ZodType | undefined>(schema: S | undefined, response: CompletionResponse): Promise<Responded<S>> {
  // The two cases of the conditional type, which the compiler doesn't follow.
  return (schema === undefined ? response : await parsedResponse(schema, response)) as Responded<S>;
}

async function lastResponse(stream: AsyncIterable<ChatEvent>): Promise<CompletionResponse> {
  for await (const event of stream) if (event.type === 'finish') return event.response;
  throw new InvalidRequest('A middleware answered with a stream that has no end.', 'stream');
}

function conversationOf(user: string, options: ChatOptions) {
  checkCallOptions(options);
  const { system, history = [], ...rest } = options;
  const messages: ChatMessage[] = [
    ...(system === undefined ? [] : [{ role: 'system', content: system } as const]),
    ...history,
    { role: 'user', content: user },
  ];
  return { messages, rest };
}
