const NEWLINE = '\n'.charCodeAt(0);

/** One line of a file. */
export interface FileLine {
  /** From 1. */
  readonly number: number;
  /** Undefined: longer than a line may be. */
  readonly text: string | undefined;
}

/** The lines of a file that comes in pieces. Holds one line at a time, and none that is longer than `maxBytes`. */
export async function* linesIn(pieces: AsyncIterable<Uint8Array>, maxBytes: number): AsyncIterable<FileLine> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let number = 0;
  const add = (part: Uint8Array): void => {
    bytes += part.byteLength;
    if (bytes <= maxBytes) parts.push(part);
    else parts = [];
  };
  const finish = (): FileLine => {
    number += 1;
    const text = bytes > maxBytes ? undefined : Buffer.concat(parts).toString('utf8');
    parts = [];
    bytes = 0;
    return { number, text: number === 1 && text?.charCodeAt(0) === 0xfeff ? text.slice(1) : text };
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      add(piece.subarray(from, end));
      yield finish();
      from = end + 1;
    }
    add(piece.subarray(from));
  }
  if (bytes > 0) yield finish();
}
