import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { ReplyHeaders } from '../provider.ts';

type Inflater = ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliDecompress>;

/** As browsers do: what is cut off is given as far as it goes, and the format inside tells that it is cut off. */
const ZLIB = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH };

/** Those that can be read. */
export type KnownEncoding = 'gzip' | 'x-gzip' | 'br' | 'deflate';

const INFLATERS: Readonly<Record<KnownEncoding, (firstByte: number) => Inflater>> = {
  gzip: () => createGunzip(ZLIB),
  'x-gzip': () => createGunzip(ZLIB),
  br: () => createBrotliDecompress(BROTLI),
  // Some servers leave zlib's two bytes of header out.
  deflate: (firstByte) => ((firstByte & 0x0f) === 8 ? createInflate(ZLIB) : createInflateRaw(ZLIB)),
};

/** The encoding of a body; undefined where it is none. */
export function encodingOf(headers: ReplyHeaders): string | undefined {
  const value = headers['content-encoding'];
  if (value === undefined) return undefined;
  const encoding = String(value).trim().toLowerCase();
  return encoding === '' || encoding === 'identity' ? undefined : encoding;
}

/** The headers of the body that was decoded. */
export function decodedHeaders({ 'content-encoding': _, 'content-length': __, ...headers }: ReplyHeaders): ReplyHeaders {
  return headers;
}

/** A body is in no encoding that can be read, or isn't in the one that it claims. */
export class UnreadableEncoding extends Error {
  readonly code = 'unreadable_encoding';
}

export function unknownEncoding(encoding: string): UnreadableEncoding {
  return new UnreadableEncoding(
    `its body has content-encoding '${encoding.slice(0, 40)}', which nobody asked for, and only gzip, br and deflate can be read; turn compression off there`,
  );
}

/** Who takes what was decoded, and can hold the network up. */
export interface DecodedTo {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onFailure(error: unknown): void;
  /** More lies here than was decoded; stop reading from the network. */
  onFull(): void;
  onDrained(): void;
}

/** Decodes one body while it arrives. */
export class BodyDecoder {
  readonly #encoding: KnownEncoding;
  readonly #to: DecodedTo;
  #inflater: Inflater | undefined;
  #isPaused = false;
  #isOver = false;

  constructor(encoding: KnownEncoding, to: DecodedTo) {
    this.#encoding = encoding;
    this.#to = to;
  }

  static knows(encoding: string): encoding is KnownEncoding {
    return Object.hasOwn(INFLATERS, encoding);
  }

  write(chunk: Buffer): void {
    const [firstByte] = chunk;
    if (this.#isOver || firstByte === undefined || this.#inflater?.readableEnded) return;
    this.#inflater ??= this.#open(firstByte);
    if (!this.#inflater.write(chunk)) this.#to.onFull();
  }

  /** No more comes: what came is decoded first. @param failure why, where it is not the end */
  end(failure?: { readonly error: unknown }): void {
    const tell = (): void => {
      if (this.#isOver) return;
      this.#isOver = true;
      if (failure === undefined) this.#to.onEnd();
      else this.#to.onFailure(failure.error);
    };
    // It has ended already where more came behind the end of what was compressed.
    if (this.#inflater === undefined || this.#inflater.readableEnded) tell();
    else this.#inflater.once('end', tell).end();
  }

  pause(): void {
    this.#isPaused = true;
    this.#inflater?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#inflater?.resume();
  }

  /** Nobody hears of it any more. */
  destroy(): void {
    this.#isOver = true;
    this.#inflater?.destroy();
  }

  #open(firstByte: number): Inflater {
    const inflater = INFLATERS[this.#encoding](firstByte);
    inflater.on('data', (chunk: Buffer) => {
      if (!this.#isOver) this.#to.onData(chunk);
    });
    inflater.on('drain', () => {
      if (!this.#isOver) this.#to.onDrained();
    });
    inflater.on('error', (cause) => {
      if (this.#isOver) return;
      this.destroy();
      const message = `its body is said to be ${this.#encoding} and can't be decoded: ${cause.message}`;
      this.#to.onFailure(new UnreadableEncoding(message, { cause }));
    });
    if (this.#isPaused) inflater.pause();
    return inflater;
  }
}
