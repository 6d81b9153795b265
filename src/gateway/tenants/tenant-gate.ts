import type { UserLimits } from '../../config/headgate-config-types.ts';
import type { Clock } from '../../domain/clock.ts';
import { textOf } from '../../domain/errors.ts';
import { harmless, type Logger } from '../../domain/logger.ts';
import type { UserLimitDecision, UserLimitStore } from '../../domain/user-limit-store.ts';
import type { Admission, AskedCall, CallGate } from '../calls/call-gate.ts';
import type { Caller } from '../calls/caller.ts';
import type { CallObserver, FinishedCall } from '../calls/finished-call.ts';
import { TenantRefused } from '../calls/tenant-refused.ts';
import type { Budgets } from './budgets.ts';
import type { TenantRules } from './tenant-rules.ts';

interface GateParts {
  readonly rules: TenantRules;
  readonly budgets: Budgets;
  /** Counts the requests of tenants. */
  readonly store: UserLimitStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Lets a tenant's call in: a model that it may use, at a priority that it may have, within its budget and its request limit. What is asked
 * last counts: a call that is not let in for another reason costs no request.
 */
export class TenantGate implements CallGate, CallObserver {
  readonly #parts: GateParts;
  readonly #wallOffsetMs: number;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#wallOffsetMs = parts.clock.wallMs() - parts.clock.now();
  }

  admit(call: AskedCall): Admission | Promise<Admission> {
    const { rules, budgets } = this.#parts;
    const { caller, model, kind, requestId } = call;
    const { models, priorityCeiling, userLimits } = rules.of(caller.tenant);
    if (models !== undefined && !models.has(model)) throw forbidden(caller.tenant, model, models);
    budgets.hold(call);
    const wanted = call.priority ?? 0;
    const admission = { priority: wanted > priorityCeiling ? priorityCeiling : call.priority, tokens: budgets.tokenView(caller.tenant) };
    // A batch is sent at once and done one day: its size is no hurry.
    if (userLimits === undefined || kind === 'batch') return admission;
    return this.#counted(caller.tenant, userLimits, requestId).then((requests) => ({ ...admission, requests }));
  }

  mayUse({ tenant }: Caller, modelId: string): boolean {
    return this.#parts.rules.mayUse(tenant, modelId);
  }

  finished(call: FinishedCall): void {
    this.#parts.budgets.settle(call);
  }

  async #counted(tenant: string, limits: UserLimits, requestId: string): Promise<Admission['requests']> {
    const { maxNumRequestsInTimeWindow: limit, timeWindowInSeconds: windowS } = limits;
    try {
      const { allowed, remaining = windowS, used } = await this.#ask(tenant, limit, windowS);
      if (!allowed) throw tooMany(tenant, limit, windowS, remaining);
      return used === undefined ? undefined : { limit, remaining: Math.max(0, limit - used), resetSeconds: windowS };
    } catch (error) {
      this.#parts.budgets.release(requestId);
      throw error;
    }
  }

  async #ask(tenant: string, limit: number, windowS: number): Promise<UserLimitDecision> {
    const { store, clock, logger } = this.#parts;
    try {
      // By the monotonic clock: a window must not grow or shrink when the wall clock is set.
      return await store.checkAndAddRequest(tenant, limit, clock.now() + this.#wallOffsetMs, windowS);
    } catch (error) {
      harmless(logger).error({ reason: textOf(error) }, 'the store of user limits failed');
      const message = 'Whether the tenant may send a request can not be told now. Try again.';
      throw new TenantRefused({ status: 503, code: 'store_unavailable', message, retryAfterSeconds: 1 });
    }
  }
}

function forbidden(tenant: string, model: string, models: ReadonlySet<string>): TenantRefused {
  const allowed = models.size === 0 ? 'none' : [...models].map((id) => `'${id}'`).join(', ');
  return new TenantRefused({
    status: 403,
    code: 'model_forbidden',
    message: `Tenant '${tenant}' may not use model '${model}'. Its models: ${allowed}.`,
  });
}

function tooMany(tenant: string, limit: number, windowS: number, remaining: number): TenantRefused {
  return new TenantRefused({
    status: 429,
    code: 'user_rate_limit',
    message: `Tenant '${tenant}' may send ${limit} requests in ${windowS} s and has. Try again in ${Math.ceil(remaining * 1000) / 1000} s.`,
    retryAfterSeconds: remaining,
  });
}
