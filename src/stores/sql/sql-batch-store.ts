import type { Selectable } from 'kysely';
import type { BatchFacts, BatchRecord, BatchStatus, BatchStore } from '../../domain/batch-store.ts';
import type { Page } from '../../domain/file-store.ts';
import { ownerColumns, ownerOf } from './work-rows.ts';
import type { WorkDatabase, WorkTables } from './work-tables.ts';

const UNFINISHED: readonly BatchStatus[] = ['validating', 'in_progress', 'finalizing', 'cancelling'];

/** Batches in SQL. */
export class SqlBatchStore implements BatchStore {
  readonly #database: WorkDatabase;

  constructor(database: WorkDatabase) {
    this.#database = database;
  }

  async create({ id, owner, status, facts }: Pick<BatchRecord, 'id' | 'owner' | 'status' | 'facts'>): Promise<void> {
    const db = await this.#database.tables();
    const row = { id, ...ownerColumns(owner), status, facts: JSON.stringify(facts) };
    await db.insertInto('headgate_batches').values(row).execute();
  }

  async find(id: string, tenant: string | undefined): Promise<BatchRecord | undefined> {
    const db = await this.#database.tables();
    let query = db.selectFrom('headgate_batches').selectAll().where('id', '=', id);
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    const row = await query.executeTakeFirst();
    return row && batchRecord(row);
  }

  async list({ tenant, after, limit, order }: Page): Promise<readonly BatchRecord[]> {
    const db = await this.#database.tables();
    let query = db.selectFrom('headgate_batches').selectAll().orderBy('seq', order).limit(limit);
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    if (after !== undefined) {
      let place = db.selectFrom('headgate_batches as last').select('last.seq').where('last.id', '=', after);
      // Another's id is as good as none.
      if (tenant !== undefined) place = place.where('last.tenant', '=', tenant);
      query = query.where('seq', order === 'asc' ? '>' : '<', place);
    }
    return (await query.execute()).map(batchRecord);
  }

  async move(id: string, from: BatchStatus, to: BatchStatus, facts: BatchFacts): Promise<boolean> {
    const db = await this.#database.tables();
    const changes = { status: to, facts: JSON.stringify(facts) };
    const result = await db.updateTable('headgate_batches').set(changes).where('id', '=', id).where('status', '=', from).executeTakeFirst();
    return Number(result.numUpdatedRows) > 0;
  }

  async unfinished(): Promise<readonly BatchRecord[]> {
    const db = await this.#database.tables();
    const rows = await db.selectFrom('headgate_batches').selectAll().where('status', 'in', UNFINISHED).orderBy('seq').execute();
    return rows.map(batchRecord);
  }
}

function batchRecord(row: Selectable<WorkTables['headgate_batches']>): BatchRecord {
  return {
    id: row.id,
    owner: ownerOf(row),
    // Only what was checked is written.
    status: row.status as BatchStatus,
    facts: JSON.parse(row.facts) as BatchFacts,
    completed: row.completed,
    failed: row.failed,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
  };
}
