import type { LLMClient } from '../../client/llm/llm-client.ts';
import type { Session } from '../../client/sessions/session.ts';
import { textOfMessage } from '../../domain/chat.ts';
import { counted } from '../../lib/counted.ts';
import { MetricsMiddleware } from '../../middleware/metrics-middleware.ts';
import { columns } from '../check/describe-config.ts';
import { count, duration, percent } from '../format.ts';

/** What `/history` prints. */
export function historyLines(session: Session): string[] {
  const messages = session.getMessages();
  if (messages.length === 0) return ['Nothing was said yet.'];
  return messages.map((message, index) => `${index + 1}. ${message.role}: ${textOfMessage(message)}`);
}

/** What `/tokens` prints. */
export function tokenLines(session: Session): string[] {
  const { requests, promptTokens, completionTokens, totalTokens } = session.usage;
  return columns([
    ['answers', count(requests)],
    ['tokens in', count(promptTokens)],
    ['tokens out', count(completionTokens)],
    ['together', count(totalTokens)],
    ['the conversation now', `about ${count(session.tokens)}`],
  ]);
}

/** What `/clients` prints: each key with what it does and what its limits leave. */
export function clientLines(client: LLMClient): string[] {
  const { clientStatuses, totalClients, totalConfigs } = client.getStatus();
  const rows = clientStatuses.map(({ clientId, state, activeCalls, totalRequests, errorCount, rateLimitStatus }) => [
    clientId,
    state,
    `${count(activeCalls)} running`,
    counted(totalRequests, 'request'),
    counted(errorCount, 'error'),
    rateLimitStatus.limits.map(({ type, available, limit }) => `${type} ${count(Math.max(0, available))} of ${count(limit)}`).join(', '),
  ]);
  return [`keys of '${client.name}': ${totalClients} of ${totalConfigs} open`, ...columns(rows).map((line) => `  ${line}`)];
}

/** What `/metrics` prints. */
export function metricLines(client: LLMClient): string[] {
  const metrics = client.middlewareChain.getMiddleware(MetricsMiddleware)?.getMetrics();
  if (metrics === undefined) return ['Metrics are switched off: global.metricsEnabled of the configuration is false.'];
  const { totalRequests, successRate, failedRequests, cancelledRequests, retries, avgLatency, minLatency, maxLatency, errorsByType } =
    metrics;
  return columns([
    ['requests', count(totalRequests)],
    ['success', percent(successRate)],
    ['failed', count(failedRequests)],
    ['stopped', count(cancelledRequests)],
    ['tried again', count(retries)],
    ['latency', `${duration(avgLatency)} (${duration(minLatency)} to ${duration(maxLatency)})`],
    ...Object.entries(errorsByType).map(([name, times]) => [`  ${name}`, count(times)]),
  ]);
}

/** What `/status` prints. */
export function statusLines(client: LLMClient, model: string | undefined, session: Session, isStreaming: boolean): string[] {
  const { availableClients, totalConfigs, inUseClients, queueSize, waitsFor } = client.getStatus();
  return columns([
    ['client', `${client.name} (${client.provider})`],
    ['model', model ?? client.models.join(', ')],
    ['keys', `${availableClients} free, ${inUseClients} in use, of ${totalConfigs}`],
    ['waiting', waitsFor === null ? count(queueSize) : `${count(queueSize)}: ${waitsFor}`],
    ['streaming', isStreaming ? 'on' : 'off'],
    ['messages', count(session.getMessages().length)],
    ['system', session.systemPrompt ?? 'none'],
  ]);
}
