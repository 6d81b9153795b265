import { errorIn, invalidRequest, openAiError } from '../error-bodies.ts';
import { promptTooLong, rejectionOf } from '../rejections.ts';
import { requestIdHeaders } from '../request-id.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { ErrorBody } from '../simulated-call.ts';
import type { SimulatedProvider } from '../simulated-provider.ts';
import type { Dialect } from '../simulator-options.ts';
import { administer } from './administration.ts';
import { type AnswerSink, type HeaderFields, sendJson } from './answer-sink.ts';
import type { ApiContext } from './api-answer.ts';
import { parseObject } from './json-object.ts';
import { badRequest, isProblem } from './request-fields.ts';
import { modelPath, type Route, routeOf } from './routes.ts';
import { sendAnswer } from './send-answer.ts';

/** A request as far as its head. */
export interface RequestHead {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Gives a request's body once it is there; undefined: it is larger than `maxBytes`. */
export type BodyReader = (maxBytes: number, done: (text: string | undefined) => void) => void;

const DEFAULT_MAX_BODY_BYTES = 16 * 2 ** 20;
const DEFAULT_MAX_OUTPUT_TOKENS = 256;
const DEFAULT_MAX_RESPONSE_TOKENS = 16_384;

const OPENAI_HEADERS: HeaderFields = { 'openai-version': '2020-10-01', 'openai-organization': 'org-simulated' };

/** What every answer of a dialect has. */
const FIXED_HEADERS: Readonly<Record<Dialect, HeaderFields>> = {
  openai: OPENAI_HEADERS,
  groq: OPENAI_HEADERS,
  azure: { 'x-ms-region': 'Simulated Central', 'azureml-model-session': 'd000-simulated' },
  anthropic: { 'anthropic-organization-id': '00000000-simulated' },
};

function field(head: RequestHead, name: string): string | undefined {
  const value = head.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** The caller's key, from the header that the dialect has it in or as a bearer token. */
function keyOf(head: RequestHead, dialect: Dialect): string | undefined {
  const own = field(head, dialect === 'anthropic' ? 'x-api-key' : 'api-key');
  if (dialect === 'anthropic' && own !== undefined) return own;
  return /^Bearer (.+)$/i.exec(field(head, 'authorization') ?? '')?.[1] ?? own;
}

/** What a simulated provider answers over HTTP; the same behind a socket and in process. */
export class SimulatorFace {
  readonly #provider: SimulatedProvider;
  readonly #random: SeededRandom;
  readonly #dialect: Dialect;
  readonly #maxBodyBytes: number;

  constructor(provider: SimulatedProvider) {
    const { seed = 1, dialect = 'openai', maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = provider.options;
    this.#provider = provider;
    this.#random = new SeededRandom(seed + 0x7e57);
    this.#dialect = dialect;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Answers one request, now or later. The body is read only where the path wants one. */
  handle(head: RequestHead, readBody: BodyReader, sink: AnswerSink): void {
    const [path = '/', query = ''] = head.path.split('?', 2);
    const route = head.method === 'POST' ? routeOf(path, this.#dialect) : undefined;
    if (!route) return this.#administer(head, path, readBody, sink);
    const apiKey = keyOf(head, route.dialect);
    if (!this.#provider.knowsKey(apiKey)) return this.#deny('unauthorized', route.dialect, sink);
    const problem = this.#missing(route, head, query);
    if (problem) return this.#refuse(sink, route.dialect, problem.status, problem.error);
    readBody(this.#maxBodyBytes, (text) => this.#safely(sink, () => this.#serve({ path, route, apiKey }, text, sink)));
  }

  #missing(route: Route, head: RequestHead, query: string): { readonly status: number; readonly error: ErrorBody } | undefined {
    if (route.wantsVersion && !/(?:^|&)api-version=[^&]/.test(query))
      return { status: 404, error: openAiError('Resource not found', 'invalid_request_error', '404') };
    if (route.dialect === 'anthropic' && field(head, 'anthropic-version') === undefined)
      return badRequest('anthropic-version: header is required');
    return undefined;
  }

  /** A script of the user's that throws, or a body nested too deep to read, must not end the process. */
  #safely(sink: AnswerSink, serve: () => void): void {
    try {
      serve();
    } catch (error) {
      const message = `The simulator failed on this request: ${error instanceof Error ? error.message : String(error)}`;
      if (sink.headSent) sink.reset();
      else this.#refuse(sink, 'openai', 500, openAiError(message, 'server_error', 'simulator_error'));
    }
  }

  #serve(
    { path, route, apiKey }: { readonly path: string; readonly route: Route; readonly apiKey: string | undefined },
    text: string | undefined,
    sink: AnswerSink,
  ): void {
    const { dialect, endpoint, model } = route;
    if (text === undefined) return this.#refuse(sink, dialect, 413, this.#tooLarge());
    const parsed = parseObject(text);
    if (!parsed) {
      const problem = badRequest('We could not parse the JSON body of your request: expected a JSON object.');
      return this.#refuse(sink, dialect, problem.status, problem.error);
    }
    const body = model === undefined ? parsed : { ...parsed, model };
    const understood = endpoint(body, this.#context(dialect), this.#provider.options.script?.({ path, body, apiKey }));
    if (isProblem(understood)) return this.#refuse(sink, dialect, understood.status, understood.error);
    if ('reply' in understood) return sendJson(sink, 200, this.#named(dialect), understood.reply);
    const { inputTokens } = understood.call;
    const { contextTokens } = this.#provider.options;
    if (contextTokens !== undefined && inputTokens > contextTokens) {
      const { status, error } = promptTooLong(dialect, inputTokens, contextTokens, this.#provider.nextRequestId());
      return this.#refuse(sink, dialect, status, error);
    }
    sendAnswer(this.#provider, { ...understood, call: { ...understood.call, dialect, apiKey } }, sink, FIXED_HEADERS[dialect]);
  }

  #tooLarge(): ErrorBody {
    return invalidRequest(`The request body is larger than ${this.#maxBodyBytes} bytes. Send less, or raise the simulator's maxBodyBytes.`);
  }

  #context(dialect: Dialect): ApiContext {
    const { defaultMaxOutputTokens, maxResponseTokens, clock } = this.#provider.options;
    return {
      id: this.#provider.nextRequestId().slice('req_'.length),
      dialect,
      created: Math.floor(clock.wallMs() / 1000),
      defaultMaxTokens: defaultMaxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS,
      maxResponseTokens: maxResponseTokens ?? DEFAULT_MAX_RESPONSE_TOKENS,
      drawTokens: (max) => this.#random.integer({ min: 1, max }),
    };
  }

  #administer(head: RequestHead, path: string, readBody: BodyReader, sink: AnswerSink): void {
    const route = `${head.method} ${path}`;
    if (route === 'POST /__limits') {
      readBody(this.#maxBodyBytes, (text) => this.#safely(sink, () => administer(this.#provider, route, text, sink)));
      return;
    }
    if (administer(this.#provider, route, undefined, sink)) return;
    const anthropic = field(head, 'anthropic-version') !== undefined || path.startsWith('/v1/messages');
    const dialect = anthropic ? 'anthropic' : this.#dialect === 'anthropic' ? 'openai' : this.#dialect;
    const model = head.method === 'GET' ? modelPath(path) : undefined;
    if (model === undefined) return this.#refuse(sink, dialect, 404, invalidRequest(`Unknown request URL: ${route}.`, null, 'unknown_url'));
    if (!this.#provider.knowsKey(keyOf(head, dialect))) return this.#deny('unauthorized', dialect, sink);
    this.#listModels(model, dialect, sink);
  }

  /** @param name one model's, or empty for all */
  #listModels(name: string, dialect: Dialect, sink: AnswerSink): void {
    const wallMs = this.#provider.options.clock.wallMs();
    const describe = dialect === 'anthropic' ? anthropicModel : openAiModel;
    if (name === '') {
      const data = this.#provider.models.map((id) => describe(id, wallMs));
      const page = { has_more: false, first_id: this.#provider.models[0] ?? null, last_id: this.#provider.models.at(-1) ?? null };
      const list = dialect === 'anthropic' ? { data, ...page } : { object: 'list', data };
      return sendJson(sink, 200, this.#named(dialect), JSON.stringify(list));
    }
    const id = this.#provider.models.find((model) => encodeURIComponent(model) === name || model === name);
    if (id === undefined) this.#deny('notFound', dialect, sink, name);
    else sendJson(sink, 200, this.#named(dialect), JSON.stringify(describe(id, wallMs)));
  }

  #deny(kind: 'unauthorized' | 'notFound', dialect: Dialect, sink: AnswerSink, model = ''): void {
    const { status, error } = rejectionOf(kind, { dialect, model, requestId: this.#provider.nextRequestId(), waitMs: 0 });
    sendJson(sink, status, this.#named(dialect), JSON.stringify(error));
  }

  #named(dialect: Dialect): HeaderFields {
    return { ...FIXED_HEADERS[dialect], ...requestIdHeaders(dialect, this.#provider.nextRequestId()) };
  }

  #refuse(sink: AnswerSink, dialect: Dialect, status: number, error: ErrorBody): void {
    const requestId = this.#provider.nextRequestId();
    const body = error.type === 'error' ? error : errorIn(dialect, status, error, requestId);
    sendJson(sink, status, { ...FIXED_HEADERS[dialect], ...requestIdHeaders(dialect, requestId) }, JSON.stringify(body));
  }
}

function openAiModel(id: string, wallMs: number): object {
  return { id, object: 'model', created: Math.floor(wallMs / 1000), owned_by: 'simulated' };
}

function anthropicModel(id: string, wallMs: number): object {
  return { type: 'model', id, display_name: id, created_at: `${new Date(wallMs).toISOString().slice(0, 19)}Z` };
}
