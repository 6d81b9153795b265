import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/**
 * Collects a request's body as text; `undefined` when it is larger than `maxBytes` (the rest is not kept). Callbacks in place
 * of a promise: this runs once per request. Nothing is called when the client hangs up first.
 */
export function readBody(request: IncomingMessage, maxBytes: number, done: (body: string | undefined) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    if (size > maxBytes) return;
    size += chunk.length;
    if (size > maxBytes) done(undefined);
    else chunks.push(chunk);
  });
  request.on('end', () => {
    if (size > maxBytes) return;
    const [first] = chunks;
    done(chunks.length === 1 && first ? first.toString('utf8') : Buffer.concat(chunks).toString('utf8'));
  });
  request.on('error', () => {});
}
