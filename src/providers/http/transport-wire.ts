import type { HttpTransport, HttpTransportRequest } from '../../domain/http-transport.ts';
import type { Wire, WireControl, WireRequest, WireSink } from './wire.ts';

/** Exchanges over a transport that was given. */
export class TransportWire implements Wire {
  readonly #origin: string;
  readonly #transport: HttpTransport;
  readonly #underWay = new Set<Promise<void>>();

  constructor(origin: string, transport: HttpTransport) {
    this.#origin = origin;
    this.#transport = transport;
  }

  start(request: WireRequest, sink: WireSink): WireControl {
    const exchange = new TransportExchange(sink);
    const run = exchange.run(this.#transport, { ...request, origin: this.#origin });
    this.#underWay.add(run);
    void run.finally(() => this.#underWay.delete(run));
    return exchange;
  }

  async close(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}

class TransportExchange implements WireControl {
  readonly #aborter = new AbortController();
  #sink: WireSink | undefined;
  #isWritten = false;
  #isPaused = false;
  #goOn: () => void = () => {};

  constructor(sink: WireSink) {
    this.#sink = sink;
  }

  abort(reason: Error): void {
    this.#sink = undefined;
    this.#aborter.abort(reason);
    this.#goOn();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#goOn();
  }

  /** Never rejects: whatever goes wrong is the sink's to hear, unless it gave up. */
  async run(transport: HttpTransport, request: Omit<HttpTransportRequest, 'signal' | 'onWritten'>): Promise<void> {
    try {
      const onWritten = (): void => this.#written();
      const { status, headers, body } = await transport({ ...request, signal: this.#aborter.signal, onWritten });
      this.#written();
      this.#sink?.onHead(status, headers);
      for await (const chunk of body) {
        this.#sink?.onData(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        if (this.#isPaused) await this.#resumed();
        if (!this.#sink) return;
      }
      this.#sink?.onEnd();
    } catch (error) {
      const sink = this.#sink;
      this.abort(error instanceof Error ? error : new Error(String(error)));
      sink?.onFailure(error);
    }
    this.#sink = undefined;
  }

  #written(): void {
    if (this.#isWritten) return;
    this.#isWritten = true;
    this.#sink?.onWritten();
  }

  #resumed(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
      if (!this.#isPaused || !this.#sink) resolve();
    });
  }
}
