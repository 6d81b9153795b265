import { describe, expect, it } from 'vitest';
import { classifyReply } from '../../src/providers/classify-reply.ts';
import { httpReply } from '../../src/providers/http-reply.ts';
import { FAULT_KINDS, isRejection, type RejectionKind } from '../../src/simulator/faults.ts';
import { rejectionOf } from '../../src/simulator/rejections.ts';
import type { Dialect } from '../../src/simulator/simulator-options.ts';
import { NOW } from './classify-bodies.ts';

const ACCOUNT = { kind: 'final', scope: 'account', failOver: true };
const REQUEST = { kind: 'final', scope: 'request', failOver: false };
const NOT_HERE = { kind: 'final', scope: 'request', failOver: true };
const SERVER = { kind: 'retryable', scope: 'deployment' };
const REFUSED = { kind: 'refused' };

/** What the simulated provider calls its rejections, and what they must mean whoever it imitates. */
const MEANINGS: Readonly<Record<RejectionKind, object>> = {
  rateLimit: REFUSED,
  slowDown: { ...REFUSED, slowDown: true },
  overloaded: SERVER,
  tooLarge: NOT_HERE,
  insufficientQuota: ACCOUNT,
  unauthorized: ACCOUNT,
  forbidden: ACCOUNT,
  notFound: NOT_HERE,
  promptTooLong: REQUEST,
  contentFilter: REQUEST,
};
/** Azure's lack of capacity is a 429, and Anthropic's "too large" is about bytes. */
const OWN: Readonly<Partial<Record<`${Dialect} ${RejectionKind}`, object>>> = {
  'azure overloaded': { ...REFUSED, capacity: true },
  'anthropic tooLarge': REQUEST,
};
const DIALECTS: readonly Dialect[] = ['openai', 'azure', 'anthropic', 'groq'];
const CASES = DIALECTS.flatMap((dialect) => FAULT_KINDS.filter(isRejection).map((kind) => [dialect, kind] as const));

describe('what the simulated provider rejects on purpose', () => {
  it.each(CASES)('is understood as it is meant: %s, %s', (dialect, kind) => {
    const { status, error } = rejectionOf(kind, { dialect, model: 'm', requestId: 'req_1', waitMs: 1500 });
    expect(classifyReply(httpReply(status, {}, JSON.stringify(error)), NOW)).toMatchObject(OWN[`${dialect} ${kind}`] ?? MEANINGS[kind]);
  });
});
