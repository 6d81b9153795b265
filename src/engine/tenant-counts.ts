import type { RequestRecord } from './request-record.ts';

/** What one tenant has in hand at one model. */
export interface TenantCounts {
  readonly modelId: string;
  /** Empty: nobody in particular. */
  readonly tenant: string;
  /** Pending requests, those in backoff included. */
  readonly waiting: number;
  readonly processing: number;
}

type Counts = { -readonly [Field in keyof TenantCounts]: TenantCounts[Field] };

/** Counted when asked for: every request would pay for numbers that are kept. Costs O(live). */
export function tenantCounts(live: Iterable<RequestRecord>): TenantCounts[] {
  const models = new Map<string, Map<string, Counts>>();
  for (const { request, tenant, status } of live) {
    const { modelId } = request;
    const tenants = models.get(modelId) ?? new Map<string, Counts>();
    const counts = tenants.get(tenant) ?? { modelId, tenant, waiting: 0, processing: 0 };
    counts[status === 'processing' ? 'processing' : 'waiting'] += 1;
    if (counts.waiting + counts.processing === 1) models.set(modelId, tenants.set(tenant, counts));
  }
  return [...models.values()].flatMap((tenants) => [...tenants.values()]);
}
