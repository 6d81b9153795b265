import type { IncomingHttpHeaders } from 'node:http';
import type { TenantBudget } from '../../client/gateway-status.ts';
import type { HeadgateConfig } from '../../config/headgate-config-types.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Logger } from '../../domain/logger.ts';
import type { UserLimitStore } from '../../domain/user-limit-store.ts';
import { InMemoryUserRateLimitStoreAdapter } from '../../stores/in-memory-user-limits.ts';
import { RedisBudgetStore } from '../../stores/redis/redis-budgets.ts';
import { RedisUserRateLimitStoreAdapter } from '../../stores/redis/redis-user-limits.ts';
import { openDatabase, type SqlDatabase } from '../../stores/sql/open-database.ts';
import { SqlBudgetStore } from '../../stores/sql/sql-budget-store.ts';
import { SqlKeyStore } from '../../stores/sql/sql-key-store.ts';
import { UserLimitsWithFallback } from '../../stores/user-limits-with-fallback.ts';
import type { Caller } from '../calls/caller.ts';
import { Authentication } from './authenticate.ts';
import { Budgets } from './budgets.ts';
import { KeyRing } from './key-ring.ts';
import { TenantGate } from './tenant-gate.ts';
import { TenantRules } from './tenant-rules.ts';

export interface TenantsOptions {
  readonly config: HeadgateConfig;
  /** Where keys are, and what was used up unless `limitsStore` says otherwise: a connection string for `openDatabase`. */
  readonly database: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface TenantParts {
  readonly database: SqlDatabase;
  readonly store: UserLimitStore;
  readonly budgets: Budgets;
  readonly keys: KeyRing;
  readonly gate: TenantGate;
}

const REQUESTS_PREFIX = 'headgate:tenants:';

/** The gateway's tenants: who calls, what each may do, and what each has used up. */
export class Tenants {
  /** Decides of each call, and hears how it ended: both a gate and an observer. */
  readonly gate: TenantGate;
  readonly #parts: TenantParts;
  readonly #authentication: Authentication;

  private constructor(parts: TenantParts) {
    this.gate = parts.gate;
    this.#parts = parts;
    this.#authentication = new Authentication(parts.keys);
  }

  /** Opens the stores; those that are down come later. Throws `InvalidConfiguration` (rejects). */
  static async open({ config, database: connectionString, clock, logger }: TenantsOptions): Promise<Tenants> {
    const redisUrl = config.limitsStore?.url;
    const redis = redisUrl === undefined ? undefined : { redisUrl, clock };
    const store = redis
      ? new UserLimitsWithFallback(new RedisUserRateLimitStoreAdapter({ ...redis, prefix: REQUESTS_PREFIX }), { clock, logger })
      : new InMemoryUserRateLimitStoreAdapter();
    const database = await openDatabase(connectionString);
    const { tenants, prices } = config;
    const budgetStore = redis ? new RedisBudgetStore(redis) : new SqlBudgetStore(database);
    const budgets = new Budgets({ tenants, prices, store: budgetStore, clock, logger });
    const rules = new TenantRules(config);
    const keys = new KeyRing({ store: new SqlKeyStore(database), clock, logger });
    const gate = new TenantGate({ rules, budgets, store, clock, logger });
    try {
      await Promise.all([store.connect(), budgets.open()]);
    } catch (error) {
      await Promise.allSettled([budgets.close(), store.disconnect()]);
      await database.close();
      throw error;
    }
    return new Tenants({ database, store, budgets, keys, gate });
  }

  /** Whether anybody ever made a key: without any, only this machine may be served. Rejects with `TenantRefused` while that can't be told. */
  hasKeys(): Promise<boolean> {
    return this.#parts.keys.hasKeys();
  }

  /** Who sends a request with these headers. Rejects with `TenantRefused` (401, 403, 503). */
  callerOf(headers: IncomingHttpHeaders): Promise<Caller> {
    return this.#authentication.callerOf(headers);
  }

  /** How a tenant's budgets stand; empty where it has none. */
  budgetsOf(tenant: string): readonly TenantBudget[] {
    return this.#parts.budgets.states(tenant);
  }

  /** Writes what tenants used up, and closes the stores. */
  async close(): Promise<void> {
    const { budgets, store, database } = this.#parts;
    await budgets.close();
    await store.disconnect();
    await database.close();
  }
}
