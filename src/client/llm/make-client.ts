import type { GlobalSettings } from '../../config/headgate-config-types.ts';
import { mostHeadroom } from '../../deployments/balancers.ts';
import { LLMConfigurationError } from '../../domain/llm-errors.ts';
import type { Logger } from '../../domain/logger.ts';
import { LoggingMiddleware } from '../../middleware/logging-middleware.ts';
import { MetricsMiddleware } from '../../middleware/metrics-middleware.ts';
import { MiddlewareChain } from '../../middleware/middleware-chain.ts';
import { RetryMiddleware } from '../../middleware/retry-middleware.ts';
import { findPreset } from '../../providers/preset-registry.ts';
import { openUpstream, type UpstreamParts } from '../dispatch/open-upstream.ts';
import type { Upstream } from '../dispatch/upstream.ts';
import { atLevel } from './at-level.ts';
import { type ClientPlan, deploymentFor, entryFor } from './client-plan.ts';
import type { ClientParts } from './client-requests.ts';
import { ConnectionPool } from './connection-pool.ts';
import { LLMClient } from './llm-client.ts';
import { PoolClient } from './pool-client.ts';

/** What all clients of a manager share. */
export interface ClientServices extends UpstreamParts, Pick<ClientParts, 'queues' | 'learning' | 'newId'> {
  readonly logger: Logger;
  readonly global: GlobalSettings;
}

/** Puts a provider's client together. Throws `InvalidConfiguration` or `LLMConfigurationError`. */
export function makeClient(plan: ClientPlan, services: ClientServices): LLMClient {
  const { queues, learning, newId, clock, global } = services;
  const logger = atLevel(services.logger, global.logLevel);
  // First of all: a pool has timers, which must not outlive a client that could not be made.
  const preset = findPreset(plan.provider);
  let client: LLMClient | undefined;
  const pool = new ConnectionPool({
    name: plan.name,
    settings: plan.pool,
    clients: plan.deploymentIds.map((id) => new PoolClient(id, (model) => upstreamOf(plan, id, model, services))),
    balancer: mostHeadroom(),
    clock,
    onRoom: () => client?.wake(),
  });
  const parts: ClientParts = { plan, preset, pool, queues, learning, clock, logger, newId };
  try {
    client = new LLMClient(parts, defaultChain(plan, services));
    return client;
  } catch (error) {
    void pool.close();
    throw error;
  }
}

function upstreamOf(plan: ClientPlan, id: string, model: string | undefined, services: UpstreamParts): Upstream {
  const [first] = plan.models.keys();
  const found = deploymentFor(plan, id, model) ?? deploymentFor(plan, id, first);
  const planned = found && plan.models.get(found.modelId);
  if (found === undefined || planned === undefined) {
    throw new LLMConfigurationError(`Deployment '${id}' of '${plan.name}' serves no model '${model ?? ''}'.`, { deploymentId: id });
  }
  return openUpstream(found.modelId, planned.entry, found.entry, services);
}

/** What a client comes with; a limit beside each key's own is for the user to add. */
function defaultChain(plan: ClientPlan, { global, clock }: ClientServices): MiddlewareChain {
  const chain = new MiddlewareChain();
  if (global.enableLogging) chain.add(new LoggingMiddleware({ clock }));
  if (global.metricsEnabled) chain.add(new MetricsMiddleware({ clock }));
  const { maxAttempts, baseDelayMs = 1_000, maxDelayMs = 60_000, factor = 2 } = entryFor(plan, plan.defaultModel).retry;
  const retry = { maxRetries: maxAttempts - 1, baseDelay: baseDelayMs / 1000, maxDelay: maxDelayMs / 1000, exponentialBase: factor };
  return chain.add(new RetryMiddleware(retry));
}
