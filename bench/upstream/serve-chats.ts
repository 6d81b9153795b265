import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ANSWER_HEADERS, chunkSentAt, FIRST_CHUNK, LAST_CHUNKS, sharedMicroseconds, WHOLE_ANSWER } from './chat-texts.ts';

/** How streams are paced; they have as many chunks of content as the call's `max_tokens`. */
export interface PaceOptions {
  /** Between two chunks of one stream. */
  readonly everyMs: number;
}

const LONGEST_KEEP_ALIVE_MS = 60_000;
const WHOLE = Buffer.from(WHOLE_ANSWER);

/**
 * Answers whatever is posted like a chat completion: at once, or as a paced stream where the body asks for one. Does
 * as little as it can, since it is not what is measured. Resolves with its port.
 */
export function serveChats(pace: PaceOptions): Promise<number> {
  const server = createServer((request, response) => {
    readBody(request, (body) => (body.includes('"stream":true') ? stream(response, chunksIn(body), pace) : answer(response)));
  });
  server.keepAliveTimeout = LONGEST_KEEP_ALIVE_MS;
  return new Promise((resolve) => {
    // So many connections come within a second.
    server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () => resolve((server.address() as AddressInfo).port)); // it listens on a port
  });
}

function readBody(request: IncomingMessage, done: (body: string) => void): void {
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => done(body));
}

function answer(response: ServerResponse): void {
  response.writeHead(200, { ...ANSWER_HEADERS, 'content-type': 'application/json', 'content-length': WHOLE.length });
  response.end(WHOLE);
}

function chunksIn(body: string): number {
  return Number(/"max_tokens":(\d+)/.exec(body)?.[1] ?? 1);
}

function stream(response: ServerResponse, chunks: number, { everyMs }: PaceOptions): void {
  response.writeHead(200, { ...ANSWER_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
  response.write(FIRST_CHUNK);
  let sent = 0;
  const timer = setInterval(() => {
    sent += 1;
    response.write(chunkSentAt(sharedMicroseconds()));
    if (sent < chunks) return;
    clearInterval(timer);
    response.end(LAST_CHUNKS);
  }, everyMs);
  response.once('close', () => clearInterval(timer));
}
