import type { GatewayTelemetryRecord } from '../../domain/gateway-telemetry.ts';
import { REDACTED_PAYLOAD, telemetryRecord } from '../../domain/telemetry.ts';
import type { FinishedCall } from '../calls/finished-call.ts';
import { costOf, type Prices } from './cost-of.ts';

/** Names and users come from callers, and what is wrong with a request may repeat all of it. */
const LONGEST_NAME = 200;
const LONGEST_ERROR = 2000;

/** What telemetry keeps of a call. */
export function telemetryRecordOf(call: FinishedCall, prices: Prices): GatewayTelemetryRecord {
  const { caller, usage, error, answeredAt, receivedAt, endedAt } = call;
  const user = call.user ?? caller.tenant;
  const input = usage && (usage.allInputTokens ?? usage.inputTokens);
  const isEmbedding = call.format === 'openai-embeddings';
  return {
    ...telemetryRecord({
      reqId: call.requestId,
      reqType: call.format,
      reqPayload: call.payload ?? REDACTED_PAYLOAD,
      requestReceivedAt: receivedAt,
      requestQueuedAt: call.queuedAt ?? -1,
      requestDequeuedAt: call.startedAt ?? -1,
      responseQueuedAt: answeredAt ?? -1,
      responseDequeuedAt: answeredAt === undefined ? -1 : endedAt,
      promptTokens: isEmbedding ? -1 : (input ?? -1),
      completionTokens: isEmbedding ? -1 : (usage?.outputTokens ?? -1),
      embeddingTokens: isEmbedding ? (input ?? -1) : -1,
      ...(user !== '' && { userId: user.slice(0, LONGEST_NAME) }),
      ...(call.deploymentId !== undefined && { deploymentName: call.deploymentId }),
      ...(error !== undefined && { errorMessage: error.message.slice(0, LONGEST_ERROR) }),
    }),
    kind: call.kind,
    tenant: caller.tenant,
    keyId: caller.keyId ?? null,
    model: call.model.slice(0, LONGEST_NAME),
    servedBy: call.servedBy ?? null,
    deploymentId: call.deploymentId ?? null,
    streamed: call.streamed,
    outcome: call.outcome,
    status: call.status,
    errorCode: error?.code ?? null,
    attempts: call.attempts,
    queueMs: call.queueMs ?? null,
    answeredAfterMs: answeredAt === undefined ? null : answeredAt - receivedAt,
    endedAt,
    inputTokens: input ?? null,
    outputTokens: usage?.outputTokens ?? null,
    cachedInputTokens: usage?.cachedInputTokens ?? null,
    cost: costOf(call, prices) ?? null,
  };
}
