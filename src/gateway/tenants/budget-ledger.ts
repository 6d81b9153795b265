import type { BudgetBatch, BudgetCharge, BudgetStore, Spending } from '../../domain/budget-store.ts';
import type { Clock, TimerHandle } from '../../domain/clock.ts';
import { textOf } from '../../domain/errors.ts';
import type { EasyLogger } from '../../domain/logger.ts';
import { type BudgetAccount, plus } from './budget-account.ts';

interface LedgerParts {
  readonly store: BudgetStore;
  readonly accounts: ReadonlyMap<string, BudgetAccount>;
  readonly clock: Clock;
  readonly logger: EasyLogger;
  /** This process's name, as no other has it. */
  readonly writer: string;
}

const WRITE_AFTER_MS = 200;
const RETRY_AFTER_MS = 1000;

/** Brings what tenants used up into a store, in batches and in the background; reads at the beginning what is there already. */
export class BudgetLedger {
  readonly #parts: LedgerParts;
  #hasRead = false;
  /** Not sent yet, by tenant and period. */
  #next = new Map<string, BudgetCharge>();
  /** Sent, maybe written: it is sent again as it is until somebody says so. */
  #sent: BudgetBatch | undefined;
  #sequence = 0;
  #timer: TimerHandle | undefined;
  #working: Promise<void> | undefined;
  #isDown = false;
  #isClosed = false;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** Reads what was used up before. A store that is down is read later: until then everything counts from zero. */
  open(): Promise<void> {
    return this.#work();
  }

  add(tenant: string, periods: readonly string[], amount: Spending): void {
    for (const period of periods) {
      const place = `${period} ${tenant}`;
      const before = this.#next.get(place);
      this.#next.set(place, { tenant, period, ...(before === undefined ? amount : plus(before, amount)) });
    }
    this.#workLater(WRITE_AFTER_MS);
  }

  /** Writes what is left, tried once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#parts.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#working;
    await this.#work();
    const lost = [...(this.#sent?.charges ?? []), ...this.#next.values()];
    if (lost.length > 0) this.#parts.logger.error({ lost }, 'the store of budgets is down: what tenants used up last is lost');
    await this.#parts.store.disconnect();
  }

  #workLater(ms: number): void {
    if (this.#isClosed || this.#timer !== undefined || this.#working !== undefined) return;
    const work = (): void => {
      this.#timer = undefined;
      void this.#work();
    };
    this.#timer = this.#parts.clock.setTimeout(work, ms);
  }

  /** Never rejects. */
  #work(): Promise<void> {
    this.#working ??= this.#tryAll().then(() => {
      this.#working = undefined;
      if (this.#isDown) this.#workLater(RETRY_AFTER_MS);
      else if (this.#next.size > 0) this.#workLater(WRITE_AFTER_MS);
    });
    return this.#working;
  }

  async #tryAll(): Promise<void> {
    const { logger } = this.#parts;
    try {
      if (!this.#hasRead) await this.#read();
      await this.#write();
      if (this.#isDown) logger.info({}, 'the store of budgets is back');
      this.#isDown = false;
    } catch (error) {
      if (!this.#isDown) logger.warn({ reason: textOf(error) }, 'the store of budgets is down: what tenants use up is kept here meanwhile');
      this.#isDown = true;
    }
  }

  async #read(): Promise<void> {
    const { store, accounts, clock } = this.#parts;
    for (const [tenant, account] of accounts) {
      const names = account.periods(clock.wallMs()).map(({ name }) => name);
      const spent = await store.spent(tenant, names);
      names.forEach((name, index) => {
        const total = spent[index];
        if (total !== undefined) account.saved(name, total);
      });
    }
    this.#hasRead = true;
  }

  async #write(): Promise<void> {
    const { store, accounts, writer } = this.#parts;
    while (this.#sent !== undefined || this.#next.size > 0) {
      if (this.#sent === undefined) {
        const charges = [...this.#next.values()].map((charge) => ({ ...charge, known: accounts.get(charge.tenant)?.known(charge.period) }));
        this.#sent = { writer, sequence: ++this.#sequence, charges };
        this.#next = new Map();
      }
      const { charges } = this.#sent;
      const totals = await store.add(this.#sent);
      this.#sent = undefined;
      charges.forEach((charge, index) => {
        const total = totals[index];
        if (total !== undefined) accounts.get(charge.tenant)?.saved(charge.period, total, charge);
      });
    }
  }
}
