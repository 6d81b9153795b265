import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../domain/clock.ts';
import { InvalidConfiguration } from '../../domain/errors.ts';
import { systemClock } from '../../lib/system-clock.ts';
import { invalidKey, invalidRequest, modelNotFound, openAiError } from '../error-bodies.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { ErrorBody } from '../simulated-call.ts';
import { SimulatedProvider } from '../simulated-provider.ts';
import type { SimulatedProviderOptions } from '../simulator-options.ts';
import type { ApiContext, ApiProblem, ApiRequest } from './api-answer.ts';
import { chatCompletion } from './chat-completions.ts';
import { embeddingsRequest } from './embeddings.ts';
import { readBody } from './read-body.ts';
import { badRequest, isObject, isProblem, type JsonObject } from './request-fields.ts';
import type { SimulatedScript } from './request-script.ts';
import { responsesRequest } from './responses-api.ts';
import { sendAnswer, sendJson } from './send-answer.ts';

/** What {@link startSimulator} is told. */
export interface StartSimulatorOptions extends Omit<SimulatedProviderOptions, 'clock'> {
  /** Default: the running process's. */
  readonly clock?: Clock;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `127.0.0.1`: nobody outside this machine reaches it. */
  readonly host?: string;
  /** A larger body gets a 413; default 16 MiB. */
  readonly maxBodyBytes?: number;
  /** No response has more tokens, whatever `max_tokens` says; default 16,384. */
  readonly maxResponseTokens?: number;
  /** Scripts requests from the server's side, before `metadata.simulate` and `[[simulate: …]]` are looked at. */
  readonly script?: (request: { readonly path: string; readonly body: Readonly<Record<string, unknown>> }) => SimulatedScript | undefined;
}

/** A simulated provider that serves HTTP. */
export interface RunningSimulator {
  /** Without `/v1`: an SDK's base URL is `${url}/v1`. */
  readonly url: string;
  readonly port: number;
  readonly provider: SimulatedProvider;
  /** Stops listening and breaks every open connection. */
  close(): Promise<void>;
}

type Endpoint = (body: JsonObject, context: ApiContext, preset?: SimulatedScript) => ApiRequest | ApiProblem;

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/v1/chat/completions': chatCompletion,
  '/v1/responses': responsesRequest,
  '/v1/embeddings': embeddingsRequest,
};

const FIXED_HEADERS: Readonly<Record<string, string>> = { 'openai-version': '2020-10-01', 'openai-organization': 'org-simulated' };

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What follows `GET /v1/models`: nothing, or one model's name as it is in the URL. */
function modelPath(route: string): string | undefined {
  return /^GET \/v1\/models(?:\/([^/].*))?$/.exec(route)?.[1] ?? (route === 'GET /v1/models' ? '' : undefined);
}

class SimulatorServer {
  readonly #provider: SimulatedProvider;
  readonly #options: StartSimulatorOptions;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #maxBodyBytes: number;

  constructor(provider: SimulatedProvider, options: StartSimulatorOptions, clock: Clock) {
    this.#provider = provider;
    this.#options = options;
    this.#clock = clock;
    this.#random = new SeededRandom((options.seed ?? 1) + 0x7e57);
    this.#maxBodyBytes = options.maxBodyBytes ?? 16 * 2 ** 20;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const endpoint = Object.hasOwn(ENDPOINTS, path) ? ENDPOINTS[path] : undefined;
    if (endpoint && request.method === 'POST') {
      if (!this.#authorized(request)) return this.#refuse(response, 401, invalidKey());
      readBody(request, this.#maxBodyBytes, (text) => this.#serveSafely(path, endpoint, text, response));
      return;
    }
    request.resume();
    this.#administer(`${request.method} ${path}`, request, response);
  }

  /** A script of the user's that throws, or a body nested too deep to read, must not end the process. */
  #serveSafely(path: string, endpoint: Endpoint, text: string | undefined, response: ServerResponse): void {
    try {
      this.#serve(path, endpoint, text, response);
    } catch (error) {
      const message = `The simulator failed on this request: ${error instanceof Error ? error.message : String(error)}`;
      if (response.headersSent) response.destroy();
      else this.#refuse(response, 500, openAiError(message, 'server_error', 'simulator_error'));
    }
  }

  #serve(path: string, endpoint: Endpoint, text: string | undefined, response: ServerResponse): void {
    if (text === undefined) {
      response.shouldKeepAlive = false;
      return this.#refuse(
        response,
        413,
        invalidRequest(`The request body is larger than ${this.#maxBodyBytes} bytes. Send less, or raise the simulator's maxBodyBytes.`),
      );
    }
    const body = parseObject(text);
    const problem = badRequest('We could not parse the JSON body of your request: expected a JSON object.');
    const understood = body ? endpoint(body, this.#context(), this.#options.script?.({ path, body })) : problem;
    if (isProblem(understood)) return this.#refuse(response, understood.status, understood.error);
    sendAnswer(this.#provider, understood, response, FIXED_HEADERS);
  }

  #context(): ApiContext {
    return {
      id: this.#provider.nextRequestId().slice('req_'.length),
      created: Math.floor(this.#clock.wallMs() / 1000),
      defaultMaxTokens: this.#options.defaultMaxOutputTokens ?? 256,
      maxResponseTokens: this.#options.maxResponseTokens ?? 16_384,
      drawTokens: (max) => this.#random.integer({ min: 1, max }),
    };
  }

  #administer(route: string, request: IncomingMessage, response: ServerResponse): void {
    if (route === 'GET /__stats') return sendJson(response, 200, {}, JSON.stringify(this.#provider.stats()));
    if (route === 'POST /__reset') {
      this.#provider.reset();
      return sendJson(response, 200, {}, '{"reset":true}');
    }
    const model = modelPath(route);
    if (model === undefined) return this.#refuse(response, 404, invalidRequest(`Unknown request URL: ${route}.`, null, 'unknown_url'));
    if (!this.#authorized(request)) return this.#refuse(response, 401, invalidKey());
    this.#listModels(model, response);
  }

  /** @param name one model's, or empty for all */
  #listModels(name: string, response: ServerResponse): void {
    const created = Math.floor(this.#clock.wallMs() / 1000);
    const models = this.#provider.models.map((id) => ({ id, object: 'model', created, owned_by: 'simulated' }));
    if (name === '') return sendJson(response, 200, {}, JSON.stringify({ object: 'list', data: models }));
    const model = models.find(({ id }) => encodeURIComponent(id) === name || id === name);
    if (model) sendJson(response, 200, {}, JSON.stringify(model));
    else this.#refuse(response, 404, modelNotFound(name));
  }

  #authorized(request: IncomingMessage): boolean {
    const { apiKey } = this.#options;
    if (apiKey === undefined) return true;
    return request.headers.authorization === `Bearer ${apiKey}` || request.headers['api-key'] === apiKey;
  }

  #refuse(response: ServerResponse, status: number, error: ErrorBody): void {
    sendJson(response, status, { ...FIXED_HEADERS, 'x-request-id': this.#provider.nextRequestId() }, JSON.stringify(error));
  }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The simulator can't listen on ${host}:${port}: ${cause.message}. Choose another port, or 0 for any free one.`;
      reject(new InvalidConfiguration(message, 'port', { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/**
 * Starts a simulated provider on HTTP: chat completions, responses and embeddings as OpenAI has them, `GET /v1/models`,
 * `GET /__stats` and `POST /__reset`. What a request shall meet can be scripted in `metadata.simulate` or by `[[simulate: …]]`
 * in its last text: `tool_call`, `refusal`, `length`, `content_filter`, `output_tokens=N`, `headers_ms=N`, `fault=reset`.
 * Input tokens are characters ÷ 4; output is filler of a random length up to `max_tokens`.
 * @throws InvalidConfiguration (rejects) where an option is wrong or the port can't be had
 */
export async function startSimulator(options: StartSimulatorOptions): Promise<RunningSimulator> {
  const clock = options.clock ?? systemClock;
  const provider = new SimulatedProvider({ ...options, clock });
  const handler = new SimulatorServer(provider, options, clock);
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, (request, response) => handler.handle(request, response));
  const host = options.host ?? '127.0.0.1';
  const port = await listen(server, options.port ?? 0, host);
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${port}`,
    port,
    provider,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
