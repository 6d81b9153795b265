import type { Observable } from 'rxjs';
import { VirtualClock } from '../../src/testing/index.ts';
import { type GatewayWatch, type WatchOptions, watchGateway } from '../../src/watch/index.ts';

/** One request that a watcher sent. */
export interface Asked {
  readonly url: string;
  readonly headers: Headers;
  /** Virtual milliseconds. */
  readonly at: number;
  readonly left: () => boolean;
  /** Sends some of the stream. */
  readonly send: (text: string | Uint8Array) => void;
  readonly event: (value: unknown) => void;
  /** Ends the stream in order, or with an error. */
  readonly end: (error?: Error) => void;
}

type Answer = 'stream' | Error | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

/** A gateway that answers as a test says, under a virtual clock. */
export class FakeGateway {
  readonly clock = new VirtualClock();
  readonly asked: Asked[] = [];
  /** How the next requests are answered; then with a stream. */
  answers: Answer[] = [];

  /** The latest request. */
  get last(): Asked {
    const last = this.asked.at(-1);
    if (last === undefined) throw new Error('Nothing was asked.');
    return last;
  }

  watch(options: WatchOptions = {}, url = 'http://gateway.test'): GatewayWatch {
    return watchGateway(url, { fetch: this.fetch, clock: this.clock, random: () => 0.5, ...options });
  }

  readonly fetch = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const signal = init.signal ?? undefined;
    let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        stream = controller;
      },
    });
    signal?.addEventListener('abort', () => stream?.error(signal.reason));
    const send = (text: string | Uint8Array): void => stream?.enqueue(typeof text === 'string' ? new TextEncoder().encode(text) : text);
    this.asked.push({
      url: String(url),
      headers: new Headers(init.headers),
      at: this.clock.now(),
      left: () => signal?.aborted ?? false,
      send,
      event: (value) => send(`event: status\ndata: ${JSON.stringify(value)}\n\n`),
      end: (error) => (error === undefined ? stream?.close() : stream?.error(error)),
    });
    const answer = this.answers.shift() ?? 'stream';
    if (answer instanceof Error) throw answer;
    if (answer === 'stream') return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
    return new Response(null, answer);
  };
}

/** What a subscriber heard. */
export interface Heard<T> {
  readonly values: T[];
  isComplete: boolean;
  error: unknown;
  leave(): void;
}

export function listen<T>(stream$: Observable<T>): Heard<T> {
  const heard: Heard<T> = { values: [], isComplete: false, error: undefined, leave: () => subscription.unsubscribe() };
  const subscription = stream$.subscribe({
    next: (value) => heard.values.push(value),
    complete: () => {
      heard.isComplete = true;
    },
    error: (error) => {
      heard.error = error;
    },
  });
  return heard;
}
