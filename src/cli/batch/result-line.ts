import { idDigestHex } from '../../lib/id-digest.ts';
import type { HttpReply } from '../../providers/http-reply.ts';

/** Why a request has no good answer. */
export interface ResultError {
  readonly code: string;
  readonly message: string;
}

const MOST_PLAIN_TEXT = 64 * 1024;

/** One line of the output, newline included: OpenAI's Batch output. A final HTTP error has both response and error. */
export function resultLine(customId: string, reply: HttpReply | undefined, error: ResultError | undefined): string {
  const response = reply
    ? `{"status_code":${reply.status},"request_id":${JSON.stringify(reply.requestId ?? null)},"body":${bodyText(reply)}}`
    : 'null';
  const problem = error ? JSON.stringify({ code: error.code, message: error.message }) : 'null';
  return `{"id":"batch_req_${idDigestHex(customId)}","custom_id":${JSON.stringify(customId)},"response":${response},"error":${problem}}\n`;
}

/** The body as JSON on one line; its own text where that is one already. */
function bodyText(reply: HttpReply): string {
  if (reply.json === undefined) return JSON.stringify(reply.text.slice(0, MOST_PLAIN_TEXT));
  return /[\r\n]/.test(reply.text) ? JSON.stringify(reply.json) : reply.text;
}

/** What the start of a run needs to know of a line that an earlier one wrote. */
export interface FinishedLine {
  readonly customId: string;
  readonly isCompleted: boolean;
}

/** Reads a result line; undefined where it is none. */
export function readResultLine(text: string): FinishedLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('custom_id' in value) || typeof value.custom_id !== 'string') return undefined;
  const hasResponse = 'response' in value && typeof value.response === 'object' && value.response !== null;
  const hasError = 'error' in value && value.error !== null && value.error !== undefined;
  return { customId: value.custom_id, isCompleted: hasResponse && !hasError };
}
