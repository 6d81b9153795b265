const LF = 10;
const CR = 13;

/** Bytes that hold whole events and nothing else. */
export class EventBlocks {
  readonly bytes: Buffer;
  /** Where each of them ends in `bytes`, the blank line after it included; ascending, the last one is their length. */
  readonly ends: readonly number[];

  constructor(bytes: Buffer, ends: readonly number[]) {
    this.bytes = bytes;
    this.ends = ends;
  }
}

/**
 * Cuts a stream of server-sent events after each blank line, whatever the lines end in (LF, CR or CRLF) and wherever the network
 * cuts it. It works on bytes, so that they can be handed on as they came; no character of UTF-8 but LF and CR themselves has those bytes.
 */
export class EventScanner {
  readonly #maxEventBytes: number;
  /** What came of an event that has no end yet; copies, since a view would keep a whole chunk alive. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  #isLineEmpty = true;
  #isAfterCr = false;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** Whether an event that has no end yet is larger than it may be; its bytes are gone. */
  get isOverflowing(): boolean {
    return this.#restBytes > this.#maxEventBytes;
  }

  /** The events that end in this chunk, with what came of the first of them before; undefined where none ends. */
  push(chunk: Buffer): EventBlocks | undefined {
    const ends = this.#scan(chunk);
    const last = ends.at(-1);
    if (last === undefined) {
      this.#keep(chunk);
      return undefined;
    }
    const offset = this.#restBytes;
    const whole = last === chunk.length ? chunk : chunk.subarray(0, last);
    const bytes = offset === 0 ? whole : Buffer.concat([...this.#rest, whole]);
    if (offset > 0) this.#rest = [];
    this.#restBytes = 0;
    if (last < chunk.length) this.#keep(chunk.subarray(last));
    return new EventBlocks(bytes, offset === 0 ? ends : ends.map((end) => end + offset));
  }

  /** What is left at the end of the stream: an event without its blank line, or nothing. */
  end(): Buffer | undefined {
    const rest = this.#restBytes === 0 ? undefined : Buffer.concat(this.#rest);
    this.#rest = [];
    this.#restBytes = 0;
    return rest;
  }

  #keep(part: Buffer): void {
    this.#restBytes += part.length;
    if (this.isOverflowing) this.#rest = [];
    else this.#rest.push(Buffer.from(part));
  }

  /** Lines mostly end in LF alone, and then a native search finds them. */
  #scan(chunk: Buffer): number[] {
    return this.#isAfterCr || chunk.indexOf(CR) >= 0 ? this.#scanBytes(chunk) : this.#scanLines(chunk);
  }

  #scanLines(chunk: Buffer): number[] {
    const ends = Array.of<number>();
    let start = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, start)) {
      if (at === start && (at > 0 || this.#isLineEmpty)) ends.push(at + 1);
      start = at + 1;
    }
    if (chunk.length > 0) this.#isLineEmpty = start === chunk.length;
    return ends;
  }

  #scanBytes(chunk: Buffer): number[] {
    const ends: number[] = [];
    let isLineEmpty = this.#isLineEmpty;
    let isAfterCr = this.#isAfterCr;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === LF && isAfterCr) {
        // The second half of a CRLF belongs to the line before it, and to the event that this line ended, if it is still here.
        isAfterCr = false;
        if (ends.at(-1) === at) ends[ends.length - 1] = at + 1;
        else if (at === 0 && this.#restBytes === 0) ends.push(1);
      } else if (byte === LF || byte === CR) {
        if (isLineEmpty) ends.push(at + 1);
        isLineEmpty = true;
        isAfterCr = byte === CR;
      } else {
        isLineEmpty = false;
        isAfterCr = false;
      }
    }
    this.#isLineEmpty = isLineEmpty;
    this.#isAfterCr = isAfterCr;
    return ends;
  }
}
