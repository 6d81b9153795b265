import type { WireSink } from './http/wire.ts';
import { type HttpReply, httpReply } from './http-reply.ts';

/** Moments of one call that somebody outside wants to know. Throwing in one of them ends the call with that error. */
export interface CallListener {
  /** The request goes to the wire now; nothing was sent before. */
  onWritten?(): void;
  /** The response's headers are there. */
  onHeaders?(headers: HttpReply['headers']): void;
}

/** Gathers one response: callbacks in, one promise out. */
export class ResponseCollector implements WireSink {
  readonly reply: Promise<HttpReply>;
  readonly #listener: CallListener;
  readonly #maxBytes: number;
  #resolve: (reply: HttpReply) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #status = 0;
  #headers: HttpReply['headers'] = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(listener: CallListener, maxBytes: number) {
    this.#listener = listener;
    this.#maxBytes = maxBytes;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onWritten(): void {
    this.#listener.onWritten?.();
  }

  onHead(status: number, headers: HttpReply['headers']): void {
    this.#status = status;
    this.#headers = headers;
    this.#listener.onHeaders?.(headers);
  }

  onData(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) throw new Error(`The response is larger than ${this.#maxBytes} bytes.`);
    this.#chunks.push(chunk);
  }

  onEnd(): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#resolve(httpReply(this.#status, this.#headers, body.toString('utf8')));
  }

  onFailure(error: unknown): void {
    this.#chunks = [];
    this.#reject(error);
  }
}
