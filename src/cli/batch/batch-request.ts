/** What one line of the input asks for. */
export interface BatchRequest {
  /** The line's own id, or `line-N`. */
  readonly id: string;
  readonly line: number;
  readonly model: string;
  /** Path below the base URL, as `/chat/completions`. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Set where the line named no endpoint: a prompt, or messages. */
  readonly isPlain?: true | undefined;
  readonly priority: number | undefined;
  readonly tenant: string | undefined;
}

/** A line that can't become a request. */
export interface InvalidLine {
  /** `line-N`; the line's own id where the line itself is right and only its request can't be sent. */
  readonly id: string;
  readonly line: number;
  readonly problem: string;
}

export function isInvalid(line: BatchRequest | InvalidLine): line is InvalidLine {
  return 'problem' in line;
}
