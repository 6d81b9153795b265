/** What people write where a local server wants a key and looks at none; an answer may well contain the word. */
const PLACEHOLDERS =
  /^(?:sk-)?(?:no-key(?:-required|-needed)?|not-(?:needed|required|used)|lm-studio|ollama|vllm|none|empty|dummy|placeholder)$/i;
/** Shorter ones turn up in answers by chance. */
const SHORTEST_IN_ANSWERS = 8;
const SHOWN = '[key]';

/** A key that must not get into results, messages or logs because an endpoint quotes it. */
export class Secret {
  readonly #key: string;
  readonly #isSoughtInAnswers: boolean;

  constructor(key: string | undefined) {
    this.#key = key ?? '';
    this.#isSoughtInAnswers = this.#key.length >= SHORTEST_IN_ANSWERS && !PLACEHOLDERS.test(this.#key);
  }

  /** Whether an answer that succeeded quotes it. */
  isIn(answer: string): boolean {
    return this.#isSoughtInAnswers && answer.includes(this.#key);
  }

  /** A text without it. */
  censored(text: string): string {
    return this.#key === '' ? text : text.replaceAll(this.#key, SHOWN);
  }

  censoredHeaders<H extends Readonly<Record<string, string | string[] | undefined>>>(headers: H): H {
    if (this.#key === '') return headers;
    const entries = Object.entries(headers).map(([name, value]): [string, string | string[] | undefined] => [
      name,
      typeof value === 'string' ? this.censored(value) : value?.map((one) => this.censored(one)),
    ]);
    return Object.fromEntries(entries) as H;
  }
}
