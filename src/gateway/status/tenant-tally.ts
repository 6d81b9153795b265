import { QueueCounters } from '../../engine/queue-counters.ts';
import type { CallObserver, FinishedCall } from '../calls/finished-call.ts';

const MOST_TENANTS = 1_000;
/** An engine remembers 1,024 times in queue of each model; of a thousand tenants that would be too much. */
const QUEUE_TIMES = 64;

/** What became of one tenant's calls. */
export interface Tally {
  /** By model that was asked for; calls that stood in line only. */
  readonly models: ReadonlyMap<string, QueueCounters>;
  readonly rejected: number;
}

class TenantTallies implements Tally {
  readonly models = new Map<string, QueueCounters>();
  rejected = 0;
  /** Grows with each call of anybody. */
  usedAt = 0;

  countersOf(modelId: string): QueueCounters {
    const known = this.models.get(modelId);
    if (known !== undefined) return known;
    const made = new QueueCounters(QUEUE_TIMES);
    this.models.set(modelId, made);
    return made;
  }
}

/**
 * Counts what became of each tenant's calls. Of more tenants than it may hold the one that was quiet longest is
 * forgotten: who comes back starts at zero.
 */
export class TenantTally implements CallObserver {
  readonly #tenants = new Map<string, TenantTallies>();
  readonly #most: number;
  #calls = 0;

  constructor(mostTenants = MOST_TENANTS) {
    this.#most = mostTenants;
  }

  get tenants(): ReadonlyMap<string, Tally> {
    return this.#tenants;
  }

  finished(call: FinishedCall): void {
    const tallies = this.#tenants.get(call.caller.tenant) ?? this.#take(call.caller.tenant);
    tallies.usedAt = ++this.#calls;
    if (call.outcome === 'rejected' || call.queuedAt === undefined) tallies.rejected++;
    else count(tallies.countersOf(call.model), call);
  }

  #take(tenant: string): TenantTallies {
    if (this.#tenants.size >= this.#most) this.#forgetQuietest();
    const made = new TenantTallies();
    this.#tenants.set(tenant, made);
    return made;
  }

  #forgetQuietest(): void {
    let quietest: string | undefined;
    let usedAt = Number.POSITIVE_INFINITY;
    for (const [tenant, tallies] of this.#tenants) {
      if (tallies.usedAt >= usedAt) continue;
      quietest = tenant;
      usedAt = tallies.usedAt;
    }
    if (quietest !== undefined) this.#tenants.delete(quietest);
  }
}

function count(counters: QueueCounters, { outcome, attempts, usage, queueMs }: FinishedCall): void {
  counters.submitted++;
  counters[outcome === 'completed' ? 'completed' : 'failed']++;
  counters.retried += Math.max(0, attempts - 1);
  counters.inputTokensUsed += usage?.inputTokens ?? 0;
  counters.outputTokensUsed += usage?.outputTokens ?? 0;
  if (queueMs !== undefined) counters.addQueueTime(queueMs);
}
