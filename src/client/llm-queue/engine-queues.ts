import type { RateLimiterConfig } from '../../config/rate-limiter-config.ts';
import type { PartCost } from '../../domain/limit-types.ts';
import { estimateTokens } from '../../engine/estimate-tokens.ts';
import type { QueueManager } from '../../engine/queue-manager.ts';
import { QueueRequest } from '../../engine/queue-request.ts';
import type { RequestHandle } from '../../engine/request-handle.ts';
import type { ChosenLlm } from './chosen-llm.ts';
import { executeJob } from './execute-job.ts';
import type { Job } from './job.ts';
import { engineDeployments, needsOf, type QueueNeed, queueName } from './preference-queues.ts';
import type { ModelKind, QueueDeployment } from './queue-deployments.ts';
import { takingTurns } from './taking-turns.ts';

/** Nobody reaches it; a queue without deployments has to have a limit. */
const NO_LIMIT = 1_000_000_000;

export interface EngineQueuesOptions {
  readonly deployments: readonly QueueDeployment[];
  readonly requestTimeoutSeconds: number;
  /** Whether the engine chooses deployments, spaces their requests and lets them rest after an error; false where balancers do. */
  readonly chooses: boolean;
  readonly wallMs: () => number;
}

/**
 * The engine's queues, one for each combination of needs, made when it is first asked for. They share the deployments:
 * a busy model holds up only those who need it, and what is needed together is reserved in one step.
 */
export class EngineQueues {
  readonly #manager: QueueManager;
  readonly #options: EngineQueuesOptions;
  readonly #chosen: ReadonlyMap<string, ChosenLlm>;
  readonly #parts = new Map<string, readonly string[]>();
  readonly #registered = new Set<string>();
  readonly #balancer;

  constructor(manager: QueueManager, options: EngineQueuesOptions) {
    this.#manager = manager;
    this.#options = options;
    this.#chosen = new Map(options.deployments.map(({ id, chosen }) => [id, chosen]));
    this.#balancer = takingTurns(options.deployments, (id) => this.#parts.get(id) ?? [id]);
  }

  /** Throws `ResourceAvailabilityError` where nothing serves these needs. */
  check(needs: readonly QueueNeed[]): void {
    engineDeployments(needs, this.#options.deployments, ({ id }) => ({ id }));
  }

  /** Hands a job in. @param needs default: the job's own; narrower where the deployments were chosen already */
  submit(job: Job, needs: readonly QueueNeed[] = job.needs): RequestHandle {
    const modelId = this.#queueFor(needs);
    const { numEmbCallsPerReq, numLlmCallsPerReq } = job.preferences;
    const { inputTokens, outputTokens } = estimateTokens(new QueueRequest({ modelId, params: job.requestData }));
    const calls: Record<ModelKind, number> = { embedding: numEmbCallsPerReq, llm: numLlmCallsPerReq };
    const parts: Record<ModelKind, PartCost> = {
      embedding: { calls: calls.embedding, inputTokens, outputTokens: 0 },
      llm: { calls: calls.llm, inputTokens, outputTokens },
    };
    const [only] = needs.length === 1 ? needs : [];
    return this.#manager.submit({
      modelId,
      id: job.reqId,
      params: job,
      signal: job.signal,
      estimatedInputTokens: inputTokens,
      estimatedOutputTokens: only?.kind === 'embedding' ? 0 : outputTokens,
      ...(needs.length > 1 && { parts }),
      ...(only !== undefined && { calls: calls[only.kind] }),
    });
  }

  #queueFor(needs: readonly QueueNeed[]): string {
    const modelId = queueName(needs);
    if (this.#registered.has(modelId)) return modelId;
    // A combination's parts are deployments that a queue of their own has brought.
    if (needs.length > 1) for (const { kind } of needs) this.#queueFor([{ kind, modelId: undefined }]);
    const deployments = engineDeployments(needs, this.#options.deployments, (deployment) => this.#single(deployment));
    for (const { id, parts } of deployments) if (parts !== undefined) this.#parts.set(id, Object.values(parts));
    this.#manager.registerQueue<Job>(
      {
        modelId,
        ...(deployments.length === 0 ? { rateLimiters: [{ type: 'concurrent', limit: NO_LIMIT }] } : { deployments }),
        balancer: this.#balancer,
        requestTimeoutSeconds: this.#options.requestTimeoutSeconds,
        lookAhead: 0,
      },
      (request, context) =>
        executeJob(
          request.params,
          deployments.length === 0 ? [] : context.deploymentIds.flatMap((id) => this.#chosen.get(id) ?? []),
          context,
          this.#options,
        ),
    );
    this.#registered.add(modelId);
    return modelId;
  }

  #single({ id, rateLimiters, weight, errorBackoffInSeconds }: QueueDeployment) {
    // One error is enough for a rest, as in the system that this replaces.
    const rest = { errorBackoffInSeconds, circuit: { failuresInARow: 1 } };
    return { id, weight, ...rest, ...(rateLimiters.length > 0 && { rateLimiters: rateLimiters.map((limit) => this.#spaced(limit)) }) };
  }

  /** Its own limit on requests per minute is spaced evenly, unless the configuration or a balancer of the queue's own says otherwise. */
  #spaced(limit: RateLimiterConfig): RateLimiterConfig {
    const isOwn =
      limit.type === 'rpm' && limit.domain === undefined && limit.algorithm === undefined && limit.subWindowSeconds === undefined;
    return isOwn && this.#options.chooses ? { ...limit, algorithm: 'evenly-spaced' } : limit;
  }
}

/** The needs of a job whose models were chosen by name. */
export function pinnedNeeds(job: Job, modelIds: Readonly<Partial<Record<ModelKind, string>>>): QueueNeed[] {
  return needsOf(job.preferences).map(({ kind }) => ({ kind, modelId: modelIds[kind] }));
}
