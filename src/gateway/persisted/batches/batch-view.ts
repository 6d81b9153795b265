import type { BatchRecord } from '../../../domain/batch-store.ts';

/** A batch as OpenAI's protocol shows it. Moments are seconds since the epoch there. */
export function batchView({ id, status, facts, completed, failed, inputTokens, outputTokens }: BatchRecord): object {
  const { since, total } = facts;
  const isOver = status === 'expired' || status === 'cancelled';
  return {
    id,
    object: 'batch',
    endpoint: facts.endpoint,
    errors: facts.problems && {
      object: 'list',
      data: facts.problems.map(({ code, message, line, param }) => ({ code, message, line: line ?? null, param: param ?? null })),
    },
    input_file_id: facts.inputFileId,
    completion_window: facts.completionWindow,
    status,
    output_file_id: facts.outputFileId,
    error_file_id: facts.errorFileId,
    created_at: seconds(facts.createdAt),
    in_progress_at: seconds(since.in_progress),
    expires_at: seconds(facts.expiresAt),
    finalizing_at: seconds(since.finalizing),
    completed_at: seconds(since.completed),
    failed_at: seconds(since.failed),
    expired_at: seconds(since.expired),
    cancelling_at: seconds(since.cancelling),
    cancelled_at: seconds(since.cancelled),
    // What was not run any more stands in the error file.
    request_counts: { total, completed, failed: isOver ? total - completed : failed },
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: inputTokens + outputTokens,
    },
    metadata: facts.metadata ?? null,
  };
}

/** Undefined stays: it is no part of the JSON then. */
export function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / 1000);
}
