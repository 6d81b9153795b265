/** Of a longer text the rest is not even looked at. */
const LONGEST_TEXT = 2000;
const LONGEST_LINE = 500;

/** A stranger's text as it may stand in a message: at most 500 characters, without line breaks or other control characters. */
export function oneLine(text: string): string {
  return text
    .slice(0, LONGEST_TEXT)
    .replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_LINE);
}
