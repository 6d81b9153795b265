import type { ReplyHeaders } from '../provider.ts';
import { BodyDecoder, decodedHeaders, encodingOf, type KnownEncoding, unknownEncoding } from './body-decoder.ts';
import type { Wire, WireControl, WireRequest, WireSink } from './wire.ts';

/**
 * Decodes bodies that come compressed although nobody asked for it, as from a proxy that compresses everything; all
 * others pass as they are.
 */
export class DecodingWire implements Wire {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  start(request: WireRequest, sink: WireSink): WireControl {
    const exchange = new DecodingExchange(sink);
    exchange.control = this.#wire.start(request, exchange);
    return exchange;
  }

  close(): Promise<void> {
    return this.#wire.close();
  }
}

class DecodingExchange implements WireSink, WireControl {
  control: WireControl | undefined;
  readonly #sink: WireSink;
  #decoder: BodyDecoder | undefined;
  #isPaused = false;
  /** Its body says nothing that can be read; its status does. */
  #isSkipped = false;

  constructor(sink: WireSink) {
    this.#sink = sink;
  }

  onWritten(): void {
    this.#sink.onWritten();
  }

  onHead(status: number, headers: ReplyHeaders): void {
    const encoding = encodingOf(headers);
    if (encoding === undefined) return this.#sink.onHead(status, headers);
    this.#sink.onHead(status, decodedHeaders(headers));
    if (BodyDecoder.knows(encoding)) this.#decoder = this.#decoderOf(encoding);
    else if (status >= 300) this.#isSkipped = true;
    else throw unknownEncoding(encoding);
  }

  onData(chunk: Buffer): void {
    if (this.#isSkipped) return;
    if (this.#decoder === undefined) this.#sink.onData(chunk);
    else this.#decoder.write(chunk);
  }

  onEnd(): void {
    if (this.#decoder === undefined) this.#sink.onEnd();
    else this.#decoder.end();
  }

  onFailure(error: unknown): void {
    if (this.#decoder === undefined) this.#sink.onFailure(error);
    else this.#decoder.end({ error });
  }

  abort(reason: Error): void {
    this.#decoder?.destroy();
    this.control?.abort(reason);
  }

  pause(): void {
    this.#isPaused = true;
    this.#decoder?.pause();
    this.control?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#decoder?.resume();
    this.control?.resume();
  }

  #decoderOf(encoding: KnownEncoding): BodyDecoder {
    return new BodyDecoder(encoding, {
      onData: (chunk) => this.#guarded(() => this.#sink.onData(chunk)),
      onEnd: () => this.#guarded(() => this.#sink.onEnd()),
      onFailure: (error) => {
        this.control?.abort(asError(error));
        this.#sink.onFailure(error);
      },
      onFull: () => this.control?.pause(),
      onDrained: () => {
        if (!this.#isPaused) this.control?.resume();
      },
    });
  }

  /** What the sink throws must not reach the decoder, whose event it would end as. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.abort(asError(error));
      this.#sink.onFailure(error);
    }
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
