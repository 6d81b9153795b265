/**
 * The parts of the AI SDK's language model specification that the middleware touches; they are the same in v3 (ai 6)
 * and v4 (ai 7), so that neither package is needed here.
 */

export interface SdkCallParams {
  readonly prompt: unknown;
  readonly maxOutputTokens?: number | undefined;
  readonly tools?: unknown;
  readonly abortSignal?: AbortSignal | undefined;
}

export interface SdkUsage {
  readonly inputTokens: {
    readonly total: number | undefined;
    readonly noCache: number | undefined;
    readonly cacheRead: number | undefined;
    readonly cacheWrite: number | undefined;
  };
  readonly outputTokens: { readonly total: number | undefined };
}

export interface SdkResponse {
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface SdkGenerateResult {
  readonly usage: SdkUsage;
  readonly response?: SdkResponse | undefined;
}

/** A stream's part; those with other fields pass as they are. */
export interface SdkStreamPart {
  readonly type: string;
}

export interface SdkStreamResult<Part extends SdkStreamPart> {
  readonly stream: ReadableStream<Part>;
  readonly response?: SdkResponse | undefined;
}

export interface SdkModelName {
  /** As `openai.chat`. */
  readonly provider: string;
  readonly modelId: string;
}

export interface SdkGenerateModel<Params, Result> extends SdkModelName {
  doGenerate(params: Params): PromiseLike<Result>;
}

export interface SdkStreamModel<Params, Result> extends SdkModelName {
  doStream(params: Params): PromiseLike<Result>;
}
