type Fields = Readonly<Record<string, unknown>>;

const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;
const OPENING_BRACE = 123;

/**
 * Looks at JSON text without parsing it: parsing every chunk of every stream would be most of the work. `"name"` in quotes can't
 * stand inside a JSON string, whose own quotes are escaped; it may be a string's whole value, so that a hit is only a hint.
 */
export function mentions(json: string, name: string): boolean {
  return json.includes(`"${name}"`);
}

/** Whether somewhere a field of this name holds an object. */
export function holdsObject(json: string, name: string): boolean {
  for (let at = afterField(json, name, 0); at >= 0; at = afterField(json, name, at)) {
    if (json.charCodeAt(at) === OPENING_BRACE) return true;
  }
  return false;
}

/** Characters in all strings that are values of this field. Escapes count as they are written. */
export function charactersIn(json: string, name: string, from = 0): number {
  let characters = 0;
  for (let at = afterField(json, name, from); at >= 0; at = afterField(json, name, at)) {
    if (json.charCodeAt(at) !== QUOTE) continue;
    const end = closingQuote(json, at + 1);
    characters += end - at - 1;
    at = end;
  }
  return characters;
}

/** Whether a text can be a JSON object, by its ends alone. */
export function looksLikeObject(text: string): boolean {
  return (text.startsWith('{') && text.endsWith('}')) || /^\s*\{[\s\S]*\}\s*$/.test(text);
}

/** An object, or undefined where the text is none. */
export function parsedObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where the value of the next field of this name starts, or -1. */
function afterField(json: string, name: string, from: number): number {
  const quoted = `"${name}"`;
  for (let at = json.indexOf(quoted, from); at >= 0; at = json.indexOf(quoted, at + 1)) {
    const colon = afterSpaces(json, at + quoted.length);
    if (json[colon] === ':') return afterSpaces(json, colon + 1);
  }
  return -1;
}

function afterSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === SPACE) at += 1;
  return at;
}

function closingQuote(json: string, from: number): number {
  for (let at = json.indexOf('"', from); at >= 0; at = json.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return json.length;
}
