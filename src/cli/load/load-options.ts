/** What a load test sends. */
export interface LoadOptions {
  readonly model: string;
  readonly requests: number;
  /** Calls that are handed in and not answered, at most. */
  readonly concurrency: number;
  readonly stream: boolean;
  /** Tokens of each prompt, about. */
  readonly promptTokens: number;
  readonly maxTokens: number;
  /** Requests a second that are handed in; undefined: as soon as one is answered the next. */
  readonly rate: number | undefined;
}
