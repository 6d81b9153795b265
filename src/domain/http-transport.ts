/** One HTTP request, ready to be sent. */
export interface HttpTransportRequest {
  readonly method: 'GET' | 'POST';
  /** As `https://api.openai.com`. */
  readonly origin: string;
  /** Path and query, as `/v1/chat/completions`. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Aborted when nobody wants the answer any more: break the exchange then, and let a pending read of the body reject. */
  readonly signal: AbortSignal;
  /** Call it when the request goes to the wire, before anything is sent; where it throws, send nothing and reject with what it threw. */
  onWritten(): void;
}

/** The head of a response, and its body as it arrives. */
export interface HttpTransportResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /**
   * Decoded: whatever `content-encoding` says, nobody decodes it again, as with a body of `fetch`. Read by one reader; where
   * nobody asks for more, nothing more is read from the network.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Sends a request and resolves with the head of the response, whatever its status; rejects where there is no answer.
 * The default is a pool of connections; tests put a provider in the same process in its place.
 */
export type HttpTransport = (request: HttpTransportRequest) => Promise<HttpTransportResponse>;
