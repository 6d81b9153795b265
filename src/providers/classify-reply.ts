import { classifyError } from './classify-error.ts';
import { embeddedStatus } from './embedded-status.ts';
import { errorFields, errorOf, isObject } from './error-fields.ts';
import { headerText } from './headers/header-values.ts';
import type { HttpReply } from './http-reply.ts';
import { looksLike } from './looks-like.ts';
import { redirectFields } from './redirect.ts';
import type { Verdict } from './verdict.ts';

export type { Verdict } from './verdict.ts';

/**
 * Decides what a whole answer means, whichever provider it is from. Stopping at a length, at a filter or with a refusal
 * to answer is success: it was paid for. Pure; `wallMs` is for dates.
 */
export function classifyReply(reply: HttpReply, wallMs: number): Verdict {
  const { status, headers, json } = reply;
  if (status >= 300 && status < 400) return classifyError({ status, headers, fields: redirectFields(reply) }, wallMs);
  if (status < 200 || status >= 300) return classifyError({ status, headers, fields: errorOf(reply) }, wallMs);
  const fields = errorFields(json);
  if (fields) {
    const asksToWait = headerText(headers, 'retry-after') !== undefined;
    return classifyError({ status: embeddedStatus(fields, asksToWait), headers, fields }, wallMs);
  }
  if (isObject(json) && !Array.isArray(json)) return { kind: 'completed' };
  // A page of an edge server or of something that is no API at all, or an answer that was cut off.
  const message = `HTTP ${status} with a body that is no JSON object: ${looksLike(reply.text)}.`;
  return { kind: 'retryable', code: 'invalid_response', message, scope: 'deployment' };
}
