import type { WireFormatName } from '../../domain/wire-format.ts';
import { errorAnswer } from './error-answer.ts';
import { replyHeaders } from './reply-headers.ts';

/** A call's final failure as an answer of fetch. */
export function errorResponse(error: unknown, format: WireFormatName): Response {
  const { status, text, upstream = {}, headers } = errorAnswer(error, format);
  return new Response(text, { status, headers: replyHeaders(upstream, headers) });
}
