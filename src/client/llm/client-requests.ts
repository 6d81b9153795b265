import type { Clock } from '../../domain/clock.ts';
import type { CostRule } from '../../domain/cost-rule.ts';
import type { TokenCounts } from '../../domain/limit-types.ts';
import { LLMException } from '../../domain/llm-errors.ts';
import type { Logger } from '../../domain/logger.ts';
import type { LimiterInfo } from '../../engine/queue-info.ts';
import type { QueueManager, ShutdownOptions } from '../../engine/queue-manager.ts';
import type { RequestHandle } from '../../engine/request-handle.ts';
import { Alarms } from '../../lib/alarms.ts';
import { macrotask } from '../../lib/system-clock.ts';
import type { MiddlewareContext } from '../../middleware/middleware.ts';
import type { ProviderPreset } from '../../providers/provider.ts';
import type { DispatchCall } from '../dispatch/dispatch-types.ts';
import { estimateWork, type UsageLearning } from '../dispatch/work-estimates.ts';
import { AcquireTimedOut, AcquireTimer } from './acquire-timer.ts';
import type { BegunRequests } from './begun-requests.ts';
import type { ClientPlan } from './client-plan.ts';
import { ClientQueues, NO_RETRY, type QueueRules } from './client-queues.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { clientError, type FailedCall, isLate } from './map-error.ts';
import { PoolMetrics } from './pool-metrics.ts';
import { ClientCall, type SendOnce } from './queued-call.ts';

/** What a client is put together from. */
export interface ClientParts {
  readonly plan: ClientPlan;
  readonly preset: ProviderPreset;
  readonly pool: ConnectionPool;
  readonly queues: QueueManager;
  readonly learning: UsageLearning;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
}

/** How a call stands among the others. */
export interface Urgency {
  readonly signal?: AbortSignal | undefined;
  readonly priority?: number | undefined;
  readonly tenant?: string | undefined;
  readonly deadline?: Date | number | undefined;
}

/** One request on its way into the queue. */
export interface ClientRequest<A> {
  /** What is estimated; an attempt may send something else. */
  readonly call: DispatchCall;
  readonly model: string | undefined;
  readonly context: MiddlewareContext;
  readonly rules: QueueRules;
  readonly urgency: Urgency;
  /** Hears of it once it is in the queue. */
  readonly begun?: BegunRequests;
  /** One attempt. */
  readonly around: (send: SendOnce<A>) => Promise<A>;
  /** What becomes of an answer that may still fail, given what exchanges its errors; default: itself. */
  readonly wrap?: (answer: A, exchange: (error: unknown) => unknown) => A;
}

/** Hands a client's requests to its queues, and turns what goes wrong into the client's errors. */
export class ClientRequests {
  readonly queues: ClientQueues;
  readonly metrics = new PoolMetrics();
  readonly #parts: ClientParts;
  readonly #alarms: Alarms;
  readonly #costRules: ReadonlySet<CostRule>;
  #isClosing = false;
  #isClosed = false;
  #repeated = 0;
  readonly #known = new WeakSet<MiddlewareContext>();

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#alarms = new Alarms(parts.clock);
    this.#costRules = new Set([parts.preset.cost]);
    this.queues = new ClientQueues(parts.queues, parts.plan, parts.pool);
  }

  /** Resolves with the answer of the attempt that succeeded: whole, or a stream that has begun. */
  run<A>(request: ClientRequest<A>): Promise<A> {
    const { plan, queues, learning, clock } = this.#parts;
    const { call, model, context, rules, urgency, begun, around, wrap = itself } = request;
    if (this.#isClosed) throw this.#closed();
    const modelId = this.queues.idFor(model, rules);
    const estimate = estimateWork(`${plan.name}/${model ?? ''}`, this.#costRules, call, learning);
    // A middleware may come here twice for one request, each time with a call of its own.
    const requestId = this.#known.has(context) ? `${context.requestId}-${++this.#repeated}` : context.requestId;
    this.#known.add(context);
    return new Promise((resolve, reject) => {
      const deliver = (answer: A): void => resolve(wrap(answer, (error) => clientError(error, failed())));
      let handle: RequestHandle | undefined;
      const tooLate = (): void => void handle?.cancel(new AcquireTimedOut());
      const timer = new AcquireTimer(clock, this.#alarms, plan.pool.acquireTimeout * 1000, tooLate);
      const longestRestMs = (rules.retry ?? NO_RETRY).maxDelayMs;
      const work = new ClientCall<A>({ clock, estimate, shared: context, around, timer, longestRestMs, deliver });
      const failed = (): FailedCall => ({
        provider: plan.name,
        model,
        wasWaiting: work.running === 0,
        isLimited: () => work.wasRefused || this.isLimited(modelId, estimate.tokens),
        acquireTimeout: plan.pool.acquireTimeout,
      });
      const { inputTokens, outputTokens } = estimate.tokens;
      handle = queues.submit({
        modelId,
        id: requestId,
        params: work,
        ...urgency,
        estimatedInputTokens: inputTokens,
        estimatedOutputTokens: outputTokens,
      });
      begun?.add(handle);
      timer.waits();
      this.metrics.started();
      void handle.response.then((response) => {
        timer.over();
        this.metrics.ended(response.status === 'completed', (response.queueTime ?? 0) * 1000);
        if (response.status !== 'failed') return;
        if (isLate(response.cause)) this.metrics.exhausted();
        reject(clientError(response.cause, failed()));
      }, reject);
    });
  }

  /** Whether limits are what keeps a call of this cost from starting on every key that could take it. */
  isLimited(modelId: string, { inputTokens, outputTokens }: TokenCounts): boolean {
    const { queues, pool } = this.#parts;
    if (!queues.getRegisteredModels().includes(modelId)) return false;
    const costs: Readonly<Record<string, number>> = {
      rpm: 1,
      rpd: 1,
      tpm: inputTokens + outputTokens,
      tpd: inputTokens + outputTokens,
      itpm: inputTokens,
      otpm: outputTokens,
    };
    const info = queues.getQueueInfo(modelId);
    const isFull = ({ type, state, available }: LimiterInfo): boolean =>
      type !== 'concurrent' && (state !== 'open' || available < (costs[type] ?? 0));
    const ofKeys = new Set(info.deployments.flatMap(({ rateLimiters }) => rateLimiters.map(nameOf)));
    if (info.rateLimiters.some((limiter) => !ofKeys.has(nameOf(limiter)) && isFull(limiter))) return true;
    const open = new Set(pool.openClients.map(({ id }) => id));
    const usable = info.deployments.filter(({ id, state }) => state === 'available' && open.has(id));
    return usable.length > 0 && usable.every(({ rateLimiters }) => rateLimiters.some(isFull));
  }

  /** Throws once the client is being closed. */
  requireOpen(): void {
    if (this.#isClosing) throw this.#closed();
  }

  async close(options?: ShutdownOptions): Promise<void> {
    this.#isClosing = true;
    // What was called before this has its middlewares to pass before it can stand in line.
    await macrotask();
    this.#isClosed = true;
    await this.queues.close(options);
    await this.#parts.pool.close();
  }

  #closed(): LLMException {
    const { name, provider } = this.#parts.plan;
    return new LLMException(`The client of '${name}' is closed.`, { provider }, { code: 'client_closed' });
  }
}

function itself<A>(answer: A): A {
  return answer;
}

function nameOf({ type, domain }: LimiterInfo): string {
  return `${type} ${domain ?? ''}`;
}
