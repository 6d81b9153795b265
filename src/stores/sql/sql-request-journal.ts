import { type Kysely, type SelectQueryBuilder, sql, type Transaction } from 'kysely';
import {
  laneOf,
  type PendingWork,
  type RequestJournal,
  type Settlement,
  type TakenAtMost,
  type Work,
  type WorkRecord,
} from '../../domain/request-journal.ts';
import { macrotask } from '../../lib/system-clock.ts';
import { pendingWork, workRecord, workRow } from './work-rows.ts';
import type { WorkDatabase, WorkTables } from './work-tables.ts';

/** SQLite takes 32,766 values in a statement; longer ones are no faster. */
const ROWS_AT_ONCE = 100;
const FORGOTTEN_AT_ONCE = 2000;
/** What is kept of a request; the body may be large and is of no use to whoever asks how it went. */
const RECORD = [
  'seq',
  'id',
  'batch_id',
  'line',
  'custom_id',
  'model',
  'metadata',
  'accepted_at',
  'settled_at',
  'outcome',
  'answer',
] as const;

/** The journal in SQL: SQLite and Postgres understand every statement here. */
export class SqlRequestJournal implements RequestJournal {
  readonly #database: WorkDatabase;

  constructor(database: WorkDatabase) {
    this.#database = database;
  }

  async accept(work: readonly Work[]): Promise<void> {
    const db = await this.#database.tables();
    await db.transaction().execute(async (transaction) => {
      for (let from = 0; from < work.length; from += ROWS_AT_ONCE) {
        const rows = work.slice(from, from + ROWS_AT_ONCE).map((each) => workRow(each, laneOf(each)));
        await transaction.insertInto('headgate_work').values(rows).execute();
      }
    });
  }

  async lanes(): Promise<readonly string[]> {
    const db = await this.#database.tables();
    const rows = await db
      .selectFrom('headgate_work')
      .select('lane')
      .distinct()
      .where('settled_at', 'is', null)
      .where('batch_id', 'is', null)
      .orderBy('lane')
      .execute();
    return rows.map(({ lane }) => lane);
  }

  async take(lane: string, afterSeq: number, { count, characters }: TakenAtMost): Promise<readonly PendingWork[]> {
    const db = await this.#database.tables();
    const pending = db
      .selectFrom('headgate_work')
      .where('lane', '=', lane)
      .where('seq', '>', afterSeq)
      .where('settled_at', 'is', null)
      .orderBy('seq')
      .limit(count);
    const sizes = await pending.select(['seq', 'body_length']).execute();
    let left = characters;
    const few = sizes.filter(({ body_length }, index) => {
      left -= body_length;
      return left >= 0 || index === 0;
    });
    const last = few.at(-1)?.seq;
    if (last === undefined) return [];
    const rows = await pending.selectAll().where('seq', '<=', last).execute();
    return rows.map(pendingWork);
  }

  async settle(settlements: readonly Settlement[]): Promise<ReadonlySet<number>> {
    const db = await this.#database.tables();
    return db.transaction().execute(async (transaction) => {
      const recorded = new Set<number>();
      for (let from = 0; from < settlements.length; from += ROWS_AT_ONCE) {
        await settleSome(transaction, settlements.slice(from, from + ROWS_AT_ONCE), recorded);
      }
      return recorded;
    });
  }

  async find(id: string, tenant: string | undefined): Promise<WorkRecord | undefined> {
    const db = await this.#database.tables();
    let query = db.selectFrom('headgate_work').select(RECORD).where('id', '=', id).where('batch_id', 'is', null);
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    const row = await query.executeTakeFirst();
    return row && workRecord(row);
  }

  async linesOf(batchId: string, afterLine: number, limit: number): Promise<readonly WorkRecord[]> {
    const db = await this.#database.tables();
    const rows = await db
      .selectFrom('headgate_work')
      .select(RECORD)
      .where('batch_id', '=', batchId)
      .where('line', '>', afterLine)
      .orderBy('line')
      .limit(limit)
      .execute();
    return rows.map(workRecord);
  }

  async forgetLines(batchId: string): Promise<void> {
    await this.#forget((work) => work.where('batch_id', '=', batchId));
  }

  async forgetSettled(before: number): Promise<void> {
    await this.#forget((work) => work.where('batch_id', 'is', null).where('settled_at', '<', before));
  }

  async #forget(
    which: (work: SelectQueryBuilder<WorkTables, 'headgate_work', object>) => SelectQueryBuilder<WorkTables, 'headgate_work', object>,
  ): Promise<void> {
    const db = await this.#database.tables();
    for (;;) {
      const some = which(db.selectFrom('headgate_work')).select('seq').limit(FORGOTTEN_AT_ONCE);
      const { numDeletedRows } = await db.deleteFrom('headgate_work').where('seq', 'in', some).executeTakeFirst();
      if (Number(numDeletedRows) < FORGOTTEN_AT_ONCE) return;
      // SQLite waits for nobody: whoever calls interactively must have a turn.
      await macrotask();
    }
  }
}

async function settleSome(db: Transaction<WorkTables>, settlements: readonly Settlement[], recorded: Set<number>): Promise<void> {
  const values = settlements.map(
    ({ seq, at, outcome, answer }) => sql`(cast(${seq} as bigint), cast(${at} as bigint), ${JSON.stringify(outcome)}, ${answer ?? null})`,
  );
  // Both databases call the columns of a VALUES list column1, column2, … And without statistics Postgres takes pending work for rare:
  // that an outcome is missing must not look like what the index of pending work is for, or all of it is read.
  const { rows } = await sql<{ seq: number; batch_id: string | null }>`
    update headgate_work set settled_at = given.column2, outcome = given.column3, answer = given.column4, body = null
    from (values ${sql.join(values)}) as given
    where headgate_work.seq = given.column1 and coalesce(headgate_work.settled_at, 0) = 0
    returning headgate_work.seq, headgate_work.batch_id`.execute(db);
  const bySeq = new Map(settlements.map((settlement) => [settlement.seq, settlement]));
  const counts = new Map<string, BatchCounts>();
  for (const { seq, batch_id } of rows) {
    recorded.add(seq);
    const settlement = bySeq.get(seq);
    if (batch_id !== null && settlement !== undefined) count(counts, batch_id, settlement);
  }
  for (const [batchId, counted] of counts) await addCounts(db, batchId, counted);
}

interface BatchCounts {
  completed: number;
  failed: number;
  inputTokens: number;
  outputTokens: number;
}

function count(counts: Map<string, BatchCounts>, batchId: string, { outcome }: Settlement): void {
  const counted = counts.get(batchId) ?? { completed: 0, failed: 0, inputTokens: 0, outputTokens: 0 };
  counts.set(batchId, counted);
  counted[outcome.status] += 1;
  counted.inputTokens += outcome.inputTokens ?? 0;
  counted.outputTokens += outcome.outputTokens ?? 0;
}

async function addCounts(db: Kysely<WorkTables>, batchId: string, counted: BatchCounts): Promise<void> {
  await db
    .updateTable('headgate_batches')
    .set((column) => ({
      completed: column('completed', '+', counted.completed),
      failed: column('failed', '+', counted.failed),
      input_tokens: column('input_tokens', '+', counted.inputTokens),
      output_tokens: column('output_tokens', '+', counted.outputTokens),
    }))
    .where('id', '=', batchId)
    .execute();
}
