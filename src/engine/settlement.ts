import type { z } from 'zod';
import { LLMQueueException, ProcessingError } from '../domain/errors.ts';
import type { FailureReason } from '../domain/request-status.ts';
import type { CompletedResponse, FailedResponse, UnsettledResponse } from './queue-response.ts';
import type { RequestRecord } from './request-record.ts';

/** Why a request fails, and with what. */
export interface Ending {
  readonly reason: FailureReason;
  readonly error: LLMQueueException;
}

// The three are written out field by field: spreading shared facts would copy every response once more.

export function completedResponse<R>(record: RequestRecord, result: R, processingMs: number): CompletedResponse<R> {
  const { request, used } = record;
  return {
    status: 'completed',
    result,
    requestId: request.id,
    modelId: request.modelId,
    createdAt: request.createdAt,
    attempts: record.attempts,
    queueTime: record.waitedMs / 1000,
    processingTime: processingMs / 1000,
    inputTokensUsed: used?.inputTokens,
    outputTokensUsed: used?.outputTokens,
  };
}

export function failedResponse(record: RequestRecord, { reason, error }: Ending, processingMs: number | undefined): FailedResponse {
  const { request, used } = record;
  return {
    status: 'failed',
    reason,
    error: error.message,
    code: error.code,
    cause: error,
    requestId: request.id,
    modelId: request.modelId,
    createdAt: request.createdAt,
    attempts: record.attempts,
    queueTime: record.waitedMs / 1000,
    processingTime: processingMs === undefined ? undefined : processingMs / 1000,
    inputTokensUsed: used?.inputTokens,
    outputTokensUsed: used?.outputTokens,
  };
}

/** What is known of a request that has not settled. */
export function unsettledResponse(record: RequestRecord): UnsettledResponse {
  const { request, status } = record;
  return {
    status: status === 'processing' ? 'processing' : 'pending',
    requestId: request.id,
    modelId: request.modelId,
    createdAt: request.createdAt,
    attempts: record.attempts,
  };
}

/** The error that a caller gets for whatever a processor threw; our own kind passes as it is. */
export function asProcessingError(thrown: unknown, requestId: string, attempt: number): ProcessingError {
  if (thrown instanceof ProcessingError) return thrown;
  const said = messageOf(thrown);
  return new ProcessingError(said === '' ? `Attempt ${attempt} of request '${requestId}' failed without a message.` : said, {
    cause: thrown,
    retryable: LLMQueueException.isInstance(thrown) && thrown.retryable,
  });
}

/** The error of a result that the model's `resultSchema` does not accept; `cause` is zod's error with every issue. */
export function misfit(mismatch: z.ZodError, requestId: string): ProcessingError {
  const issue = mismatch.issues[0];
  const path = ['result', ...(issue?.path ?? [])].join('.');
  return new ProcessingError(`Request '${requestId}': '${path}' does not fit resultSchema: ${issue?.message ?? 'invalid'}.`, {
    cause: mismatch,
  });
}

function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return thrown.message;
    return `The processor threw ${typeof thrown === 'string' ? `'${thrown}'` : String(thrown)}, which is not an Error.`;
  } catch {
    return 'The processor threw a value that cannot be shown.';
  }
}
