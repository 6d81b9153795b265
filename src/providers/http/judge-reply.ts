import { classifyReply, type Verdict } from '../classify-reply.ts';
import { type HttpReply, httpReply } from '../http-reply.ts';
import type { Secret } from './secret.ts';

/** What a reply means, and how it may be shown. */
export interface Judged {
  readonly verdict: Verdict;
  /** Without the key. */
  readonly reply: HttpReply;
}

/** Classifies a reply as it came, then takes the key out of all that is said of it; mostly it isn't in there. */
export function judgeReply(received: HttpReply, secret: Secret, wallMs: number): Judged {
  const verdict = classifyReply(received, wallMs);
  const { status, headers, text } = received;
  if (verdict.kind === 'completed') {
    const kept = secret.keptFromHeaders(headers);
    if (secret.isIn(text)) return { verdict, reply: httpReply(status, kept, secret.censored(text)) };
    return { verdict, reply: kept === headers ? received : { ...received, headers: kept } };
  }
  const reply = httpReply(status, secret.censoredHeaders(headers), secret.censored(text));
  return { verdict: withWords(verdict, classifyReply(reply, wallMs)), reply };
}

/** The words of a verdict on the same answer without the key: a message that was cut may end in half of it. */
export function withWords<V extends Verdict>(verdict: V, censored: Verdict | undefined): V {
  if (verdict.kind === 'completed' || censored === undefined || censored.kind === 'completed') return verdict;
  return { ...verdict, code: censored.code, message: censored.message };
}
