/** What was used up. */
export interface Spending {
  readonly tokens: number;
  /** In the currency of the prices. */
  readonly money: number;
}

/** What a tenant used up in one of its calendar periods, as `2026-11-22` or `2026-11`. */
export interface BudgetCharge extends Spending {
  readonly tenant: string;
  readonly period: string;
  /** What the store said before that this period comes to: one that lost its data takes it from here. */
  readonly known?: Spending | undefined;
}

/** Charges that are written at once. */
export interface BudgetBatch {
  /** Who writes; each process has a name of its own. */
  readonly writer: string;
  /** Counts the writer's batches, from 1. */
  readonly sequence: number;
  readonly charges: readonly BudgetCharge[];
}

/** Keeps what tenants used up, across restarts. Its methods reject where it is down. */
export interface BudgetStore {
  /** What a tenant used up in each of these periods; nothing where it is not known. */
  spent(tenant: string, periods: readonly string[]): Promise<readonly Spending[]>;
  /**
   * Adds charges, all of them or none, and tells what each one's period comes to. A batch that was added already changes nothing:
   * whoever can't tell whether it was sends it again.
   */
  add(batch: BudgetBatch): Promise<readonly Spending[]>;
  disconnect(): Promise<void>;
}
