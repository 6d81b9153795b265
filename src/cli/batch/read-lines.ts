import { readSync } from 'node:fs';

/** One line of a file, without its line ending. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Empty where the line is longer than allowed. */
  readonly text: string;
  /** Length in bytes as it stands in the file. */
  readonly bytes: number;
  /** Offset of the line's first byte. */
  readonly start: number;
  /** Whether the file ends it with a newline. */
  readonly isEnded: boolean;
  readonly isTooLong: boolean;
}

/** Longer lines are not read into memory. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 10;
const RETURN = 13;

/** How to read. */
export interface ReadLinesOptions {
  readonly maxLineBytes?: number;
  /** Gets every chunk as it is read; it is only valid during the call. */
  readonly onChunk?: (chunk: Buffer) => void;
}

/**
 * Reads a regular file line by line from its start, a chunk at a time: whoever takes lines slowly reads slowly.
 * A byte order mark and the `\r` of `\r\n` are dropped.
 */
export function* readLines(fd: number, options: ReadLinesOptions = {}): Generator<Line> {
  const maxBytes = options.maxLineBytes ?? MAX_LINE_BYTES;
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let parts: Buffer[] = [];
  let bytes = 0;
  let number = 0;
  let start = 0;
  let position = 0;
  const finish = (isEnded: boolean): Line => {
    const isTooLong = bytes > maxBytes;
    number += 1;
    const line = { number, text: isTooLong ? '' : textOf(parts, number), bytes, start, isEnded, isTooLong };
    start += bytes + (isEnded ? 1 : 0);
    parts = [];
    bytes = 0;
    return line;
  };
  for (;;) {
    const size = readSync(fd, buffer, 0, CHUNK_BYTES, position);
    if (size === 0) break;
    position += size;
    const chunk = buffer.subarray(0, size);
    options.onChunk?.(chunk);
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      bytes += end - from;
      if (bytes <= maxBytes) parts.push(chunk.subarray(from, end));
      yield finish(true);
      from = end + 1;
    }
    bytes += size - from;
    // The chunk's memory is used again, so what is left over has to be copied.
    if (bytes <= maxBytes && from < size) parts.push(Buffer.from(chunk.subarray(from)));
    if (bytes > maxBytes) parts = [];
  }
  if (bytes > 0) yield finish(false);
}

function textOf(parts: readonly Buffer[], number: number): string {
  const [first] = parts;
  const whole = parts.length === 1 && first ? first : Buffer.concat(parts);
  const end = whole.at(-1) === RETURN ? whole.length - 1 : whole.length;
  const text = whole.toString('utf8', 0, end);
  return number === 1 && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
