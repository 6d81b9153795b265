import type { GatewayDeployment, GatewayStatus, TenantBudget, TenantStatus } from '../../client/gateway-status.ts';
import type { Headgate } from '../../client/headgate.ts';
import type { EngineMetrics, QueueMetrics } from '../../engine/queue-info.ts';
import type { TenantCounts } from '../../engine/tenant-counts.ts';
import type { Caller } from '../calls/caller.ts';
import type { Tally, TenantTally } from './tenant-tally.ts';

/** Of more tenants than this only those that have something in hand, and then the first by name, are told. */
const MOST_TENANTS = 1_000;

/** Where the status comes from. */
export interface StatusSources {
  readonly headgate: Headgate;
  readonly tally: TenantTally;
  /** Whether a caller that is no administrator may use a model. */
  readonly mayUse: (caller: Caller, modelId: string) => boolean;
  /** How a tenant's budgets stand; default: there are none. */
  readonly budgetsOf?: ((tenant: string) => readonly TenantBudget[]) | undefined;
}

/** The gateway at one moment, read once for everybody who is told of it. */
export class GatewayView {
  readonly #metrics: EngineMetrics;
  readonly #counts: readonly TenantCounts[];
  readonly #sources: StatusSources;

  constructor(sources: StatusSources, metrics = sources.headgate.queues.getMetrics()) {
    this.#sources = sources;
    this.#metrics = metrics;
    this.#counts = sources.headgate.queues.getTenantCounts();
  }

  /** What this caller may know. */
  of(caller: Caller): GatewayStatus {
    const { at } = this.#metrics;
    const all = Object.values(this.#metrics.models);
    if (caller.isAdmin) return { at, models: all, deployments: this.#deployments(), tenants: this.#tenants() };
    const models = all.filter(({ modelId }) => this.#sources.mayUse(caller, modelId));
    const { tenant } = caller;
    const tally = this.#sources.tally.tenants.get(tenant);
    const counts = this.#counts.filter((count) => count.tenant === tenant);
    return {
      at,
      models: models.map(({ modelId }) => ownMetrics(modelId, tally, counts)),
      deployments: [],
      tenants: [this.#tenant(tenant, tally, counts)],
    };
  }

  #deployments(): GatewayDeployment[] {
    return this.#sources.headgate.status().deployments.flatMap((configured) => {
      const info = this.#metrics.models[configured.modelId]?.deployments.find(({ id }) => id === configured.id);
      return info === undefined ? [] : [{ ...configured, ...info }];
    });
  }

  #tenants(): TenantStatus[] {
    const { tenants } = this.#sources.tally;
    const counts = new Map<string, TenantCounts[]>();
    for (const count of this.#counts) counts.set(count.tenant, [...(counts.get(count.tenant) ?? []), count]);
    const quiet = [...tenants.keys()].filter((tenant) => !counts.has(tenant));
    const names = [...[...counts.keys()].sort(), ...quiet.sort()].slice(0, MOST_TENANTS);
    return names.map((tenant) => this.#tenant(tenant, tenants.get(tenant), counts.get(tenant) ?? []));
  }

  #tenant(tenant: string, tally: Tally | undefined, counts: readonly TenantCounts[]): TenantStatus {
    const budgets = this.#sources.budgetsOf?.(tenant) ?? [];
    return { ...tenantStatus(tenant, tally, counts), ...(budgets.length > 0 && { budgets }) };
  }
}

function tenantStatus(tenant: string, tally: Tally | undefined, counts: readonly TenantCounts[]): TenantStatus {
  const models = [...(tally?.models.values() ?? [])];
  return {
    tenant,
    waiting: sum(counts, ({ waiting }) => waiting),
    processing: sum(counts, ({ processing }) => processing),
    completed: sum(models, ({ completed }) => completed),
    failed: sum(models, ({ failed }) => failed),
    rejected: tally?.rejected ?? 0,
    tokens: {
      input: sum(models, ({ inputTokensUsed }) => inputTokensUsed),
      output: sum(models, ({ outputTokensUsed }) => outputTokensUsed),
    },
  };
}

/** One model as a tenant sees it: its own calls. How full limits are would tell what others do. */
function ownMetrics(modelId: string, tally: Tally | undefined, counts: readonly TenantCounts[]): QueueMetrics {
  const own = counts.find((count) => count.modelId === modelId);
  const done = tally?.models.get(modelId);
  return {
    modelId,
    queueSize: own?.waiting ?? 0,
    processing: own?.processing ?? 0,
    waitsFor: null,
    rateLimiterUsage: 0,
    rateLimit: 0,
    rateLimiterMode: '',
    rateLimiters: [],
    deployments: [],
    submitted: (own?.waiting ?? 0) + (own?.processing ?? 0) + (done?.submitted ?? 0),
    completed: done?.completed ?? 0,
    failed: done?.failed ?? 0,
    refused: 0,
    retried: done?.retried ?? 0,
    queueTimeMs: done?.queueTimeMs() ?? { p50: 0, p99: 0 },
    tokens: {
      estimated: { input: 0, output: 0 },
      used: { input: done?.inputTokensUsed ?? 0, output: done?.outputTokensUsed ?? 0 },
    },
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
