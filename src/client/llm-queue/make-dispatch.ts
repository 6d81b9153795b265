import type { Clock } from '../../domain/clock.ts';
import type { EasyLogger } from '../../domain/logger.ts';
import { type Dispatch, EngineDispatch } from './dispatch.ts';
import type { EngineQueues } from './engine-queues.ts';
import { GuardedBalancer } from './guarded-balancer.ts';
import type { LLMQueueOptions } from './llm-queue-options.ts';
import { EvenlySpacedRequestLB, type LoadBalancer } from './load-balancer.ts';
import { PluggedDispatch } from './plugged-dispatch.ts';
import type { ModelKind, QueueDeployment } from './queue-deployments.ts';
import { BasicFIFOScheduler } from './scheduler.ts';
import { spacingOf } from './taking-turns.ts';

/** Bounds of the wait before a balancer is asked again that doesn't tell when it has something. */
const SHORTEST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 1_000;

interface DispatchParts {
  /** Whether a scheduler or balancer of the user's takes part. */
  readonly pluggable: boolean;
  readonly deployments: readonly QueueDeployment[];
  readonly queues: EngineQueues;
  readonly clock: Clock;
  readonly logger: EasyLogger;
  readonly requestTimeoutSeconds: number;
}

/** The engine's own order and choice; with parts of the user's theirs, and the seed's defaults for the others. */
export function makeDispatch(options: LLMQueueOptions, parts: DispatchParts): Dispatch {
  const { pluggable, deployments, ...shared } = parts;
  if (!pluggable) return new EngineDispatch(shared.queues);
  const { scheduler = new BasicFIFOScheduler(), llmLoadBalancer, embeddingLoadBalancer } = options;
  const balancer = (kind: ModelKind, own: LoadBalancer | undefined): LoadBalancer => {
    const spare = spaced(kind, deployments, shared.clock);
    return own === undefined ? spare : new GuardedBalancer(own, spare, shared.logger);
  };
  return new PluggedDispatch({
    ...shared,
    scheduler,
    balancers: { llm: balancer('llm', llmLoadBalancer), embedding: balancer('embedding', embeddingLoadBalancer) },
    askAgainMs: { llm: quickest('llm', deployments), embedding: quickest('embedding', deployments) },
  });
}

function spaced(kind: ModelKind, deployments: readonly QueueDeployment[], clock: Clock): EvenlySpacedRequestLB {
  const models = deployments.filter((deployment) => deployment.kind === kind);
  return new EvenlySpacedRequestLB(
    models.map((deployment) => {
      const spacingMs = spacingOf(deployment);
      const { chosen, errorBackoffInSeconds } = deployment;
      return { id: chosen.uniqueModelId, reqPerMin: spacingMs > 0 ? 60_000 / spacingMs : undefined, errorBackoffInSeconds };
    }),
    clock,
  );
}

function quickest(kind: ModelKind, deployments: readonly QueueDeployment[]): number {
  const spacings = deployments.filter((deployment) => deployment.kind === kind).map(spacingOf);
  return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, Math.min(LONGEST_WAIT_MS, ...spacings)));
}
