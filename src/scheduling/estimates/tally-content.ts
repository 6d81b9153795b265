/** A parsed JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What is not text costs, in tokens. */
export interface TokenPrices {
  readonly image: number;
  /** A picture sent at low detail. */
  readonly smallImage: number;
}

type Measure = (text: string) => number;

/** Deeper content is nobody's prompt. */
const DEEPEST = 16;
const IMAGES = new Set(['image', 'image_url', 'input_image']);
const SOUNDS = new Set(['input_audio', 'audio']);
const FILES = new Set(['file', 'input_file', 'document']);
/** Ten tokens a second of speech (OpenAI's audio guide), of which compressed sound has some 20,000 base64 characters. */
const SOUND_CHARACTERS_PER_TOKEN = 2_000;
/** A page of a PDF is 1,500 to 3,000 tokens (Anthropic's PDF guide) and some 50,000 base64 characters. */
const FILE_CHARACTERS_PER_TOKEN = 20;
/** A file that is only named. */
const UNSEEN_FILE = 3_000;
/** Where a message, a part of one or an item of the responses format holds text. */
const TEXTS: ReadonlySet<string> = new Set([
  'text',
  'content',
  'thinking',
  'reasoning',
  'summary',
  'refusal',
  'name',
  'arguments',
  'output',
  'function',
  'tool_calls',
  'title',
]);

/** Tokens of a message list, an input or any part of one, not rounded; unknown shapes count nothing. */
export function tally(content: unknown, measure: Measure, prices: TokenPrices, depth = 0): number {
  if (typeof content === 'string') return measure(content);
  // Embeddings may be asked for tokens.
  if (typeof content === 'number') return 1;
  if (typeof content !== 'object' || content === null || depth > DEEPEST) return 0;
  let sum = 0;
  if (Array.isArray(content)) {
    for (const item of content) sum += tally(item, measure, prices, depth + 1);
    return sum;
  }
  const part = content as JsonObject;
  const type = typeof part['type'] === 'string' ? part['type'] : '';
  if (IMAGES.has(type)) return isSmall(part) ? prices.smallImage : prices.image;
  if (SOUNDS.has(type)) return longestString(part, 0) / SOUND_CHARACTERS_PER_TOKEN;
  if (FILES.has(type)) return fileTokens(part, measure, prices, depth);
  for (const field in part) if (TEXTS.has(field)) sum += tally(part[field], measure, prices, depth + 1);
  // What a model asked a tool for: an object in Anthropic's format.
  const toolInput = part['input'];
  if (typeof toolInput === 'object' && toolInput !== null) sum += measure(jsonOf(toolInput));
  return sum;
}

/** A value as JSON; empty where it has none: a circle, or nested too deep. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

function isSmall(part: JsonObject): boolean {
  const image = part['image_url'];
  const detail = part['detail'] ?? (typeof image === 'object' && image !== null ? (image as JsonObject)['detail'] : undefined);
  return detail === 'low';
}

function fileTokens(part: JsonObject, measure: Measure, prices: TokenPrices, depth: number): number {
  const source = part['source'];
  const inner = typeof source === 'object' && source !== null ? (source as JsonObject) : undefined;
  if (inner?.['type'] === 'text' && typeof inner['data'] === 'string') return measure(inner['data']);
  if (inner?.['type'] === 'content') return tally(inner['content'], measure, prices, depth + 1);
  const characters = longestString(part, 0);
  return characters < UNSEEN_FILE ? UNSEEN_FILE : characters / FILE_CHARACTERS_PER_TOKEN;
}

/** Length of the longest string inside: the encoded data, whatever its field is called. */
function longestString(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || depth > 2) return 0;
  let longest = 0;
  for (const inner of Object.values(value)) longest = Math.max(longest, longestString(inner, depth + 1));
  return longest;
}
