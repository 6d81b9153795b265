import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/domain/clock.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { createEndpoint } from '../../src/providers/endpoint.ts';
import { findPreset } from '../../src/providers/preset-registry.ts';
import type { Endpoint, EndpointOptions, StreamPart, WireAnswer, WireCall, WireReply, WireStream } from '../../src/providers/provider.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A real server and an endpoint that calls it. */
export interface Rig {
  readonly url: string;
  readonly endpoint: Endpoint;
  stop(): Promise<void>;
}

export const KEY = 'sk-very-secret-0123456789';

/** Starts a server on a free port, with an endpoint of the preset before it. */
export async function serve(handler: Handler, options: Partial<EndpointOptions> & { provider?: string; clock?: Clock } = {}): Promise<Rig> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => handler(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const { provider = 'openai', clock = systemClock, ...rest } = options;
  const endpoint = createEndpoint(
    { deploymentId: 'one', preset: findPreset(provider), baseUrl: url, apiKey: KEY, model: 'upstream-model', ...rest },
    clock,
  );
  return {
    url,
    endpoint,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A chat completion of one message. */
export function chat(over: Partial<WireCall> = {}, body: Readonly<Record<string, unknown>> = {}): WireCall {
  return {
    format: 'openai-chat',
    body: { model: 'public-model', messages: [{ role: 'user', content: 'Hello there' }], ...body },
    signal: new AbortController().signal,
    ...over,
  };
}

export function whole(answer: WireAnswer): WireReply {
  if (answer.kind !== 'whole') throw new Error('The answer is a stream.');
  return answer;
}

export function stream(answer: WireAnswer): WireStream {
  if (answer.kind !== 'stream') throw new Error('The answer is no stream.');
  return answer;
}

/** What a reader got before the end, and the error that came instead of the end, if one did. */
export async function drained(parts: AsyncIterable<StreamPart>): Promise<{ text: string; data: string[]; error: unknown }> {
  const raw: Uint8Array[] = [];
  const data: string[] = [];
  let error: unknown;
  try {
    for await (const part of parts) {
      raw.push(part.raw);
      data.push(...part.events.map((event) => event.data));
    }
  } catch (thrown) {
    error = thrown;
  }
  return { text: Buffer.concat(raw).toString(), data, error };
}

/** A promise that somebody else settles. */
export function signpost<T = void>(): { readonly reached: Promise<T>; readonly reach: (value: T) => void } {
  let reach: (value: T) => void = () => {};
  const reached = new Promise<T>((resolve) => {
    reach = resolve;
  });
  return { reached, reach };
}
