import type { DeploymentInfo, LimiterInfo } from '../../engine/queue-info.ts';
import type { ClientParts, ClientRequests } from './client-requests.ts';
import type { PoolClient } from './pool-client.ts';
import type { PoolFigures } from './pool-metrics.ts';

/** How a key's limits stand. What is undefined has no limit that is known. */
export interface RateLimitStatus {
  /** Input and output together; where only those are limited, both added. */
  readonly tokensRemaining: number | undefined;
  readonly requestsRemaining: number | undefined;
  readonly inputTokensRemaining: number | undefined;
  readonly outputTokensRemaining: number | undefined;
  /** Every limit as it stands. */
  readonly limits: readonly LimiterInfo[];
}

export interface ClientStatus {
  /** The deployment's id. */
  readonly clientId: string;
  readonly provider: string;
  readonly models: readonly string[];
  /** Whether a call could start over it now. */
  readonly isAvailable: boolean;
  readonly inUse: boolean;
  /** Calls that run over it now. */
  readonly activeCalls: number;
  readonly lastUsed: Date;
  readonly errorCount: number;
  readonly totalRequests: number;
  /** `available`, `cooling` after failures, or `disabled` because its key was refused; whatever its health check says. */
  readonly state: DeploymentInfo['state'];
  readonly healthy: boolean;
  readonly rateLimitStatus: RateLimitStatus;
}

export interface ProviderStatus {
  readonly provider: string;
  /** Clients over which a call could start now. */
  readonly availableClients: number;
  /** Clients that are open. */
  readonly totalClients: number;
  readonly inUseClients: number;
  /** Keys, open or not. */
  readonly totalConfigs: number;
  /** Calls that wait. */
  readonly queueSize: number;
  /** Why the next of them waits, in words, for each of its models' queues; null: none does. */
  readonly waitsFor: string | null;
  readonly closed: boolean;
  /** Undefined where `enableMetrics` is false. */
  readonly metrics: PoolFigures | undefined;
  readonly clientStatuses: readonly ClientStatus[];
}

export function providerStatus(parts: ClientParts, requests: ClientRequests): ProviderStatus {
  const { plan, pool, queues } = parts;
  const infos = requests.queues.ids.map((id) => queues.getQueueInfo(id));
  const deployments = new Map(infos.flatMap((info) => info.deployments).map((info) => [info.id, info]));
  const clientStatuses = pool.openClients.map((client) => clientStatus(client, deployments.get(client.id), parts));
  return {
    provider: plan.name,
    availableClients: clientStatuses.filter(({ isAvailable }) => isAvailable).length,
    totalClients: clientStatuses.length,
    inUseClients: clientStatuses.filter(({ inUse }) => inUse).length,
    totalConfigs: pool.clients.length,
    queueSize: infos.reduce((sum, { queueSize }) => sum + queueSize, 0),
    waitsFor: infos.flatMap(({ waitsFor }) => waitsFor ?? []).join('; ') || null,
    closed: pool.isClosed,
    metrics: pool.settings.enableMetrics ? requests.metrics.figures : undefined,
    clientStatuses,
  };
}

function clientStatus(client: PoolClient, info: DeploymentInfo | undefined, { plan, clock }: ClientParts): ClientStatus {
  const limits = info?.rateLimiters ?? [];
  const state = info?.state ?? 'available';
  return {
    clientId: client.id,
    provider: plan.provider,
    models: [...plan.models].filter(([, { deployments }]) => deployments.has(client.id)).map(([id]) => id),
    isAvailable: client.healthy && state === 'available' && limits.every((limit) => limit.state === 'open'),
    inUse: client.inUse > 0,
    activeCalls: client.inUse,
    lastUsed: new Date(clock.wallMs() - (clock.now() - client.lastUsedAt)),
    errorCount: client.errorCount,
    totalRequests: client.totalRequests,
    state,
    healthy: client.healthy,
    rateLimitStatus: rateLimitStatus(limits),
  };
}

function rateLimitStatus(limits: readonly LimiterInfo[]): RateLimitStatus {
  const remaining = (type: LimiterInfo['type']): number | undefined => {
    const left = limits.filter((limit) => limit.type === type).map(({ available }) => Math.max(0, available));
    return left.length === 0 ? undefined : Math.min(...left);
  };
  const input = remaining('itpm');
  const output = remaining('otpm');
  const both = input === undefined && output === undefined ? undefined : (input ?? 0) + (output ?? 0);
  return {
    tokensRemaining: remaining('tpm') ?? both,
    requestsRemaining: remaining('rpm'),
    inputTokensRemaining: input,
    outputTokensRemaining: output,
    limits,
  };
}
