import { handsOn, headerSafe } from '../../client/fetch/reply-headers.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import type { ReplyHeaders } from '../../providers/provider.ts';
import type { AnsweredCall } from '../calls/call-request.ts';
import { limitHeaders, type Remaining } from './limit-headers.ts';

/** The provider's account and limits are the gateway's business; cookies and rules are for browsers at the provider's own site. */
const NOT_FOR_CALLERS =
  /^(access-control-|x-ratelimit|ratelimit|anthropic-ratelimit-|anthropic-(fast|priority)-|anthropic-organization|openai-organization|openai-project|retry-after|www-authenticate$|location$|set-cookie|date$|server$|via$|alt-svc$|strict-transport-security$|cf-)/;

/** How a call went, for its caller. */
function ownHeaders({ dispatched, position }: AnsweredCall): Record<string, string> {
  const { requestId, deploymentId, attempts, queueMs } = dispatched;
  return {
    'x-headgate-request-id': requestId,
    'x-headgate-deployment': headerSafe(deploymentId),
    'x-headgate-attempts': String(attempts),
    'x-headgate-queue-ms': String(Math.round(queueMs)),
    'x-headgate-position': String(position),
  };
}

/** An answer's headers: what of the upstream's concerns the caller, how it went, and what is left of the limits. */
export function answerHeaders(
  format: WireFormatName,
  answered: AnsweredCall,
  remaining: Remaining,
  nowMs: number,
): Record<string, string | string[]> {
  const own = { ...ownHeaders(answered), ...limitHeaders(format, remaining, nowMs) };
  return headersOf(answered.dispatched.answer.headers, own);
}

/** @param own wins over the upstream's */
export function headersOf(upstream: ReplyHeaders, own: Readonly<Record<string, string>>): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const name in upstream) {
    const value = upstream[name];
    if (value !== undefined && isForCallers(name)) headers[name] = value;
  }
  return Object.assign(headers, own);
}

const MOST_NAMES = 1_000;
/** Upstreams send the same names again and again. */
const judged = new Map<string, boolean>();

function isForCallers(name: string): boolean {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const isHandedOn = handsOn(name) && !NOT_FOR_CALLERS.test(name);
  if (judged.size < MOST_NAMES) judged.set(name, isHandedOn);
  return isHandedOn;
}
