/** Where a chat is shown. */
export interface ChatStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const DEFAULT_WIDTH = 80;

/** Writes what is said and what is said about it. */
export class ChatOutput {
  readonly #stream: ChatStream;
  readonly #errors: ChatStream;
  readonly #isColoured: boolean;

  constructor(stream: ChatStream, errors: ChatStream, isColoured: boolean) {
    this.#stream = stream;
    this.#errors = errors;
    this.#isColoured = isColoured;
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  get width(): number {
    return this.#stream.columns ?? DEFAULT_WIDTH;
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  lines(lines: readonly string[]): void {
    this.#stream.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** About an answer, for whoever sits before it; a pipe gets the answers alone. */
  aside(text: string): void {
    if (this.isTerminal) this.#stream.write(this.#isColoured ? `\u001b[2m${text}\u001b[22m\n` : `${text}\n`);
  }

  /** About what happens meanwhile; beside the answers of a pipe, on standard error. */
  notice(text: string): void {
    if (this.isTerminal) this.aside(oneLine(text));
    else this.problem(text);
  }

  problem(text: string): void {
    this.#errors.write(`headgate: ${oneLine(text)}\n`);
  }
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}
