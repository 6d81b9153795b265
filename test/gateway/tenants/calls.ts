import type { AskedCall } from '../../../src/gateway/calls/call-gate.ts';
import type { FinishedCall } from '../../../src/gateway/calls/finished-call.ts';
import type { TenantRefused } from '../../../src/gateway/calls/tenant-refused.ts';

let calls = 0;

/** A call of 10 tokens of text and 90 of output, with an id of its own. */
export function askedCall(tenant: string, fields: Partial<AskedCall> = {}): AskedCall {
  return {
    requestId: `call-${++calls}`,
    caller: { keyId: 'k', tenant, isAdmin: false },
    kind: 'interactive',
    model: 'm',
    body: { messages: [{ content: 'x'.repeat(40) }], max_tokens: 90 },
    priority: undefined,
    ...fields,
  };
}

/** How it ended: having used so many tokens, unless `fields` say otherwise. */
export function finishedCall(
  { requestId, caller, kind, model }: AskedCall,
  tokens: number,
  fields: Partial<FinishedCall> = {},
): FinishedCall {
  return {
    requestId,
    kind,
    caller,
    user: undefined,
    format: 'openai-chat',
    model,
    servedBy: model,
    deploymentId: 'd',
    streamed: false,
    outcome: 'completed',
    status: 200,
    attempts: 1,
    queueMs: 0,
    receivedAt: 0,
    queuedAt: 0,
    startedAt: 0,
    answeredAt: 0,
    endedAt: 0,
    usage: { inputTokens: tokens, outputTokens: 0 },
    error: undefined,
    payload: undefined,
    ...fields,
  } as FinishedCall;
}

/** The refusal that `action` ends in; fails where it doesn't. */
export async function refusal(action: () => unknown): Promise<TenantRefused> {
  try {
    await action();
  } catch (error) {
    return error as TenantRefused;
  }
  throw new Error('Expected a refusal, and there was none.');
}
