/**
 * Words of three letters with a space before them: each is one token of the usual vocabularies and four characters, so
 * the text of n tokens has exactly 4n characters, needs no escaping in JSON, and is cut out of one long string.
 */
const WORDS = ['the', 'and', 'for', 'you', 'not', 'are', 'all', 'new', 'was', 'can', 'has', 'but', 'our', 'one', 'may', 'out'];
const CHARACTERS_PER_TOKEN = 4;
const BLOCK_TOKENS = 4096;
const BLOCK = Array.from({ length: BLOCK_TOKENS }, (_, i) => ` ${WORDS[(i * 7 + (i >> 4) * 3) % WORDS.length] ?? 'the'}`).join('');

/** The text of tokens `from` (included) to `to` (excluded) of every simulated response. Contains no character that JSON escapes. */
function fillerText(from: number, to: number): string {
  const begin = from % BLOCK_TOKENS;
  const length = to - from;
  if (begin + length <= BLOCK_TOKENS) return BLOCK.slice(begin * CHARACTERS_PER_TOKEN, (begin + length) * CHARACTERS_PER_TOKEN);
  const first = BLOCK.slice(begin * CHARACTERS_PER_TOKEN);
  const rest = length - (BLOCK_TOKENS - begin);
  return first + BLOCK.repeat(Math.floor(rest / BLOCK_TOKENS)) + BLOCK.slice(0, (rest % BLOCK_TOKENS) * CHARACTERS_PER_TOKEN);
}

/** What a response says, by tokens of four characters. */
export interface ResponseText {
  /** Tokens `from` (included) to `to` (excluded). */
  raw(from: number, to: number): string;
  /** The same as the inside of a JSON string. */
  json(from: number, to: number): string;
}

export const FILLER: ResponseText = { raw: fillerText, json: fillerText };

/** A given text; characters outside of the basic plane are never cut in two. */
export function scriptedText(text: string): ResponseText & { readonly tokens: number } {
  const characters = Array.from(text);
  const raw = (from: number, to: number) => characters.slice(from * CHARACTERS_PER_TOKEN, to * CHARACTERS_PER_TOKEN).join('');
  return {
    tokens: Math.ceil(characters.length / CHARACTERS_PER_TOKEN),
    raw,
    json: (from, to) => JSON.stringify(raw(from, to)).slice(1, -1),
  };
}

/** How a provider guesses tokens from characters: one per four, at least one. */
export function tokensOfCharacters(characters: number): number {
  return Math.max(1, Math.ceil(characters / CHARACTERS_PER_TOKEN));
}
