import type { TenantBudget } from '../../client/gateway-status.ts';
import type { ModelPrice, TenantEntry } from '../../config/headgate-config-types.ts';
import type { BudgetStore, Spending } from '../../domain/budget-store.ts';
import type { Clock } from '../../domain/clock.ts';
import { harmless, type Logger } from '../../domain/logger.ts';
import { uuidSource } from '../../lib/ids.ts';
import type { AskedCall, TenantLimitView } from '../calls/call-gate.ts';
import type { FinishedCall } from '../calls/finished-call.ts';
import { TenantRefused } from '../calls/tenant-refused.ts';
import { costOf } from '../telemetry/cost-of.ts';
import { BudgetAccount, plus } from './budget-account.ts';
import { BudgetLedger } from './budget-ledger.ts';
import { reservationFor } from './reservation.ts';

interface BudgetParts {
  readonly tenants: Readonly<Record<string, TenantEntry>>;
  readonly prices: Readonly<Record<string, ModelPrice>>;
  /** Undefined: what was used up is forgotten at the end of the process. */
  readonly store: BudgetStore | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Held {
  readonly tenant: string;
  readonly amount: Spending;
}

/** What is set aside for running calls may come back at any moment. */
const SOON_S = 1;

/**
 * What tenants may use up in tokens and money, a day and a month. A call is let in while what was used up and what is set aside for the
 * calls that run leaves anything; when it is over, what it really used counts, once.
 */
export class Budgets {
  readonly #accounts: ReadonlyMap<string, BudgetAccount>;
  readonly #parts: BudgetParts;
  readonly #ledger: BudgetLedger | undefined;
  /** Calls that were let in and aren't over, by id. */
  readonly #held = new Map<string, Held>();

  constructor(parts: BudgetParts) {
    this.#parts = parts;
    this.#accounts = new Map(
      Object.entries(parts.tenants).flatMap(([tenant, { budget, timeZone }]) => {
        const account = new BudgetAccount(budget ?? {}, timeZone);
        return account.isUnlimited ? [] : [[tenant, account] as const];
      }),
    );
    const { store, clock, logger } = parts;
    if (store !== undefined && this.#accounts.size > 0) {
      this.#ledger = new BudgetLedger({ store, clock, logger: harmless(logger), accounts: this.#accounts, writer: uuidSource()() });
    }
  }

  /** Reads what was used up before this process. */
  async open(): Promise<void> {
    await this.#ledger?.open();
  }

  async close(): Promise<void> {
    await this.#ledger?.close();
  }

  /** Sets aside what a call may use. Throws `TenantRefused` where nothing is left. */
  hold({ requestId, caller: { tenant }, model, body }: AskedCall): void {
    const account = this.#accounts.get(tenant);
    if (account === undefined) return;
    const wallMs = this.#parts.clock.wallMs();
    const states = account.states(wallMs);
    const spent = states.filter((state) => state.spent >= state.most);
    if (spent.length > 0) throw exhausted(tenant, spent, wallMs);
    const full = states.find((state) => state.spent + state.reserved >= state.most);
    if (full !== undefined) throw setAside(tenant, full);
    const { prices } = this.#parts;
    const amount = plus(NOTHING, reservationFor(body, Object.hasOwn(prices, model) ? prices[model] : undefined));
    account.reserve(amount);
    this.#held.set(requestId, { tenant, amount });
  }

  /** Gives back what was set aside for a call. Returns whose it was; undefined where nothing was, or not any more. */
  release(requestId: string): string | undefined {
    const held = this.#held.get(requestId);
    if (held === undefined) return undefined;
    this.#held.delete(requestId);
    this.#accounts.get(held.tenant)?.release(held.amount);
    return held.tenant;
  }

  /** Counts what a call used, whatever became of it. */
  settle(call: FinishedCall): void {
    const tenant = this.release(call.requestId);
    const account = tenant === undefined ? undefined : this.#accounts.get(tenant);
    if (tenant === undefined || account === undefined || call.usage === undefined) return;
    const { inputTokens, allInputTokens = inputTokens, outputTokens } = call.usage;
    const amount = plus(NOTHING, { tokens: allInputTokens + outputTokens, money: costOf(call, this.#parts.prices) ?? 0 });
    if (amount.tokens === 0 && amount.money === 0) return;
    const periods = account.charge(amount, this.#parts.clock.wallMs());
    this.#ledger?.add(tenant, periods, amount);
  }

  /** How a tenant's limits stand. */
  states(tenant: string): readonly TenantBudget[] {
    return this.#accounts.get(tenant)?.states(this.#parts.clock.wallMs()) ?? [];
  }

  /** The token limit of which least is left; undefined where there is none. */
  tokenView(tenant: string): TenantLimitView | undefined {
    const wallMs = this.#parts.clock.wallMs();
    const views = this.states(tenant)
      .filter(({ unit }) => unit === 'tokens')
      .map(({ most, spent, reserved, endsAt }) => ({
        limit: most,
        remaining: Math.max(0, most - spent - reserved),
        resetSeconds: (endsAt - wallMs) / 1000,
      }));
    return views.sort((a, b) => a.remaining - b.remaining)[0];
  }
}

const NOTHING: Spending = { tokens: 0, money: 0 };

function exhausted(tenant: string, spent: readonly TenantBudget[], wallMs: number): TenantRefused {
  const last = spent.reduce((a, b) => (b.endsAt > a.endsAt ? b : a));
  return new TenantRefused({
    status: 429,
    code: 'budget_exhausted',
    message: `Tenant '${tenant}' has used up its budget of ${last.says}. It begins anew at ${new Date(last.endsAt).toISOString()}.`,
    retryAfterSeconds: (last.endsAt - wallMs) / 1000,
  });
}

function setAside(tenant: string, { says }: TenantBudget): TenantRefused {
  return new TenantRefused({
    status: 429,
    code: 'budget_exhausted',
    message: `What is left of the budget of tenant '${tenant}', ${says}, is set aside for its calls that run. Try again when one of them is done.`,
    retryAfterSeconds: SOON_S,
  });
}
