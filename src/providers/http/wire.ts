import type { ReplyHeaders } from '../provider.ts';

/** One request to an endpoint's origin. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/**
 * Takes what arrives, as it arrives; nothing after `onEnd` or `onFailure`. Callbacks in place of a stream object: with a
 * thousand streams the objects and promises per chunk would cost more than the work. What a callback throws comes back as `onFailure`.
 */
export interface WireSink {
  /** Nothing was sent before. */
  onWritten(): void;
  onHead(status: number, headers: ReplyHeaders): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onFailure(error: unknown): void;
}

/** What the receiver may ask of an exchange. */
export interface WireControl {
  /** Breaks the exchange at once; the sink hears nothing more. */
  abort(reason: Error): void;
  /** Stops reading from the network; what was read already may still come. */
  pause(): void;
  resume(): void;
}

/** A way to one origin. */
export interface Wire {
  /** The sink may be called before this returns, with `onWritten` and `onFailure` only. */
  start(request: WireRequest, sink: WireSink): WireControl;
  /** Waits for exchanges under way, then closes. */
  close(): Promise<void>;
}
