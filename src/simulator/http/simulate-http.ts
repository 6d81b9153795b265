import { Buffer } from 'node:buffer';
import { AsyncParts } from '../async-parts.ts';
import { SimulatedNetworkError } from '../simulated-call.ts';
import type { SimulatedProvider } from '../simulated-provider.ts';
import type { AnswerSink, HeaderFields } from './answer-sink.ts';
import { SimulatorFace } from './simulator-face.ts';

/** A request to a simulated provider in the same process. */
export interface SimulatedHttpRequest {
  /** Default `POST`. */
  readonly method?: string;
  /** With its query, as `/v1/chat/completions`. */
  readonly path: string;
  /** Names in any case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/** The answer, byte for byte what the server sends. */
export interface SimulatedHttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Read once, as it is produced. Throws a {@link SimulatedNetworkError} where the connection breaks, and the signal's reason on
   * abort. Leaving the loop hangs up.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

interface Settle {
  readonly resolve: (answer: SimulatedHttpAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** A caller in the same process. */
class MemorySink implements AnswerSink {
  readonly #settle: Settle;
  readonly #parts = new AsyncParts<Uint8Array>(() => this.#hangUp());
  #onHangUp: (() => void) | undefined;
  #onEnd: (() => void) | undefined;
  headSent = false;
  gone = false;

  constructor(settle: Settle) {
    this.#settle = settle;
  }

  head(status: number, headers: HeaderFields): void {
    this.headSent = true;
    this.#settle.resolve({ status, headers, body: this.#parts });
  }

  write(text: string): void {
    if (text !== '') this.#parts.push(Buffer.from(text));
  }

  end(text: string): void {
    this.write(text);
    this.#parts.end();
    this.#finish();
  }

  breakOff(text: string): void {
    this.write(text);
    this.fail(new SimulatedNetworkError('The simulated body ended early.', true));
  }

  reset(): void {
    this.fail(new SimulatedNetworkError('The simulated connection was reset.'));
  }

  /** Before the head the whole request fails, afterwards the body. */
  fail(error: unknown): void {
    if (this.headSent) this.#parts.fail(error);
    else this.#settle.reject(error);
    this.#finish();
  }

  onHangUp(callback: () => void): void {
    if (!this.gone) this.#onHangUp = callback;
  }

  together(work: () => void): void {
    work();
  }

  /** Ends with the signal's reason on abort. */
  obey(signal: AbortSignal): void {
    const abort = () => {
      this.fail(signal.reason);
      this.#hangUp();
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#onEnd = () => signal.removeEventListener('abort', abort);
  }

  #hangUp(): void {
    const callback = this.#onHangUp;
    this.#finish();
    callback?.();
  }

  #finish(): void {
    this.gone = true;
    this.#onEnd?.();
    this.#onEnd = undefined;
  }
}

const faces = new WeakMap<SimulatedProvider, SimulatorFace>();

function faceOf(provider: SimulatedProvider): SimulatorFace {
  const known = faces.get(provider);
  if (known) return known;
  const face = new SimulatorFace(provider);
  faces.set(provider, face);
  return face;
}

function lowerCase(headers: Readonly<Record<string, string>>): HeaderFields {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * One HTTP request to a provider in the same process, without sockets and under the provider's own clock: the same paths, headers
 * and bytes that {@link startSimulator} serves. Resolves when the head is there.
 * @throws SimulatedNetworkError (rejects) where the connection breaks before the head; the signal's reason on abort
 */
export function simulateHttp(provider: SimulatedProvider, request: SimulatedHttpRequest): Promise<SimulatedHttpAnswer> {
  const { method = 'POST', path, headers = {}, body = '', signal } = request;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const sink = new MemorySink({ resolve, reject });
    if (signal) sink.obey(signal);
    const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
    const read = (maxBytes: number, done: (text: string | undefined) => void) =>
      done(Buffer.byteLength(text) > maxBytes ? undefined : text);
    faceOf(provider).handle({ method, path, headers: lowerCase(headers) }, read, sink);
  });
}

/**
 * A `fetch` that reaches this provider only, whatever the URL's host: for SDKs and clients that take a fetch, under any clock.
 * Rejects as fetch does, with a TypeError whose `cause` is the {@link SimulatedNetworkError}.
 */
export function simulatedFetch(provider: SimulatedProvider): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const { signal, method } = request;
    const body = new Uint8Array(await request.arrayBuffer());
    const headers = Object.fromEntries(request.headers);
    try {
      const answer = await simulateHttp(provider, { method, path: url.pathname + url.search, headers, body, signal });
      return new Response(streamOf(answer.body), { status: answer.status, headers: answer.headers });
    } catch (error) {
      throw error instanceof SimulatedNetworkError ? new TypeError('fetch failed', { cause: error }) : error;
    }
  };
}

function streamOf(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.next();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(error instanceof SimulatedNetworkError ? new TypeError('terminated', { cause: error }) : error);
        }
      },
      async cancel() {
        await reader.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
