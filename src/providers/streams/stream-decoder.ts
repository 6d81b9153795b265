import type { Secret } from '../http/secret.ts';
import type { ServerSentEvent, StreamPart } from '../provider.ts';
import { EventBlocks, EventScanner } from '../sse/event-scanner.ts';
import { NO_EVENT, parseEvent } from '../sse/parse-event.ts';
import { FreshPart } from './fresh-parts.ts';
import { parsedObject } from './json-glance.ts';
import type { StreamReader } from './stream-reader.ts';

/** What is wrong with a stream: our own finding, or the event in which the provider reports it. */
export type StreamFault =
  | { readonly code: 'event_too_large' | 'invalid_stream'; readonly message: string }
  | { readonly reported: ServerSentEvent };

/** Some of a stream, read. */
export class DecodedPart {
  readonly part: StreamPart;
  /** Found behind the part; nothing that comes later counts. */
  readonly fault: StreamFault | undefined;

  constructor(part: StreamPart, fault: StreamFault | undefined) {
    this.part = part;
    this.fault = fault;
  }
}

export interface StreamDecoderOptions {
  readonly reader: StreamReader;
  readonly secret: Secret;
  readonly maxEventBytes: number;
  /** Whether the chunk that has only usage is taken out: the caller hasn't asked for it. */
  readonly withoutUsageChunk: boolean;
}

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Turns the bytes of a stream into parts that begin and end between events, so that a stream that breaks never leaves
 * half an event behind, and says when content began, the end came, or something is wrong.
 */
export class StreamDecoder {
  readonly #options: StreamDecoderOptions;
  readonly #scanner: EventScanner;
  #isAtStart = true;
  /** The line feed of a CRLF may come in the next chunk, after the chunk was taken out that it belongs to. */
  #dropsLineFeed = false;
  hasContent = false;
  /** The terminal event has come. */
  isComplete = false;

  constructor(options: StreamDecoderOptions) {
    this.#options = options;
    this.#scanner = new EventScanner(options.maxEventBytes);
  }

  /** Undefined where no event ends in the chunk. */
  push(chunk: Buffer): DecodedPart | undefined {
    const blocks = this.#scanner.push(chunk);
    const decoded = blocks && this.#decode(blocks);
    if (!this.#scanner.isOverflowing || decoded?.fault) return decoded;
    return new DecodedPart(decoded?.part ?? EMPTY, this.#tooLarge());
  }

  /** The end of the bytes. The last event may lack its blank line, as the official SDKs allow. */
  end(): DecodedPart | undefined {
    const rest = this.#scanner.end();
    return rest && this.#decode(new EventBlocks(rest, [rest.length]));
  }

  #decode({ bytes, ends }: EventBlocks): DecodedPart {
    // Not a literal, for the reason in fresh-parts.ts.
    const events = Array.of<ServerSentEvent>();
    const pieces = new RawPieces(bytes);
    let fault: StreamFault | undefined;
    let start = this.#afterDroppedLineFeed(bytes, pieces);
    for (const end of ends) {
      fault = end - start > this.#options.maxEventBytes ? this.#tooLarge() : this.#read(bytes, start, end, pieces, events);
      if (fault && !('reported' in fault)) pieces.cut(start);
      else if (fault) pieces.cut(end);
      if (fault) break;
      start = end;
    }
    return new DecodedPart(new FreshPart(pieces.joined(), events), fault);
  }

  #read(bytes: Buffer, start: number, end: number, pieces: RawPieces, events: ServerSentEvent[]): StreamFault | undefined {
    const { reader, secret, withoutUsageChunk } = this.#options;
    const received = bytes.toString('utf8', start, end);
    const text = this.#isAtStart && received.startsWith(BYTE_ORDER_MARK) ? received.slice(1) : received;
    this.#isAtStart = false;
    const event = parseEvent(text);
    if (event === undefined) {
      if (secret.isIn(received)) pieces.replace(start, end, Buffer.from(secret.censored(received)));
      return undefined;
    }
    if (event === NO_EVENT) return notAnEvent(text);
    const kind = reader.read(event, !this.hasContent);
    if (kind === 'garbage') return invalid(text);
    if (kind === 'usage' && withoutUsageChunk) {
      pieces.replace(start, end, undefined);
      this.#dropsLineFeed = bytes[end - 1] === 13 && end === bytes.length;
      return undefined;
    }
    if (secret.isIn(received)) {
      pieces.replace(start, end, Buffer.from(secret.censored(received)));
      events.push({ ...event, data: secret.censored(event.data) });
    } else events.push(event);
    if (kind === 'error') return { reported: event };
    if (kind === 'content') this.hasContent = true;
    if (kind === 'terminal') this.isComplete = true;
    return undefined;
  }

  #afterDroppedLineFeed(bytes: Buffer, pieces: RawPieces): number {
    if (!this.#dropsLineFeed) return 0;
    this.#dropsLineFeed = false;
    if (bytes[0] !== 10) return 0;
    pieces.replace(0, 1, undefined);
    return 1;
  }

  #tooLarge(): StreamFault {
    return { code: 'event_too_large', message: `sent an event of more than ${this.#options.maxEventBytes} bytes` };
  }
}

const EMPTY: StreamPart = { raw: new Uint8Array(0), events: [] };

/** Bytes with a few pieces replaced; mostly none, and then nothing is copied. */
class RawPieces {
  readonly #bytes: Buffer;
  #pieces: Buffer[] | undefined;
  #done = 0;
  #end: number;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Replaces from `start` to `end`, which lies behind what was replaced before; undefined: takes it out. */
  replace(start: number, end: number, by: Buffer | undefined): void {
    this.#pieces ??= [];
    this.#pieces.push(this.#bytes.subarray(this.#done, start));
    if (by) this.#pieces.push(by);
    this.#done = end;
  }

  /** Nothing from here on. */
  cut(at: number): void {
    this.#end = Math.max(at, this.#done);
  }

  joined(): Uint8Array {
    if (!this.#pieces && this.#end === this.#bytes.length) return this.#bytes;
    const last = this.#bytes.subarray(this.#done, this.#end);
    return this.#pieces ? Buffer.concat([...this.#pieces, last]) : last;
  }
}

/** Some servers send a bare error where the stream should begin. */
function notAnEvent(text: string): StreamFault {
  return parsedObject(text)?.['error'] ? { reported: { data: text } } : invalid(text);
}

/** Without quoting it: what a model said stands in no message. */
function invalid(text: string): StreamFault {
  const looks = /^\s*</.test(text) ? 'it looks like a page of HTML' : 'its data is no JSON object';
  return { code: 'invalid_stream', message: `sent what is no event of this API; ${looks}` };
}
