import { connect, type Socket } from 'node:net';
import type { FuzzAnswer } from './fuzz-verdict.ts';

/** A connection on which bytes are sent as they are. */
export class RawConnection {
  readonly socket: Socket;
  /** Settles when either side has closed it. */
  readonly closed: Promise<void>;
  #received: Buffer[] = [];
  #wake = (): void => {};

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port) });
    this.socket.on('data', (bytes) => {
      this.#received.push(bytes);
      this.#wake();
    });
    // A reset is one of the ways in which a server may end it.
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
        this.#wake();
      });
    });
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  get text(): string {
    return Buffer.concat(this.#received).toString();
  }

  /** Resolves once `seen` holds of what has come, or the connection is closed. */
  async until(seen: (text: string) => boolean): Promise<string> {
    while (!seen(this.text) && !this.socket.destroyed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.text;
  }
}

/** The answers in what was received, one after the other; a last one that isn't whole is left out. */
export function answersIn(text: string): FuzzAnswer[] {
  const answers: FuzzAnswer[] = [];
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) break;
    const [status = '', ...lines] = rest.subarray(0, end).toString().split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const code = Number(status.split(' ')[1]);
    const [length, body] = bodyIn(rest.subarray(end + 4), headers, code);
    if (length === undefined) break;
    if (code !== 100) answers.push({ status: code, headers, text: body });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}

function bodyIn(rest: Buffer, headers: Readonly<Record<string, string>>, status: number): [length: number | undefined, body: string] {
  if (headers['transfer-encoding'] !== 'chunked') {
    const length = Number(headers['content-length'] ?? 0);
    return status === 100 || rest.length < length ? [status === 100 ? 0 : undefined, ''] : [length, rest.subarray(0, length).toString()];
  }
  let at = 0;
  let body = '';
  for (;;) {
    const line = rest.indexOf('\r\n', at);
    if (line < 0) return [undefined, ''];
    const size = Number.parseInt(rest.subarray(at, line).toString(), 16);
    if (rest.length < line + 2 + size + 2) return [undefined, ''];
    body += rest.subarray(line + 2, line + 2 + size).toString();
    at = line + 2 + size + 2;
    if (size === 0) return [at, body];
  }
}
