import type { Tokenizer } from '../scheduling/estimates/tokenizer.ts';

/** `o200k`: GPT-4o, 4.1, 5 and o models. `cl100k`: GPT-3.5, GPT-4, text-embedding-3. */
export type TokenEncoding = 'o200k' | 'cl100k';

const loaded = new Map<TokenEncoding, Promise<Tokenizer>>();
/** Texts may quote the vocabulary's control tokens; they are text there. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** Which encoding a model's name asks for; other vendors' models are nearest to the newer one. */
export function encodingOf(model: string): TokenEncoding {
  return /(^|[/.])(gpt-3\.5|gpt-35|gpt-4(?![o.\d])|text-embedding-)/.test(model) ? 'cl100k' : 'o200k';
}

/** Loads a vocabulary of some 2 MB, once: only who wants exact counts pays for it. */
export function loadTokenizer(encoding: TokenEncoding = 'o200k'): Promise<Tokenizer> {
  let tokenizer = loaded.get(encoding);
  if (tokenizer === undefined) {
    tokenizer = encoding === 'o200k' ? loadO200k() : loadCl100k();
    loaded.set(encoding, tokenizer);
  }
  return tokenizer;
}

async function loadO200k(): Promise<Tokenizer> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  return (text) => countTokens(text, AS_TEXT);
}

async function loadCl100k(): Promise<Tokenizer> {
  const { countTokens } = await import('gpt-tokenizer/encoding/cl100k_base');
  return (text) => countTokens(text, AS_TEXT);
}
