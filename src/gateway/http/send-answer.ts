import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { ErrorAnswer } from '../../client/fetch/error-answer.ts';
import { errorBody } from '../../client/fetch/error-body.ts';
import type { Clock } from '../../domain/clock.ts';
import { LLMQueueException, textOf } from '../../domain/errors.ts';
import type { Logger } from '../../domain/logger.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import { TurnBatch } from '../../lib/turn-batch.ts';
import type { WireStream } from '../../providers/provider.ts';
import { headersOf } from './answer-headers.ts';

/** A failure as an answer. */
export function sendError(reply: FastifyReply, { status, text, upstream = {}, headers }: ErrorAnswer): FastifyReply {
  return reply.code(status).headers(headersOf(upstream, headers)).send(text);
}

const answers = new TurnBatch<{ readonly raw: ServerResponse; readonly text: string }>(({ raw, text }) => raw.end(text));

/** An answer that is there already; written past Fastify: its headers are complete and its text needs no serializer. */
export function sendWhole(reply: FastifyReply, status: number, headers: Record<string, string | string[]>, text: string): void {
  reply.hijack();
  const { raw } = reply;
  headers['content-length'] = String(Buffer.byteLength(text));
  raw.writeHead(status, headers);
  answers.add({ raw, text });
}

/** What a stream is written with. */
export interface StreamWriting {
  readonly format: WireFormatName;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Longest time that the reader may take nothing; 0: any. */
  readonly writeTimeoutMs: number;
}

/**
 * Writes a stream as its reader takes it: while the connection is full nothing more is read from the upstream, and whoever takes
 * nothing for too long is cut off, since its call holds a place in the limits. One that breaks
 * ends with the face's own error event, since its status was sent long ago, unless the upstream's own has said so.
 */
export async function sendStream(
  reply: FastifyReply,
  { parts }: WireStream,
  { format, status, headers, logger, clock, writeTimeoutMs }: StreamWriting,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(status, headers);
  try {
    for await (const { raw: bytes } of parts) {
      // A part may hold nothing to hand on, as a usage chunk that the caller did not ask for.
      if (bytes.byteLength > 0 && !raw.write(bytes)) await drained(raw, clock, writeTimeoutMs);
      if (raw.destroyed) break;
    }
  } catch (error) {
    logger.warn({ err: error }, 'a stream broke');
    if (!raw.destroyed && !isTold(error)) raw.write(errorEvent(format, error));
  }
  raw.end();
}

/** Resolves too when the reader leaves, or has to: the loop sees that by itself. */
function drained(raw: ServerResponse, clock: Clock, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = timeoutMs > 0 ? clock.setTimeout(() => raw.destroy(), timeoutMs) : undefined;
    const done = (): void => {
      clock.clearTimeout(timer);
      raw.off('drain', done);
      raw.off('close', done);
      resolve();
    };
    raw.on('drain', done);
    raw.on('close', done);
    if (raw.destroyed) done();
  });
}

/** The event of the error has gone out already. */
function isTold(error: unknown): boolean {
  return LLMQueueException.isInstance(error) && error.code === 'stream_error';
}

/** What the official SDKs throw as an error when it comes in a stream. */
function errorEvent(format: WireFormatName, error: unknown): string {
  const code = LLMQueueException.isInstance(error) ? error.code : 'stream_broken';
  const body = errorBody(format, 502, code, textOf(error));
  if (format === 'anthropic-messages') return `event: error\ndata: ${body}\n\n`;
  if (format !== 'openai-responses') return `data: ${body}\n\n`;
  const event = { type: 'error', code, message: textOf(error), param: null, sequence_number: 0 };
  return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
}
