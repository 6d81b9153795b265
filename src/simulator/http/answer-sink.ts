import { Buffer } from 'node:buffer';

/** Names in lower case. */
export type HeaderFields = Readonly<Record<string, string>>;

/** Where an answer goes: a socket, or a caller in the same process. A head first, then text, then one of the ends. */
export interface AnswerSink {
  readonly headSent: boolean;
  /** Nobody reads any more. */
  readonly gone: boolean;
  /** `alone`: it is sent now, whatever follows. */
  head(status: number, headers: HeaderFields, alone?: boolean): void;
  write(text: string): void;
  /** The body is complete, or looks as if it were. */
  end(text: string): void;
  /** The connection ends after this text, before the length that was announced. */
  breakOff(text: string): void;
  /** The connection is reset; the caller sees ECONNRESET. */
  reset(): void;
  /** Calls back when the caller hangs up before the end. */
  onHangUp(callback: () => void): void;
  /** What is written inside goes out together, where that saves a system call. */
  together(work: () => void): void;
}

/** Sends a complete body. */
export function sendBody(sink: AnswerSink, status: number, headers: HeaderFields, type: string, body: string): void {
  sink.head(status, { ...headers, 'content-type': type, 'content-length': String(Buffer.byteLength(body)) });
  sink.end(body);
}

/** Sends a complete JSON body. */
export function sendJson(sink: AnswerSink, status: number, headers: HeaderFields, body: string): void {
  sendBody(sink, status, headers, 'application/json', body);
}
