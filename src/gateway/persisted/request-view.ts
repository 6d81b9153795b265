import type { WorkRecord } from '../../domain/request-journal.ts';
import type { StatusChange } from '../../engine/status-feed.ts';

/** A single request as `GET /v1/requests/:id` shows it: the engine's `QueueResponse`, with `result` the answer's body. */
export function requestView({ id, model, metadata, acceptedAt, settled }: WorkRecord, last: StatusChange | undefined): object {
  const facts = {
    id,
    requestId: id,
    createdAt: acceptedAt,
    metadata: metadata === undefined ? undefined : (JSON.parse(metadata) as unknown),
  };
  if (settled === undefined) return { ...facts, modelId: model, status: last?.status ?? 'pending', attempts: last?.attempt ?? 0 };
  const { outcome, answer } = settled;
  const body: unknown = answer === undefined ? undefined : JSON.parse(answer);
  const known = {
    ...facts,
    modelId: outcome.modelId,
    attempts: outcome.attempts,
    queueTime: seconds(outcome.queueMs),
    processingTime: seconds(outcome.processingMs),
    inputTokensUsed: outcome.inputTokens,
    outputTokensUsed: outcome.outputTokens,
    deploymentId: outcome.deploymentId,
  };
  if (outcome.status === 'completed') return { ...known, status: 'completed', result: body };
  const { reason, error, code, response } = outcome;
  // What the provider said, where it said something.
  return { ...known, status: 'failed', reason, error, code, response: response && { status: response.status, body } };
}

/** How it stands, as the last of its `status$` values. */
export function statusOf({ acceptedAt, settled }: WorkRecord, last: StatusChange | undefined): StatusChange {
  if (settled !== undefined) return { status: settled.outcome.status, attempt: settled.outcome.attempts, at: settled.at };
  return last ?? { status: 'pending', phase: 'queued', attempt: 0, at: acceptedAt };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
