import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ownAnswer } from '../../client/fetch/error-answer.ts';
import { faceOf } from './face.ts';

/** What is said of a request that is no HTTP, or that doesn't arrive, by the parser's code. */
const PROBLEMS: Readonly<Record<string, readonly [status: string, code: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request_timeout', 'The request took too long to arrive. Send it again.'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'headers_too_large', "The request's headers are too large."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'request_too_large', 'The extensions of a chunk are too large.'],
};
const UNREADABLE = ['400 Bad Request', 'invalid_request', 'The request is no HTTP that can be read.'] as const;

/** Answers what the parser of HTTP could not read, and closes the connection: nobody knows where its next request would begin. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  const response = responseOn(socket);
  // In the middle of an answer there is no place for another.
  if (error.code === 'ECONNRESET' || !socket.writable || response?.headersSent) {
    socket.destroy();
    return;
  }
  const [statusLine, code, message] = PROBLEMS[error.code ?? ''] ?? UNREADABLE;
  const text =
    response === undefined
      ? inBothForms(code, message)
      : ownAnswer(faceOf(response.req), Number.parseInt(statusLine, 10), code, message).text;
  const head = [
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    'x-should-retry: false',
    'connection: close',
  ];
  socket.end(`HTTP/1.1 ${[statusLine, ...head].join('\r\n')}\r\n\r\n${text}`);
  // Whatever else comes is not read.
  socket.once('finish', () => socket.destroy());
}

/** Answers whoever expects of the server what it doesn't know; Node's own answer has no body. */
export function answerExpectation(request: IncomingMessage, response: ServerResponse): void {
  const message = "The header 'expect' asks for something else than '100-continue'.";
  const { status, text, headers } = ownAnswer(faceOf(request), 417, 'expectation_failed', message);
  response.writeHead(status, { ...headers, connection: 'close' }).end(text);
}

/** Its head is not known, so nor is its face: what each of them reads is there. */
function inBothForms(code: string, message: string): string {
  return JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message, param: null, code } });
}

/** The answer that is being written; where Node's own handler looks too. */
function responseOn(socket: Socket): ServerResponse | undefined {
  return (Reflect.get(socket, '_httpMessage') as ServerResponse | null | undefined) ?? undefined;
}
