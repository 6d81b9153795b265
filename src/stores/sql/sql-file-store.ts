import type { Selectable } from 'kysely';
import type { FilePurpose, FileStore, Page, StoredFile } from '../../domain/file-store.ts';
import type { WorkDatabase, WorkTables } from './work-tables.ts';

/** Files in SQL, in rows of one piece each. */
export class SqlFileStore implements FileStore {
  readonly #database: WorkDatabase;

  constructor(database: WorkDatabase) {
    this.#database = database;
  }

  async begin(id: string, tenant: string, createdAt: number): Promise<void> {
    const db = await this.#database.tables();
    await db.deleteFrom('headgate_files').where('id', '=', id).where('bytes', 'is', null).execute();
    const row = { id, tenant, filename: '', purpose: '', bytes: null, created_at: createdAt, expires_at: null };
    await db.insertInto('headgate_files').values(row).execute();
  }

  async append(id: string, position: number, piece: Uint8Array): Promise<void> {
    const db = await this.#database.tables();
    await db.insertInto('headgate_file_pieces').values({ file_id: id, position, content: piece }).execute();
  }

  async finish({ id, filename, purpose, bytes, createdAt, expiresAt }: StoredFile): Promise<void> {
    const db = await this.#database.tables();
    const changes = { filename, purpose, bytes, created_at: createdAt, expires_at: expiresAt ?? null };
    await db.updateTable('headgate_files').set(changes).where('id', '=', id).execute();
  }

  async find(id: string, tenant: string | undefined): Promise<StoredFile | undefined> {
    const db = await this.#database.tables();
    let query = db.selectFrom('headgate_files').selectAll().where('id', '=', id).where('bytes', 'is not', null);
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    const row = await query.executeTakeFirst();
    return row && storedFile(row);
  }

  async list({ tenant, purpose, after, limit, order }: Page & { readonly purpose: string | undefined }): Promise<readonly StoredFile[]> {
    const db = await this.#database.tables();
    let query = db.selectFrom('headgate_files').selectAll().where('bytes', 'is not', null).orderBy('seq', order).limit(limit);
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    if (purpose !== undefined) query = query.where('purpose', '=', purpose);
    if (after !== undefined) {
      let place = db.selectFrom('headgate_files as last').select('last.seq').where('last.id', '=', after);
      // Another's id is as good as none.
      if (tenant !== undefined) place = place.where('last.tenant', '=', tenant);
      query = query.where('seq', order === 'asc' ? '>' : '<', place);
    }
    return (await query.execute()).map(storedFile);
  }

  async *read(id: string): AsyncIterable<Uint8Array> {
    const db = await this.#database.tables();
    for (let position = 0; ; position++) {
      const piece = await db
        .selectFrom('headgate_file_pieces')
        .select('content')
        .where('file_id', '=', id)
        .where('position', '=', position)
        .executeTakeFirst();
      if (piece === undefined) return;
      yield piece.content;
    }
  }

  async remove(id: string): Promise<boolean> {
    const db = await this.#database.tables();
    const { numDeletedRows } = await db.deleteFrom('headgate_files').where('id', '=', id).executeTakeFirst();
    return Number(numDeletedRows) > 0;
  }

  async removeOld(expiredBefore: number, begunBefore: number): Promise<void> {
    const db = await this.#database.tables();
    await db.deleteFrom('headgate_files').where('expires_at', '<', expiredBefore).execute();
    await db.deleteFrom('headgate_files').where('bytes', 'is', null).where('created_at', '<', begunBefore).execute();
  }
}

function storedFile(row: Selectable<WorkTables['headgate_files']>): StoredFile {
  const { id, tenant, filename, purpose, bytes, created_at, expires_at } = row;
  // Only what was checked is written.
  return {
    id,
    tenant,
    filename,
    purpose: purpose as FilePurpose,
    bytes: bytes ?? 0,
    createdAt: created_at,
    expiresAt: expires_at ?? undefined,
  };
}
