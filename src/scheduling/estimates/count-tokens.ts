import { estimateText } from './estimate-text.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A tokenizer needs quadratic time on what it can't divide: 80,000 letters without a space take it five seconds. */
const LONGEST_RUN = 256;
/** Above this a tokenizer would block for a tenth of a second and more. */
const MOST_CHARACTERS = 1_000_000;
/** The runs that byte-pair vocabularies don't divide: letters with their marks, blanks, anything else but digits. */
const LONG_RUN = new RegExp(`[\\p{L}\\p{M}]{${LONGEST_RUN}}|\\s{${LONGEST_RUN}}|[^\\s\\p{L}\\p{N}]{${LONGEST_RUN}}`, 'gu');

/**
 * Counts tokens with a tokenizer, in linear time: runs of letters, blanks or signs are cut after every 256, which
 * changes the count by less than 0.1 %. Texts of more than `mostCharacters` (default 1,000,000) are estimated from
 * their characters.
 */
export function countTokens(text: string, tokenizer: Tokenizer, mostCharacters = MOST_CHARACTERS): number {
  if (text.length > mostCharacters) return estimateText(text);
  let tokens = 0;
  let from = 0;
  for (const match of text.matchAll(LONG_RUN)) {
    const to = match.index + match[0].length;
    tokens += tokenizer(text.slice(from, to));
    from = to;
  }
  return from === text.length && from > 0 ? tokens : tokens + tokenizer(from === 0 ? text : text.slice(from));
}
