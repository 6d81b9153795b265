/** What people write where a local server wants a key and looks at none, and numbers that an answer counts with. */
const NO_SECRETS =
  /^(?:sk-)?(?:no-key(?:-required|-needed)?|not-(?:needed|required|used)|lm-studio|ollama|vllm|none|empty|dummy|placeholder)$|^\d{1,15}$/i;
/** Shorter ones are no secrets, and taking them out would destroy every text. */
const SHORTEST = 6;
/** Shorter ones turn up in answers by chance. */
const SHORTEST_IN_ANSWERS = 8;
/** Shorter ones may be a part of a word, or the name of a field. */
const SHORTEST_ANYWHERE = 16;
const SHOWN = '[key]';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * A key that must not get into results, messages or logs because an endpoint quotes it. It is taken out of what is handed
 * on, after an answer was understood: a key may be a word that the answer means.
 */
export class Secret {
  readonly #keys: readonly string[];
  readonly #soughtInAnswers: readonly string[];

  /** @param keys all that a call is authorised with; mostly one */
  constructor(...keys: readonly (string | undefined)[]) {
    const known = keys.filter((key): key is string => key !== undefined && key.length >= SHORTEST && !NO_SECRETS.test(key));
    // The longest first: one key may stand inside another.
    this.#keys = [...new Set(known)].sort((one, other) => other.length - one.length);
    this.#soughtInAnswers = this.#keys.filter((key) => key.length >= SHORTEST_IN_ANSWERS);
  }

  /** Whether an answer that succeeded quotes it. */
  isIn(answer: string): boolean {
    for (const key of this.#soughtInAnswers) if (answer.includes(key)) return true;
    return false;
  }

  /** A text without it. */
  censored(text: string): string {
    let shown = text;
    for (const key of this.#keys) if (shown.includes(key)) shown = shown.replaceAll(patternOf(key), SHOWN);
    return shown;
  }

  /** The headers of an answer that succeeded: as they came, unless one quotes it. */
  keptFromHeaders<H extends Headers>(headers: H): H {
    if (this.#soughtInAnswers.length === 0) return headers;
    for (const name in headers) if (this.isIn(String(headers[name]))) return this.censoredHeaders(headers);
    return headers;
  }

  censoredHeaders<H extends Headers>(headers: H): H {
    if (this.#keys.length === 0) return headers;
    const entries = Object.entries(headers).map(([name, value]): [string, string | string[] | undefined] => [
      name,
      typeof value === 'string' ? this.censored(value) : value?.map((one) => this.censored(one)),
    ]);
    return Object.fromEntries(entries) as H;
  }
}

/**
 * Where a key stands: a long one anywhere; a short one whole, and not as a field's name. What stands before it may be an
 * escape of JSON's or a URL's, which ends in a letter or a digit.
 */
function patternOf(key: string): string | RegExp {
  if (key.length >= SHORTEST_ANYWHERE) return key;
  const literal = key.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  const begins = String.raw`(?:(?<![\w-])|(?<=\\(?:[bfnrt]|u[\da-fA-F]{4})|%[\da-fA-F]{2}))`;
  const isName = String.raw`(?<=")${literal}"\s*:`;
  return new RegExp(String.raw`${begins}(?!${isName})${literal}(?![\w-])`, 'g');
}

/** Headers that authorise, besides the one that the key itself goes into. */
const AUTHORISING = /^authorization$|cookie|key$|token$|secret$/i;
const SCHEME = /^[a-z]+\s+(?=\S)/i;

/** The keys among headers that go out with every call. */
export function keysInHeaders(headers: Readonly<Record<string, string>> = {}): string[] {
  const named = Object.entries(headers).filter(([name]) => AUTHORISING.test(name));
  return named.map(([, value]) => value.replace(SCHEME, '')).filter(({ length }) => length >= SHORTEST_IN_ANSWERS);
}
