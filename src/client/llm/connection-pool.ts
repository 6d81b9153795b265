import type { PoolSettings } from '../../config/headgate-config-types.ts';
import type { Balancer, BalancerCandidate } from '../../domain/balancer.ts';
import type { Clock, TimerHandle } from '../../domain/clock.ts';
import { LLMException } from '../../domain/llm-errors.ts';
import { checkHealth } from './check-health.ts';
import type { Lease, PoolClient } from './pool-client.ts';

/** A pool that does nothing looks at its clients again after this at the latest. */
const LONGEST_NAP_MS = 3_600_000;
const SOONEST_MS = 1;

export interface ConnectionPoolOptions {
  readonly name: string;
  readonly settings: PoolSettings;
  /** One for each key, in the order of the configuration; all closed. */
  readonly clients: readonly PoolClient[];
  /** Chooses between open clients. */
  readonly balancer: Balancer;
  readonly clock: Clock;
  /** Called when a client can be had that could not be had before. */
  readonly onRoom: () => void;
}

/**
 * The clients of one provider. It decides which keys the queue may use: those whose clients are open. While all of them
 * carry calls another is opened at once, up to `maxSize`; unused ones are closed after `idleTimeout`, down to `minSize`;
 * each is renewed after `maxLifetime`; one that fails its health check is left out until it passes.
 */
export class ConnectionPool {
  readonly settings: PoolSettings;
  readonly clients: readonly PoolClient[];
  /** What the queue asks which key a call takes. */
  readonly balancer: Balancer;
  readonly #byId: ReadonlyMap<string, PoolClient>;
  readonly #options: ConnectionPoolOptions;
  #timer: TimerHandle;
  #closed = false;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.clients = options.clients;
    this.#byId = new Map(options.clients.map((client) => [client.id, client]));
    const { balancer } = options;
    this.balancer = {
      order: (candidates, now) => balancer.order(this.#offered(candidates, now), now),
      started: (id, calls, now) => balancer.started?.(id, calls, now),
      failed: (id, now) => balancer.failed?.(id, now),
    };
    this.#keepMinimum(options.clock.now());
    this.#nap();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get openClients(): readonly PoolClient[] {
    return this.clients.filter(({ isOpen }) => isOpen);
  }

  /** Holds the client of a key for one call. */
  lease(id: string, model: string | undefined): Lease {
    const { clock, name } = this.#options;
    const client = this.#byId.get(id);
    if (this.#closed) throw new LLMException(`The pool of '${name}' is closed.`, {}, { code: 'client_closed' });
    if (client === undefined) throw new LLMException(`The pool of '${name}' has no client '${id}'.`, { deploymentId: id });
    return client.lease(model, clock.now(), () => clock.now());
  }

  /** Opens nothing any more; resolves when the calls that run are over and every connection is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#timer);
    await Promise.all(this.clients.map((client) => client.close()));
  }

  #offered(candidates: readonly BalancerCandidate[], now: number): readonly BalancerCandidate[] {
    if (this.#closed) return [];
    const open = candidates.filter(({ id }) => this.#isUsable(id));
    if (open.some(({ inFlight }) => inFlight === 0)) return open;
    const next = this.#size < this.settings.maxSize ? candidates.find(({ id }) => this.#mayOpen(id)) : undefined;
    if (next !== undefined) {
      this.#byId.get(next.id)?.open(now);
      return [...open, next];
    }
    // Better one that failed its check than none: its circuit knows by real calls.
    return open.length > 0 || this.#size > 0 ? open : candidates;
  }

  #isUsable(id: string): boolean {
    const client = this.#byId.get(id);
    return client?.isOpen === true && client.healthy;
  }

  #mayOpen(id: string): boolean {
    const client = this.#byId.get(id);
    return client !== undefined && !client.isOpen && client.healthy;
  }

  /** Open clients that can be used. */
  get #size(): number {
    return this.clients.filter(({ isOpen, healthy }) => isOpen && healthy).length;
  }

  #keepMinimum(now: number): void {
    const { minSize, maxSize } = this.settings;
    for (const client of this.clients) {
      if (this.#size >= Math.min(minSize, maxSize)) return;
      if (!client.isOpen && client.healthy) client.open(now);
    }
  }

  /** Sleeps until something can be due. */
  #nap(): void {
    const { clock } = this.#options;
    const now = clock.now();
    const next = Math.min(now + LONGEST_NAP_MS, ...this.openClients.map((client) => this.#nextDue(client, now)));
    this.#timer = clock.setTimeout(() => this.#tend(), Math.max(SOONEST_MS, next - now), { background: true });
  }

  #nextDue(client: PoolClient, now: number): number {
    const { idleTimeout, maxLifetime, healthCheckInterval } = this.settings;
    const check = healthCheckInterval > 0 ? client.lastCheckedAt + healthCheckInterval * 1000 : Number.POSITIVE_INFINITY;
    const idle = client.lastUsedAt + idleTimeout * 1000;
    // What is overdue and could not be done yet is looked at again after another turn of it.
    return Math.min(
      client.openedAt + maxLifetime * 1000,
      idle > now ? idle : now + idleTimeout * 1000,
      check > now ? check : now + healthCheckInterval * 1000,
    );
  }

  #tend(): void {
    if (this.#closed) return;
    const now = this.#options.clock.now();
    for (const client of this.openClients) this.#tendOne(client, now);
    this.#keepMinimum(now);
    this.#nap();
  }

  #tendOne(client: PoolClient, now: number): void {
    const { minSize, idleTimeout, maxLifetime, healthCheckInterval } = this.settings;
    const isIdle = client.inUse === 0 && client.lastUsedAt + idleTimeout * 1000 <= now;
    if (isIdle && this.#size > minSize && client.healthy) {
      void client.close();
      this.#options.onRoom();
    } else if (client.openedAt + maxLifetime * 1000 <= now) {
      client.renew(now);
    } else if (healthCheckInterval > 0 && client.inUse === 0 && client.lastCheckedAt + healthCheckInterval * 1000 <= now) {
      client.lastCheckedAt = now;
      void this.#check(client);
    }
  }

  async #check(client: PoolClient): Promise<void> {
    const healthy = await checkHealth(client);
    if (this.#closed || healthy === client.healthy) return;
    client.healthy = healthy;
    if (!healthy) client.errorCount += 1;
    else if (this.#size > this.settings.maxSize) void client.close();
    this.#keepMinimum(this.#options.clock.now());
    this.#options.onRoom();
  }
}
