import type { z } from 'zod';
import { InvalidRequest, type LLMQueueException, ProcessingError, textOf } from '../domain/errors.ts';
import type { FailureReason } from '../domain/request-status.ts';
import type { CompletedResponse, FailedResponse, UnsettledResponse } from './queue-response.ts';
import type { RequestRecord } from './request-record.ts';

/** Why a request fails, and with what. */
export interface Ending {
  readonly reason: FailureReason;
  readonly error: LLMQueueException;
}

// The three are written out field by field: spreading shared facts would copy every response once more.

export function completedResponse<R>(
  record: RequestRecord,
  result: R,
  processingMs: number,
  deploymentId: string | undefined,
): CompletedResponse<R> {
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
    deploymentId,
  };
}

export function failedResponse(
  record: RequestRecord,
  { reason, error }: Ending,
  processingMs: number | undefined,
  deploymentId: string | undefined,
): FailedResponse {
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
    deploymentId,
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
export function asProcessingError(thrown: unknown, requestId: string, attempt: number, retryable: boolean): ProcessingError {
  const said = messageOf(thrown);
  if (said === undefined) return thrown as ProcessingError;
  return new ProcessingError(said === '' ? `Attempt ${attempt} of request '${requestId}' failed without a message.` : said, {
    cause: thrown,
    retryable,
  });
}

/** What `paramsSchema` makes of a request's params. Throws `InvalidRequest` where it does not accept them. */
export function checkParams(schema: z.ZodType, params: unknown, requestId: string): unknown {
  let parsed: ReturnType<typeof schema.safeParse>;
  try {
    parsed = schema.safeParse(params);
  } catch (cause) {
    throw new InvalidRequest(`Request '${requestId}': paramsSchema threw: ${textOf(cause)}`, 'params', { cause });
  }
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = ['params', ...(issue?.path ?? [])].join('.');
  throw new InvalidRequest(`Request '${requestId}': '${path}': ${issue?.message ?? 'invalid'}.`, path, { cause: parsed.error });
}

/** What `resultSchema` makes of a result, or the error of one that it does not accept; `cause` tells every issue. */
export function checkResult(
  schema: z.ZodType | undefined,
  raw: unknown,
  requestId: string,
): { readonly result: unknown } | { readonly error: ProcessingError } {
  if (schema === undefined) return { result: raw };
  try {
    const parsed = schema.safeParse(raw);
    if (parsed.success) return { result: parsed.data };
    const issue = parsed.error.issues[0];
    const path = ['result', ...(issue?.path ?? [])].join('.');
    const message = `Request '${requestId}': '${path}' does not fit resultSchema: ${issue?.message ?? 'invalid'}.`;
    return { error: new ProcessingError(message, { cause: parsed.error }) };
  } catch (cause) {
    // A transform or refinement of the user's may throw.
    return { error: new ProcessingError(`Request '${requestId}': resultSchema threw: ${textOf(cause)}`, { cause }) };
  }
}

/** What was thrown, in words; undefined when it is a ProcessingError already. A stranger's object may throw at every look. */
function messageOf(thrown: unknown): string | undefined {
  try {
    if (thrown instanceof ProcessingError) return undefined;
    if (thrown instanceof Error) return String(thrown.message);
    const message: unknown = typeof thrown === 'object' && thrown !== null && 'message' in thrown ? thrown.message : undefined;
    if (typeof message === 'string') return message;
    return `The processor threw ${typeof thrown === 'string' ? `'${thrown}'` : String(thrown)}, which is not an Error.`;
  } catch {
    return 'The processor threw a value that cannot be shown.';
  }
}
