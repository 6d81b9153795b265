/** What people write where a local server wants a key and looks at none; an answer may well contain the word. */
const PLACEHOLDERS =
  /^(?:sk-)?(?:no-key(?:-required|-needed)?|not-(?:needed|required|used)|lm-studio|ollama|vllm|none|empty|dummy|placeholder)$/i;
/** Shorter ones turn up in answers by chance. */
const SHORTEST_IN_ANSWERS = 8;
const SHOWN = '[key]';

/** A key that must not get into results, messages or logs because an endpoint quotes it. */
export class Secret {
  readonly #keys: readonly string[];
  readonly #soughtInAnswers: readonly string[];

  /** @param keys all that a call is authorised with; mostly one */
  constructor(...keys: readonly (string | undefined)[]) {
    const known = keys.filter((key): key is string => key !== undefined && key !== '');
    // The longest first: one key may stand inside another.
    this.#keys = [...new Set(known)].sort((one, other) => other.length - one.length);
    this.#soughtInAnswers = this.#keys.filter((key) => key.length >= SHORTEST_IN_ANSWERS && !PLACEHOLDERS.test(key));
  }

  /** Whether an answer that succeeded quotes it. */
  isIn(answer: string): boolean {
    for (const key of this.#soughtInAnswers) if (answer.includes(key)) return true;
    return false;
  }

  /** A text without it. */
  censored(text: string): string {
    let shown = text;
    for (const key of this.#keys) shown = shown.replaceAll(key, SHOWN);
    return shown;
  }

  /** The headers of an answer that succeeded: as they came, unless one quotes it. */
  keptFromHeaders<H extends Readonly<Record<string, string | string[] | undefined>>>(headers: H): H {
    if (this.#soughtInAnswers.length === 0) return headers;
    for (const name in headers) if (this.isIn(String(headers[name]))) return this.censoredHeaders(headers);
    return headers;
  }

  censoredHeaders<H extends Readonly<Record<string, string | string[] | undefined>>>(headers: H): H {
    if (this.#keys.length === 0) return headers;
    const entries = Object.entries(headers).map(([name, value]): [string, string | string[] | undefined] => [
      name,
      typeof value === 'string' ? this.censored(value) : value?.map((one) => this.censored(one)),
    ]);
    return Object.fromEntries(entries) as H;
  }
}

/** Headers that authorise, besides the one that the key itself goes into. */
const AUTHORISING = /^authorization$|cookie|key$|token$|secret$/i;
const SCHEME = /^[a-z]+\s+(?=\S)/i;

/** The keys among headers that go out with every call. */
export function keysInHeaders(headers: Readonly<Record<string, string>> = {}): string[] {
  const named = Object.entries(headers).filter(([name]) => AUTHORISING.test(name));
  return named.map(([, value]) => value.replace(SCHEME, '')).filter(({ length }) => length >= SHORTEST_IN_ANSWERS);
}
