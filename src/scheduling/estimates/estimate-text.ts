const CHARACTERS_PER_TOKEN = 4;
const LAST_ASCII = 0x7f;

/**
 * Tokens of a text by its characters, not rounded: four ASCII characters a token, any other UTF-16 unit a token of
 * its own. Linear time; within some 20 % on prose and code, above the truth for scripts other than Latin.
 */
export function estimateText(text: string): number {
  let others = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > LAST_ASCII) others++;
  return (text.length - others) / CHARACTERS_PER_TOKEN + others;
}

/**
 * Tokens as providers guess them at admission, not rounded: characters ÷ 4, whatever the script.
 * Source: OpenAI's rate limit guide ("an estimate based on the character count"), Azure OpenAI's quota page.
 */
export function estimateCharacters(text: string): number {
  return text.length / CHARACTERS_PER_TOKEN;
}
