import type { FinishedCall } from '../../src/gateway/calls/finished-call.ts';

export const RECEIVED_AT = 1_735_689_600_000;

/** A call that went well, but for what a test says of it. */
export function finishedCall(known: Partial<FinishedCall> = {}): FinishedCall {
  return {
    requestId: 'req-1',
    kind: 'interactive',
    caller: { keyId: 'key-1', tenant: 'acme', isAdmin: false },
    user: undefined,
    format: 'openai-chat',
    model: 'gpt-4o',
    servedBy: 'gpt-4o',
    deploymentId: 'openai/gpt-4o',
    streamed: false,
    outcome: 'completed',
    status: 200,
    attempts: 1,
    queueMs: 250,
    receivedAt: RECEIVED_AT,
    queuedAt: RECEIVED_AT + 10,
    startedAt: RECEIVED_AT + 260,
    answeredAt: RECEIVED_AT + 900,
    endedAt: RECEIVED_AT + 1_000,
    usage: { inputTokens: 100, outputTokens: 50 },
    error: undefined,
    payload: undefined,
    ...known,
  };
}

/** One that nothing was queued of. */
export function rejectedCall(known: Partial<FinishedCall> = {}): FinishedCall {
  return finishedCall({
    servedBy: undefined,
    deploymentId: undefined,
    outcome: 'rejected',
    status: 429,
    attempts: 0,
    queueMs: undefined,
    queuedAt: undefined,
    startedAt: undefined,
    answeredAt: undefined,
    usage: undefined,
    error: { code: 'user_rate_limit', message: 'Too many requests.' },
    ...known,
  });
}
