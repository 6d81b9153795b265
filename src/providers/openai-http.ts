import { DecodingWire } from './http/decoding-wire.ts';
import { MAX_RESPONSE_BYTES } from './http/gathered-body.ts';
import { Secret } from './http/secret.ts';
import { UndiciWire } from './http/undici-wire.ts';
import type { HttpReply } from './http-reply.ts';
import { type CallListener, ResponseCollector } from './response-collector.ts';

/** Where an OpenAI-compatible endpoint is and how to talk to it. */
export interface OpenAiHttpOptions {
  /** What OpenAI's own SDK takes, as `https://api.openai.com/v1`; without a path, `/v1` is meant. */
  readonly baseUrl: string;
  /** Sent as a bearer token; absent: none is sent. */
  readonly apiKey?: string | undefined;
  /** Most connections, and so most calls, at once. */
  readonly connections: number;
  /** Longest wait for a connection; default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Longest wait for the response's headers; default 600,000: an answer that isn't streamed comes when all of it is generated. */
  readonly headersTimeoutMs?: number;
  /** Longest silence inside a body; default 300,000. */
  readonly bodyTimeoutMs?: number;
}

/** One call. */
export interface OpenAiCall extends CallListener {
  /** Path below the base, as `/chat/completions`. */
  readonly path: string;
  /** JSON text. */
  readonly body: string;
  readonly signal?: AbortSignal;
}

/**
 * Calls one OpenAI-compatible endpoint over kept-alive HTTP/1.1 connections, one call at a time on each. It decides
 * nothing: every status is a reply, and only a call without an answer rejects, with the network's error or the signal's reason.
 */
export class OpenAiHttp {
  readonly #wire: UndiciWire;
  readonly #decoding: DecodingWire;
  readonly #basePath: string;
  readonly #headers: Readonly<Record<string, string>>;
  /** What replies may quote: they come as they are. */
  readonly secret: Secret;

  constructor(options: OpenAiHttpOptions) {
    const base = new URL(options.baseUrl);
    const path = base.pathname.replace(/\/+$/, '');
    this.#basePath = path === '' ? '/v1' : path;
    this.#headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
    };
    this.secret = new Secret(options.apiKey);
    this.#wire = new UndiciWire({
      origin: base.origin,
      connections: options.connections,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      headersTimeoutMs: options.headersTimeoutMs ?? 600_000,
      bodyTimeoutMs: options.bodyTimeoutMs ?? 300_000,
    });
    this.#decoding = new DecodingWire(this.#wire);
  }

  /** Sends one call and gathers its answer. */
  async call(call: OpenAiCall): Promise<HttpReply> {
    const { signal } = call;
    if (signal?.aborted) throw signal.reason;
    const collector = new ResponseCollector(call, MAX_RESPONSE_BYTES);
    const path = this.#basePath + call.path;
    const exchange = this.#decoding.start({ method: 'POST', path, headers: this.#headers, body: call.body }, collector);
    const giveUp = (): void => {
      const reason: unknown = signal?.reason;
      exchange.abort(reason instanceof Error ? reason : new Error(String(reason)));
      collector.onFailure(reason);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      return await collector.reply;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Waits for calls in flight, then closes the connections. */
  close(): Promise<void> {
    return this.#wire.close();
  }

  /** Breaks every connection; calls in flight reject. */
  destroy(): Promise<void> {
    return this.#wire.destroy();
  }
}
