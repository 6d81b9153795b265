import type { Dispatched } from '../../client/dispatch/dispatch-types.ts';
import { providerFailureIn } from '../../client/dispatch/failure-chain.ts';
import type { JsonObject } from '../../domain/chat.ts';
import type { Clock } from '../../domain/clock.ts';
import { LLMQueueException, textOf } from '../../domain/errors.ts';
import type { OutcomeFacts, PendingWork, WorkEndpoint, WorkOutcome } from '../../domain/request-journal.ts';
import type { FailureReason } from '../../domain/request-status.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import type { RequestHandle } from '../../engine/request-handle.ts';
import { firstOf } from '../../providers/headers/header-values.ts';
import type { HttpReply } from '../../providers/http-reply.ts';
import type { WireReply } from '../../providers/provider.ts';
import { accountRefusalIn } from '../calls/account-refusal.ts';
import type { ModelCalls } from '../calls/call-request.ts';
import { TenantRefused } from '../calls/tenant-refused.ts';

/** How an attempt to get an outcome ended. */
export type WorkEnd =
  | { readonly kind: 'settled'; readonly outcome: WorkOutcome; readonly answer: string | undefined }
  /** It may not stand in line now; nothing was sent. */
  | { readonly kind: 'postponed'; readonly afterMs: number }
  /** The queue is closed: it is for the next process to do. */
  | { readonly kind: 'abandoned' };

export interface RunWorkOptions {
  readonly calls: ModelCalls;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told once it stands in line; again for a fallback. */
  readonly onQueued: (handle: RequestHandle) => void;
}

const FORMATS: Readonly<Record<WorkEndpoint, WireFormatName>> = {
  '/v1/chat/completions': 'openai-chat',
  '/v1/responses': 'openai-responses',
  '/v1/embeddings': 'openai-embeddings',
  '/v1/messages': 'anthropic-messages',
};
const FULL_QUEUE_MS = 1000;

/** Makes the call that a piece of work asks for, whatever becomes of it; never rejects. What is tried again is up to the queue. */
export async function runWork(work: PendingWork, { calls, clock, signal, onQueued }: RunWorkOptions): Promise<WorkEnd> {
  let handle: RequestHandle | undefined;
  const startedAt = clock.now();
  try {
    const { dispatched } = await calls.run({
      requestId: work.id,
      kind: work.batch === undefined ? 'request' : 'batch',
      caller: work.owner,
      format: FORMATS[work.endpoint],
      body: JSON.parse(work.body) as JsonObject,
      priority: work.priority,
      deadline: work.deadline,
      signal,
      receivedAt: work.acceptedAt,
      onQueued: (queued) => {
        handle = queued.handle;
        onQueued(queued.handle);
      },
    });
    return answered(dispatched, clock.now() - startedAt);
  } catch (error) {
    return postponement(error) ?? failed(error, work.model, handle);
  }
}

function answered(dispatched: Dispatched, totalMs: number): WorkEnd {
  const { answer, deploymentId, modelId, attempts, queueMs } = dispatched;
  const facts = { modelId, attempts, queueMs, processingMs: Math.max(0, totalMs - queueMs), deploymentId };
  if (answer.kind === 'stream') {
    dispatched.cancel('Persisted work has no use for a stream.');
    const error = 'The provider answered with a stream that nobody asked for.';
    return {
      kind: 'settled',
      outcome: { ...facts, status: 'failed', reason: 'error', code: 'unexpected_stream', error },
      answer: undefined,
    };
  }
  const { usage, status, headers } = answer;
  const requestId = firstOf(headers['x-request-id']) ?? firstOf(headers['request-id']);
  const response = { status, requestId };
  const tokens = { inputTokens: usage?.inputTokens, outputTokens: usage?.outputTokens };
  return { kind: 'settled', outcome: { ...facts, ...tokens, response, status: 'completed' }, answer: onOneLine(answer) };
}

function postponement(error: unknown): WorkEnd | undefined {
  if (!LLMQueueException.isInstance(error)) return undefined;
  if (error.code === 'engine_stopped') return { kind: 'abandoned' };
  if (error.code === 'queue_full') return { kind: 'postponed', afterMs: FULL_QUEUE_MS };
  const seconds = error instanceof TenantRefused ? error.retryAfterSeconds : undefined;
  return seconds === undefined ? undefined : { kind: 'postponed', afterMs: seconds * 1000 };
}

async function failed(error: unknown, model: string, handle: RequestHandle | undefined): Promise<WorkEnd> {
  const refusal = accountRefusalIn(error);
  const reply = refusal === undefined ? providerFailureIn(error)?.reply : undefined;
  const settled = await handle?.response;
  const facts: OutcomeFacts = {
    modelId: settled?.modelId ?? model,
    attempts: settled?.attempts ?? 0,
    queueMs: milliseconds(settled?.queueTime),
    processingMs: milliseconds(settled?.processingTime),
    inputTokens: settled?.inputTokensUsed,
    outputTokens: settled?.outputTokensUsed,
    deploymentId: settled?.deploymentId,
    response: reply && { status: reply.status, requestId: reply.requestId },
  };
  const reason: FailureReason = settled?.status === 'failed' ? settled.reason : 'rejected';
  const code = LLMQueueException.isInstance(error) ? error.code : 'internal_error';
  return {
    kind: 'settled',
    outcome: { ...facts, status: 'failed', reason, code, error: refusal?.message ?? textOf(error) },
    answer: reply && onOneLine(reply),
  };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

/** A body as JSON without line breaks, as it stands in a file of one answer a line. */
function onOneLine({ json, text }: WireReply | HttpReply): string {
  if (json === undefined) return JSON.stringify(text);
  return /[\r\n]/.test(text) ? JSON.stringify(json) : text;
}
