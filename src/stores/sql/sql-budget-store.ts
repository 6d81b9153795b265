import { type Kysely, sql } from 'kysely';
import type { BudgetBatch, BudgetStore, Spending } from '../../domain/budget-store.ts';
import { lazyTables, type Migration } from './migrate.ts';
import type { SqlDatabase } from './open-database.ts';

type BudgetTables = {
  headgate_spending: { readonly tenant: string; readonly period: string; readonly tokens: number; readonly money: number };
  /** The last batch of each process that ever wrote. */
  headgate_spending_writers: { readonly writer: string; readonly sequence: number };
};

const NOTHING: Spending = { tokens: 0, money: 0 };

const createTables: Migration = async (db) => {
  await sql`create table headgate_spending (
    tenant text not null, period text not null, tokens double precision not null, money double precision not null,
    primary key (tenant, period))`.execute(db);
  await sql`create table headgate_spending_writers (writer text primary key, sequence bigint not null)`.execute(db);
};

/** What tenants used up, in SQL; a row for each tenant and period. */
export class SqlBudgetStore implements BudgetStore {
  readonly #open: () => Promise<Kysely<BudgetTables>>;

  constructor(database: SqlDatabase) {
    this.#open = lazyTables(database, 'spending', [createTables]);
  }

  /** The database is closed by whoever opened it. */
  async disconnect(): Promise<void> {}

  async spent(tenant: string, periods: readonly string[]): Promise<readonly Spending[]> {
    const db = await this.#open();
    return Promise.all(periods.map((period) => total(db, tenant, period)));
  }

  async add({ writer, sequence, charges }: BudgetBatch): Promise<readonly Spending[]> {
    const db = await this.#open();
    return db.transaction().execute(async (transaction) => {
      const fresh = await transaction
        .insertInto('headgate_spending_writers')
        .values({ writer, sequence })
        .onConflict((conflict) =>
          conflict.column('writer').doUpdateSet({ sequence }).where('headgate_spending_writers.sequence', '<', sequence),
        )
        .returning('writer')
        .execute();
      const totals: Spending[] = [];
      for (const { tenant, period, tokens, money } of charges) {
        if (fresh.length > 0) {
          await transaction
            .insertInto('headgate_spending')
            .values({ tenant, period, tokens, money })
            .onConflict((conflict) =>
              conflict.columns(['tenant', 'period']).doUpdateSet({
                tokens: sql`headgate_spending.tokens + ${tokens}`,
                money: sql`headgate_spending.money + ${money}`,
              }),
            )
            .execute();
        }
        totals.push(await total(transaction, tenant, period));
      }
      return totals;
    });
  }
}

async function total(db: Kysely<BudgetTables>, tenant: string, period: string): Promise<Spending> {
  const row = await db
    .selectFrom('headgate_spending')
    .select(['tokens', 'money'])
    .where('tenant', '=', tenant)
    .where('period', '=', period)
    .executeTakeFirst();
  return row ?? NOTHING;
}
