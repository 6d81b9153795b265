import { EDGE_PAGE, NONSENSE_HEADERS } from './broken-texts.ts';
import { serverError } from './error-bodies.ts';
import { DEFAULT_RETRY_AFTER_MS, type FaultKind, type RejectionKind } from './faults.ts';
import { retryHeaders } from './rate-headers.ts';
import { passes, rejectionOf } from './rejections.ts';
import { type CallOutcome, codeOf, type ResponseHead } from './simulated-call.ts';
import type { Dialect, SimulatedProviderOptions } from './simulator-options.ts';

/** A head and what it stands for. */
export interface Answered {
  readonly head: ResponseHead;
  readonly outcome: CallOutcome;
}

/** What an answer of a fault is written with. */
export interface FaultFacts {
  readonly dialect: Dialect;
  readonly model: string;
  readonly requestId: string;
  /** 0 to 1, drawn for this call. */
  readonly draw: number;
  readonly options: SimulatedProviderOptions;
}

/** The answer that a fault puts in place of the whole response of an admitted call; undefined: it strikes elsewhere. */
export function answerInstead(fault: FaultKind, head: ResponseHead, { dialect, draw, requestId }: FaultFacts): Answered | undefined {
  if (fault === 'serverError') {
    const { status, error } = serverError(dialect, draw, requestId);
    const outcome: CallOutcome = { kind: 'error', status, code: codeOf(error), message: error.error.message, fault };
    return { head: { status, headers: head.headers, error }, outcome };
  }
  if (fault !== 'badGateway' && fault !== 'html') return undefined;
  const status = fault === 'html' ? 200 : 502;
  const outcome: CallOutcome = {
    kind: 'error',
    status,
    code: null,
    message: 'An HTML page of an edge came in place of the answer.',
    fault,
  };
  return { head: { status, headers: { server: 'cloudflare' }, html: EDGE_PAGE }, outcome };
}

/** What a fault puts in place of the rest of a body. */
export function outcomeInBody(fault: FaultKind, { dialect, draw, requestId }: FaultFacts): CallOutcome {
  const { status, error } = serverError(dialect, draw, requestId);
  return { kind: 'error', status, code: codeOf(error), message: error.error.message, fault };
}

/** The answer in place of being admitted. */
export function answerOfRejection(kind: RejectionKind, headers: Readonly<Record<string, string>>, facts: FaultFacts): Answered {
  const { dialect, model, requestId, draw, options } = facts;
  const range = options.faults?.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS;
  const waitMs = range.min + draw * (range.max - range.min);
  const { status, error } = rejectionOf(kind, { dialect, model, requestId, waitMs, hideWait: options.hideRetryAfter });
  const shown = passes(kind) && !options.hideRetryAfter ? retryHeaders(waitMs, dialect) : {};
  const retryAfterMs = passes(kind) ? { retryAfterMs: waitMs } : {};
  const outcome: CallOutcome = { kind: 'error', status, code: codeOf(error), message: error.error.message, fault: kind, ...retryAfterMs };
  return { head: { status, headers: { ...headers, ...shown }, error }, outcome };
}

/** The head of an admitted call, spoiled where the fault wants it. */
export function spoiledHead(fault: FaultKind | undefined, head: ResponseHead): ResponseHead {
  return fault === 'nonsenseHeaders' ? { ...head, headers: { ...head.headers, ...NONSENSE_HEADERS } } : head;
}
