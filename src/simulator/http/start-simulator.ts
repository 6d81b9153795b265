import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../domain/clock.ts';
import { InvalidConfiguration } from '../../domain/errors.ts';
import { systemClock } from '../../lib/system-clock.ts';
import { SimulatedProvider } from '../simulated-provider.ts';
import type { SimulatedProviderOptions } from '../simulator-options.ts';
import { NodeSink } from './node-sink.ts';
import { readBody } from './read-body.ts';
import { SimulatorFace } from './simulator-face.ts';

/** What {@link startSimulator} is told. */
export interface StartSimulatorOptions extends Omit<SimulatedProviderOptions, 'clock'> {
  /** Default: the running process's. */
  readonly clock?: Clock;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `127.0.0.1`: nobody outside this machine reaches it. */
  readonly host?: string;
}

/** A simulated provider that serves HTTP. */
export interface RunningSimulator {
  /** Without `/v1`: OpenAI's SDK takes `${url}/v1`, Anthropic's this as it is. */
  readonly url: string;
  readonly port: number;
  readonly provider: SimulatedProvider;
  /** Stops listening and breaks every open connection. */
  close(): Promise<void>;
}

function serve(face: SimulatorFace, request: IncomingMessage, response: ServerResponse): void {
  let reading = false;
  face.handle(
    { method: request.method ?? 'GET', path: request.url ?? '/', headers: request.headers },
    (maxBytes, done) => {
      reading = true;
      readBody(request, maxBytes, (text) => {
        // What is left of a body that is too large is not waited for.
        if (text === undefined) response.shouldKeepAlive = false;
        done(text);
      });
    },
    new NodeSink(response),
  );
  if (!reading) request.resume();
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
 * Starts a simulated provider on HTTP: chat completions, responses and embeddings as OpenAI has them, at OpenAI's paths and at
 * Azure's; messages and `count_tokens` as Anthropic has them; `GET /v1/models`; `GET /__stats`, `POST /__reset`, `POST /__limits`.
 * What a request shall meet can be scripted in `metadata.simulate` or by `[[simulate: …]]` in its last text: `tool_call`, `refusal`,
 * `length`, `content_filter`, `stop_sequence`, `output_tokens=N`, `cached_tokens=N`, `headers_ms=N`, `fault=reset`.
 * Input tokens are characters ÷ 4; output is filler of a random length up to `max_tokens`.
 * @throws InvalidConfiguration (rejects) where an option is wrong or the port can't be had
 */
export async function startSimulator(options: StartSimulatorOptions): Promise<RunningSimulator> {
  const clock = options.clock ?? systemClock;
  const provider = new SimulatedProvider({ ...options, clock });
  const face = new SimulatorFace(provider);
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, (request, response) => serve(face, request, response));
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
