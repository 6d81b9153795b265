const HEX_DIGITS = '0123456789abcdef';
const HYPHEN = '-'.charCodeAt(0);
const HYPHENS = [8, 13, 18, 23];
/** Where the two digits of each of the 16 bytes stand. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const BYTES = 16;
const POOLED = 256;

/**
 * Makes a source of random (version 4) UUIDs; from `random` where reproducible ids are wanted, else from the
 * platform's generator. The platform's own `randomUUID` costs five times as much, in Node also as a table's key, and is
 * missing in browsers on insecure pages.
 */
export function uuidSource(random?: () => number): () => string {
  const pool = new Uint8Array(BYTES * (random === undefined ? POOLED : 1));
  const text = new Uint8Array(36);
  for (const at of HYPHENS) text[at] = HYPHEN;
  let next = pool.length;
  const refill = (): void => {
    if (random === undefined) globalThis.crypto.getRandomValues(pool);
    else for (let i = 0; i < pool.length; i++) pool[i] = Math.floor(random() * 256);
    next = 0;
  };
  return () => {
    if (next === pool.length) refill();
    pool[next + 6] = ((pool[next + 6] as number) & 0x0f) | 0x40;
    pool[next + 8] = ((pool[next + 8] as number) & 0x3f) | 0x80;
    for (let i = 0; i < BYTES; i++) {
      const byte = pool[next + i] as number;
      const place = PLACES[i] as number;
      text[place] = HEX_DIGITS.charCodeAt(byte >> 4);
      text[place + 1] = HEX_DIGITS.charCodeAt(byte & 0x0f);
    }
    next += BYTES;
    return String.fromCharCode.apply(null, text as unknown as number[]);
  };
}
