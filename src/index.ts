export type { BalancerName, DeploymentConfig } from './config/deployment-config.ts';
export { type ModelConfig, modelConfigSchema } from './config/model-config.ts';
export { type RateLimiterConfig, rateLimiterConfigSchema } from './config/rate-limiter-config.ts';
export { validateRateLimit, validateTimePeriod } from './config/validate.ts';
export type { Balancer, BalancerCandidate } from './domain/balancer.ts';
export type { Clock, TimerHandle, TimerOptions } from './domain/clock.ts';
export {
  AttemptTimeout,
  DeadlineExceeded,
  DuplicateRequest,
  EngineStopped,
  InvalidConfiguration,
  InvalidRequest,
  LLMQueueException,
  ModelNotRegistered,
  NoDeploymentAvailable,
  ProcessingError,
  QueueTimeout,
  QueueTimeoutError,
  RateLimitExceeded,
  RateLimitRefused,
  type RefusalDetails,
  RequestCancelled,
  SchedulerQueueFullError,
} from './domain/errors.ts';
export { type LimiterState, RateLimiterMode, RateLimiterType, type TokenCounts } from './domain/limit-types.ts';
export type { EasyLogger, EasyLogMethod, Logger, LogMethod } from './domain/logger.ts';
export type { FailureReason, RequestPhase, RequestStatus } from './domain/request-status.ts';
export { version } from './domain/version.ts';
export type { EngineEvent } from './engine/engine-event.ts';
export type { QueueManagerOptions } from './engine/engine-options.ts';
export { estimateTokens, type TokenEstimator } from './engine/estimate-tokens.ts';
export type { Explanation } from './engine/explain.ts';
export type { InspectionObserver } from './engine/inspection.ts';
export type { LearnedInfo, LearnedRate } from './engine/limit-listener.ts';
export type { LimitUsage, RestoredUsage } from './engine/limit-usage.ts';
export type { Processor, ProcessorContext, UsageReport } from './engine/processor.ts';
export type { DeploymentInfo, EngineMetrics, LimiterInfo, QueueInfo, QueueMetrics } from './engine/queue-info.ts';
export { QueueManager, type ShutdownOptions } from './engine/queue-manager.ts';
export { QueueRequest, type RequestInput } from './engine/queue-request.ts';
export type {
  CompletedResponse,
  FailedResponse,
  QueueResponse,
  ResponseFacts,
  SettledResponse,
  UnsettledResponse,
} from './engine/queue-response.ts';
export { RateLimiter } from './engine/rate-limiter.ts';
export type { RequestHandle } from './engine/request-handle.ts';
export type { StatusChange } from './engine/status-feed.ts';
export type { RequestActor } from './engine/supervisor.ts';
export type { TenantCounts } from './engine/tenant-counts.ts';
export type { WaitingFor } from './engine/wait-cause.ts';
export { systemClock } from './lib/system-clock.ts';
export { Timer } from './lib/timer.ts';
export { withTimeout } from './lib/with-timeout.ts';
