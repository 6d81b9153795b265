/** Entry `headgate/client` (Node): model queues over deployments, behind the SDKs that programs have already. */
export { type ParseConfigOptions, parseHeadgateConfig } from '../config/headgate-config.ts';
export type { HeadgateConfigInput } from '../config/headgate-config-schema.ts';
export type { DeploymentEntry, HeadgateConfig, ModelEntry } from '../config/headgate-config-types.ts';
export { loadHeadgateConfig } from '../config/load-config.ts';
export {
  type ChatEvent,
  type ChatMessage,
  type ChatRequest,
  type ChatStream,
  type ChatTool,
  type ChatUsage,
  type CompletionResponse,
  type ContentPart,
  type FinishReason,
  MessageRole,
  type ToolCall,
  type ToolChoice,
} from '../domain/chat.ts';
export {
  LLMAuthenticationError,
  LLMConfigurationError,
  LLMConnectionError,
  type LLMErrorDetails,
  LLMException,
  LLMPoolExhaustedError,
  LLMProviderError,
  LLMRateLimitError,
  LLMTimeoutError,
} from '../domain/llm-errors.ts';
export { LLMError, ResourceAvailabilityError, UserIdHeaderMissingError, UserRateLimitExceededError } from '../domain/llm-queue-errors.ts';
export { StoreUnavailable } from '../domain/store-errors.ts';
export { TELEMETRY_FIELDS, type TelemetryEntry, type TelemetryRecord, type TelemetrySink } from '../domain/telemetry.ts';
export type { UserLimitDecision, UserLimitStore } from '../domain/user-limit-store.ts';
export type { CallMetrics } from '../middleware/call-tally.ts';
export { LoggingMiddleware, type LoggingOptions } from '../middleware/logging-middleware.ts';
export { type Metrics, MetricsMiddleware, type MetricsOptions } from '../middleware/metrics-middleware.ts';
export {
  type ChatAnswer,
  isChatStream,
  Middleware,
  type MiddlewareContext,
  type Next,
  type OnionMiddleware,
} from '../middleware/middleware.ts';
export { type AddOptions, MiddlewareChain } from '../middleware/middleware-chain.ts';
export { RateLimitMiddleware, type RateLimitOptions } from '../middleware/rate-limit-middleware.ts';
export { RetryMiddleware, type RetryOptions } from '../middleware/retry-middleware.ts';
export { registerProvider } from '../providers/preset-registry.ts';
export type { WireAnswer, WireReply, WireStream } from '../providers/provider.ts';
export { ProviderFailure } from '../providers/provider-failure.ts';
export { CSVTelemetryDataStore } from '../stores/csv-telemetry-store.ts';
export { InMemoryUserRateLimitStoreAdapter } from '../stores/in-memory-user-limits.ts';
export type { RedisOptions } from '../stores/redis/redis-connection.ts';
export { RedisUserRateLimitStoreAdapter } from '../stores/redis/redis-user-limits.ts';
export { DatabaseTelemetryAdapter, type DatabaseTelemetryOptions } from '../stores/sql/database-telemetry-adapter.ts';
export { UserLimitsWithFallback, type UserLimitsWithFallbackOptions } from '../stores/user-limits-with-fallback.ts';
export type { GuestOptions } from './ai-sdk/guest-calls.ts';
export type { SdkMiddleware } from './ai-sdk/language-model-middleware.ts';
export { assembleHeadgate, type CreateHeadgateOptions, createHeadgate } from './create-headgate.ts';
export type { DispatchCall, Dispatched, DispatchOptions } from './dispatch/dispatch-types.ts';
export type { Fetch, FetchOptions } from './fetch/create-fetch.ts';
export { type DeploymentStatus, Headgate, type HeadgateStatus } from './headgate.ts';
export type { AnswerStream } from './llm/answer-stream.ts';
export type { CompleteOptions } from './llm/complete-options.ts';
export type { Embeddings, EmbedOptions } from './llm/embeddings.ts';
export { createLlmManager, getLlmManager } from './llm/get-llm-manager.ts';
export type { ChatOptions, LLMClient } from './llm/llm-client.ts';
export { LLMManager, type PoolSection, type ProviderSection } from './llm/llm-manager.ts';
export type { LLMManagerOptions } from './llm/llm-manager-options.ts';
export { LLMProvider } from './llm/llm-provider.ts';
export { type Conversation, Message, type MessageExtras } from './llm/message.ts';
export type { PoolFigures } from './llm/pool-metrics.ts';
export type { ClientStatus, ProviderStatus, RateLimitStatus } from './llm/pool-status.ts';
export type { ParsedResponse } from './llm/structured-answer.ts';
export type { ExecutionResult } from './llm-queue/answer-job.ts';
export { BaseRequestController, type ExecutionContext, type RequestExecutor } from './llm-queue/base-request-controller.ts';
export type { ChosenLlm } from './llm-queue/chosen-llm.ts';
export { loadCustomModel } from './llm-queue/custom-model.ts';
export { type ExecuteRequestInput, LLMQueue } from './llm-queue/llm-queue.ts';
export type { LLMQueueOptions } from './llm-queue/llm-queue-options.ts';
export { EvenlySpacedRequestLB, type LoadBalancer, type SpacedModel } from './llm-queue/load-balancer.ts';
export { ModelPreferences, type ModelPreferencesInput } from './llm-queue/model-preferences.ts';
export { BasicFIFOScheduler, type RequestScheduler, type ScheduledRequest, type TopRequests } from './llm-queue/scheduler.ts';
export type { Session, SessionUsage } from './sessions/session.ts';
export type { SessionData, SessionsData } from './sessions/session-data.ts';
export { SessionManager, type SessionManagerOptions } from './sessions/session-manager.ts';
