import type { ServerResponse } from 'node:http';
import type { AnswerSink, HeaderFields } from './answer-sink.ts';

/** A response of Node's HTTP server. */
export class NodeSink implements AnswerSink {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get headSent(): boolean {
    return this.#response.headersSent;
  }

  get gone(): boolean {
    return this.#response.destroyed;
  }

  head(status: number, headers: HeaderFields, alone?: boolean): void {
    this.#response.writeHead(status, headers);
    if (alone) this.#response.flushHeaders();
  }

  write(text: string): void {
    this.#response.write(text);
  }

  end(text: string): void {
    this.#response.end(text);
  }

  breakOff(text: string): void {
    this.#response.write(text, () => this.#response.destroy());
  }

  reset(): void {
    if (this.#response.socket) this.#response.socket.resetAndDestroy();
    else this.#response.destroy();
  }

  onHangUp(callback: () => void): void {
    if (!this.#response.writableEnded) this.#response.on('close', callback);
  }

  /** Corking the response itself garbles chunked bodies that end while corked (Node 24). */
  together(work: () => void): void {
    const { socket } = this.#response;
    socket?.cork();
    try {
      work();
    } finally {
      socket?.uncork();
    }
  }
}
