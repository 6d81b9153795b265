/** Names of fields that hold a key or what a user or a model said, in lower case and without separators. */
const SECRET =
  /^(x?apikey|authorization|proxyauthorization|cookie|setcookie|password|secret|token|accesstoken|prompt|messages|params|content|contents|input|inputs|instructions|system|text|completion|output|reply|body)$/;
const CENSOR = '[redacted]';
const DEEPEST = 12;
const MOST_FIELDS = 1_000;

/**
 * A copy of what is about to be logged, in which every field that may hold a key, a prompt or an answer is censored,
 * at any depth and however it is spelled. What is nested deeper than 12 levels, or beyond 1,000 fields, is left out.
 */
export function redact(value: object): Record<string, unknown> {
  // A copy of an object is an object.
  return copyOf(value, 0, { left: MOST_FIELDS }) as Record<string, unknown>;
}

function copyOf(value: unknown, depth: number, budget: { left: number }): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth > DEEPEST) return CENSOR;
  if (Array.isArray(value)) return value.slice(0, Math.max(0, budget.left)).map((item) => copyOf(item, depth + 1, budget));
  const copy: Record<string, unknown> = {};
  // An error's own text and trace are not enumerable, and the reason it is logged for.
  if (value instanceof Error) Object.assign(copy, { type: value.name, message: value.message, stack: value.stack });
  for (const [name, field] of Object.entries(value)) {
    if (budget.left-- <= 0) break;
    copy[name] = SECRET.test(name.toLowerCase().replace(/[-_]/g, '')) ? CENSOR : copyOf(field, depth + 1, budget);
  }
  return copy;
}
