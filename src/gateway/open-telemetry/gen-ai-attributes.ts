import type { Attributes } from '@opentelemetry/api';
import type { FinishedCall } from '../calls/finished-call.ts';

/** Names that OpenTelemetry's conventions have for providers; the others are called as here. */
const PROVIDERS: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  gemini: 'gcp.gemini',
  mistral: 'mistral_ai',
};
const API_TYPES: Readonly<Record<string, string>> = { 'openai-chat': 'chat_completions', 'openai-responses': 'responses' };

export function operationOf({ format }: FinishedCall): string {
  return format === 'openai-embeddings' ? 'embeddings' : 'chat';
}

/** What tells one kind of call from another: few values each, for metrics. */
export function kindAttributes(call: FinishedCall, provider: string | undefined): Attributes {
  const { format, model, servedBy, error } = call;
  const name = provider ?? (format === 'anthropic-messages' ? 'anthropic' : 'openai');
  return {
    'gen_ai.operation.name': operationOf(call),
    'gen_ai.provider.name': PROVIDERS[name] ?? name,
    'gen_ai.request.model': model,
    ...(servedBy !== undefined && { 'gen_ai.response.model': servedBy }),
    ...(error !== undefined && { 'error.type': error.code }),
  };
}

/** What is told of one call; never what it said. */
export function callAttributes(call: FinishedCall, provider: string | undefined): Attributes {
  const { usage, streamed, answeredAt, receivedAt, format, deploymentId, caller, queueMs } = call;
  const apiType = API_TYPES[format];
  return {
    ...kindAttributes(call, provider),
    'gen_ai.request.stream': streamed,
    ...(streamed && answeredAt !== undefined && { 'gen_ai.response.time_to_first_chunk': (answeredAt - receivedAt) / 1000 }),
    ...(usage !== undefined && {
      'gen_ai.usage.input_tokens': usage.allInputTokens ?? usage.inputTokens,
      'gen_ai.usage.output_tokens': usage.outputTokens,
    }),
    ...(usage?.cachedInputTokens !== undefined && { 'gen_ai.usage.cache_read.input_tokens': usage.cachedInputTokens }),
    ...(apiType !== undefined && { 'openai.api.type': apiType }),
    'http.response.status_code': call.status,
    'headgate.request.id': call.requestId,
    'headgate.kind': call.kind,
    'headgate.outcome': call.outcome,
    'headgate.attempts': call.attempts,
    ...(caller.tenant !== '' && { 'headgate.tenant': caller.tenant }),
    ...(deploymentId !== undefined && { 'headgate.deployment.id': deploymentId }),
    ...(queueMs !== undefined && { 'headgate.queue_ms': queueMs }),
  };
}
