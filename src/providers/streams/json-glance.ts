type Fields = Readonly<Record<string, unknown>>;

const BACKSLASH = 92;

/**
 * Characters in the strings of a JSON text that begin where `openings`, a global expression that ends in the opening quote, finds
 * a place. Nothing is parsed: parsing every chunk of every stream would be most of the work. Escapes count as they are written.
 */
export function charactersIn(json: string, openings: RegExp, from = 0): number {
  let characters = 0;
  openings.lastIndex = from;
  while (openings.test(json)) {
    const start = openings.lastIndex;
    const end = closingQuote(json, start);
    characters += end - start;
    openings.lastIndex = end + 1;
  }
  return characters;
}

/** Whether a text can be a JSON object, by its ends alone. */
export function looksLikeObject(text: string): boolean {
  return (text.startsWith('{') && text.endsWith('}')) || /^\s*\{[\s\S]*\}\s*$/.test(text);
}

/** An object, also one that is wrapped in an array, as Google's errors are; undefined where the text is none. */
export function parsedObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const inner: unknown = Array.isArray(value) ? value[0] : value;
    return isFields(inner) ? inner : undefined;
  } catch {
    return undefined;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where the string that begins here ends. */
function closingQuote(json: string, from: number): number {
  for (let at = json.indexOf('"', from); at >= 0; at = json.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return json.length;
}
