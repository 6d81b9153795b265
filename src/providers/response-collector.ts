import type { Dispatcher } from 'undici';
import { type HttpReply, httpReply } from './http-reply.ts';

/** Moments of one call that somebody outside wants to know. Throwing in one of them ends the call with that error. */
export interface CallListener {
  /** The request goes to the wire now; nothing was sent before. */
  onWritten?(): void;
  /** The response's headers are there. */
  onHeaders?(headers: HttpReply['headers']): void;
}

type Controller = Dispatcher.DispatchController;
type Headers = HttpReply['headers'];

/** Gathers one response: undici's callbacks in, one promise out. */
export class ResponseCollector implements Dispatcher.DispatchHandler {
  readonly reply: Promise<HttpReply>;
  readonly #listener: CallListener;
  readonly #maxBytes: number;
  #resolve: (reply: HttpReply) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #controller: Controller | undefined;
  #abortedBy: Error | undefined;
  #status = 0;
  #headers: Headers = {};
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

  /** Gives the call up, also while it waits for a connection. */
  abort(reason: unknown): void {
    this.#abortedBy = reason instanceof Error ? reason : new Error(String(reason));
    this.#reject(this.#abortedBy);
    this.#controller?.abort(this.#abortedBy);
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#abortedBy) return controller.abort(this.#abortedBy);
    this.#guarded(() => this.#listener.onWritten?.());
  }

  onResponseStart(_controller: Controller, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#guarded(() => this.#listener.onHeaders?.(headers));
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) return this.abort(new Error(`The response is larger than ${this.#maxBytes} bytes.`));
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#resolve(httpReply(this.#status, this.#headers, body.toString('utf8')));
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#reject(this.#abortedBy ?? error);
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.abort(error);
    }
  }
}
