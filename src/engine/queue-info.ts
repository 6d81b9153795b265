import { freeze } from 'immer';
import type { CircuitState } from '../deployments/circuit-breaker.ts';
import type { Clock } from '../domain/clock.ts';
import { LLMQueueException } from '../domain/errors.ts';
import type { LimiterState, RateLimiterType } from '../domain/limit-types.ts';
import type { DeploymentState, DeploymentUnit } from './deployment-unit.ts';
import { errorWords } from './error-words.ts';
import type { LearnedInfo } from './limit-listener.ts';
import type { LimiterUnit } from './limiter-unit.ts';
import type { ModelQueue } from './model-queue.ts';
import { deploymentsOf, queueWaitsFor } from './wait-cause.ts';

/** One limit as it stands. Amounts in requests or tokens. */
export interface LimiterInfo {
  readonly type: RateLimiterType;
  readonly domain?: string | undefined;
  /** Counted in the window and in flight. */
  readonly usage: number;
  readonly limit: number;
  /** Limit − usage; below 0 while a debt is paid off. */
  readonly available: number;
  readonly state: LimiterState;
  /** Epoch milliseconds at which a cost of 1 fits; null while only the end of a call can tell. */
  readonly nextFreeAt: number | null;
}

/** One deployment as it stands. */
export interface DeploymentInfo {
  readonly id: string;
  readonly state: DeploymentState;
  readonly circuit: CircuitState;
  /** Code of the error that disabled it. */
  readonly disabledBy?: string | undefined;
  /** Epoch milliseconds at which it takes the next call as far as its mode goes; null: now, or when a call that runs there ends. */
  readonly restsUntil: number | null;
  /** Failures in a row; once its circuit has opened those that opened it, and its failed probes. */
  readonly failures: number;
  /** What the last of them said, in one line; of errors that are none of Headgate's only name, status and code. Null once a call has succeeded. */
  readonly lastError: string | null;
  /** What it learned beside the limits below; null where nothing is learned. */
  readonly learned: LearnedInfo | null;
  /** Calls that run there now, of all models that use it. */
  readonly inFlight: number;
  /** Moving average of the time to a response's start; null before the first. */
  readonly latencyMs: number | null;
  readonly rateLimiters: readonly LimiterInfo[];
}

/** One model's queue as it stands; frozen. */
export interface QueueInfo {
  readonly modelId: string;
  /** Pending requests, those in backoff included. */
  readonly queueSize: number;
  readonly processing: number;
  /** Why the next request waits, in words, with every deployment that takes no calls; null: none waits, or only until it is looked at. */
  readonly waitsFor: string | null;
  /** Usage of the first limiter. */
  readonly rateLimiterUsage: number;
  /** Limit of the first limiter. */
  readonly rateLimit: number;
  /** `requests_per_period`, `concurrent_requests`, or the type of the first limiter. */
  readonly rateLimiterMode: string;
  /** The model's own limits, then those of its deployments. */
  readonly rateLimiters: readonly LimiterInfo[];
  /** Empty for models without deployments. */
  readonly deployments: readonly DeploymentInfo[];
}

/** What a queue did since it was registered, and how it stands. */
export interface QueueMetrics extends QueueInfo {
  readonly submitted: number;
  readonly completed: number;
  readonly failed: number;
  readonly refused: number;
  readonly retried: number;
  /** Over the last 1,024 starts, in milliseconds. */
  readonly queueTimeMs: { readonly p50: number; readonly p99: number };
  readonly tokens: {
    readonly estimated: { readonly input: number; readonly output: number };
    readonly used: { readonly input: number; readonly output: number };
  };
}

/** A sample of the whole engine; frozen. */
export interface EngineMetrics {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly queueSize: number;
  readonly processing: number;
  readonly models: Readonly<Record<string, QueueMetrics>>;
}

export function queueInfo(queue: ModelQueue): QueueInfo {
  return freeze(readInfo(queue), true);
}

export function engineMetrics(queues: Iterable<ModelQueue>, at: number): EngineMetrics {
  const models: Record<string, QueueMetrics> = Object.fromEntries([...queues].map((queue) => [queue.modelId, readMetrics(queue)]));
  const sum = (field: 'queueSize' | 'processing'): number => Object.values(models).reduce((total, model) => total + model[field], 0);
  return freeze({ at, queueSize: sum('queueSize'), processing: sum('processing'), models }, true);
}

function readInfo(queue: ModelQueue): QueueInfo {
  const rateLimiters = queue.dispatcher.units.map((unit) => limiterInfo(unit, queue.clock));
  const first = rateLimiters[0];
  return {
    modelId: queue.modelId,
    queueSize: queue.waiting,
    processing: queue.counters.processing,
    waitsFor: queueWaitsFor(queue),
    rateLimiterUsage: first?.usage ?? 0,
    rateLimit: first?.limit ?? 0,
    rateLimiterMode: first === undefined ? '' : modeOf(first.type),
    rateLimiters,
    deployments: deploymentsOf(queue).map((deployment) => deploymentInfo(deployment, queue.clock)),
  };
}

function readMetrics(queue: ModelQueue): QueueMetrics {
  const { counters } = queue;
  const { submitted, completed, failed, refused, retried } = counters;
  return {
    ...readInfo(queue),
    submitted,
    completed,
    failed,
    refused,
    retried,
    queueTimeMs: counters.queueTimeMs(),
    tokens: {
      estimated: { input: counters.inputTokensEstimated, output: counters.outputTokensEstimated },
      used: { input: counters.inputTokensUsed, output: counters.outputTokensUsed },
    },
  };
}

function deploymentInfo(deployment: DeploymentUnit, clock: Clock): DeploymentInfo {
  const { id, state, circuit, inFlight, latencyMs, disabledBy, failures, lastError, learner } = deployment;
  return {
    id,
    state,
    circuit,
    disabledBy: disabledBy === undefined ? undefined : LLMQueueException.isInstance(disabledBy) ? disabledBy.code : 'error',
    restsUntil: restsUntil(deployment, clock),
    failures,
    lastError: lastError === undefined ? null : errorWords(lastError, id),
    learned: learner?.info ?? null,
    inFlight,
    latencyMs: latencyMs ?? null,
    rateLimiters: deployment.units.map((unit) => limiterInfo(unit, clock)),
  };
}

function restsUntil(deployment: DeploymentUnit, clock: Clock): number | null {
  const now = clock.now();
  const at = deployment.availableAt(now, { inputTokens: 0, outputTokens: 0 });
  return at > now && at !== Number.POSITIVE_INFINITY ? clock.wallMs() + (at - now) : null;
}

function limiterInfo(unit: LimiterUnit, clock: Clock): LimiterInfo {
  const { limiter } = unit;
  const now = clock.now();
  const usage = limiter.used(now);
  const freeAt = limiter.nextFreeAt(1, now);
  const state = limiter.pausedUntil > now ? 'paused' : limiter.isFull(now) ? 'exhausted' : unit.state;
  const nextFreeAt = freeAt === Number.POSITIVE_INFINITY ? null : clock.wallMs() + (freeAt - now);
  return {
    type: limiter.type,
    domain: limiter.domain,
    usage,
    limit: limiter.limit,
    available: limiter.capacity - usage,
    state,
    nextFreeAt,
  };
}

function modeOf(type: RateLimiterType): string {
  if (type === 'rpm') return 'requests_per_period';
  return type === 'concurrent' ? 'concurrent_requests' : type;
}
