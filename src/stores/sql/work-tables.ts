import { type Generated, type Kysely, sql } from 'kysely';
import { lazyTables, type Migration } from './migrate.ts';
import type { SqlDatabase } from './open-database.ts';

export interface WorkRow {
  readonly seq: Generated<number>;
  readonly id: string;
  readonly lane: string;
  readonly tenant: string;
  readonly key_id: string | null;
  readonly is_admin: number;
  /** Null: a single request. */
  readonly batch_id: string | null;
  readonly line: number | null;
  readonly custom_id: string | null;
  readonly endpoint: string;
  readonly model: string;
  /** Null once it has an outcome. */
  readonly body: string | null;
  readonly body_length: number;
  readonly priority: number;
  readonly deadline: number | null;
  readonly metadata: string | null;
  readonly accepted_at: number;
  /** Null: pending. */
  readonly settled_at: number | null;
  readonly outcome: string | null;
  readonly answer: string | null;
}

interface BatchRow {
  readonly seq: Generated<number>;
  readonly id: string;
  readonly tenant: string;
  readonly key_id: string | null;
  readonly is_admin: number;
  readonly status: string;
  readonly facts: string;
  readonly completed: Generated<number>;
  readonly failed: Generated<number>;
  readonly input_tokens: Generated<number>;
  readonly output_tokens: Generated<number>;
}

interface FileRow {
  readonly seq: Generated<number>;
  readonly id: string;
  readonly tenant: string;
  readonly filename: string;
  readonly purpose: string;
  /** Null: not finished. */
  readonly bytes: number | null;
  readonly created_at: number;
  readonly expires_at: number | null;
}

interface PieceRow {
  readonly file_id: string;
  readonly position: number;
  readonly content: Uint8Array;
}

export type WorkTables = {
  headgate_work: WorkRow;
  headgate_batches: BatchRow;
  headgate_files: FileRow;
  headgate_file_pieces: PieceRow;
};

const createTables: Migration = async (db, kind) => {
  const key = sql.raw(kind === 'sqlite' ? 'integer primary key autoincrement' : 'bigserial primary key');
  const bytes = sql.raw(kind === 'sqlite' ? 'blob' : 'bytea');
  const owner = sql`tenant text not null, key_id text, is_admin integer not null`;
  const statements = [
    sql`create table headgate_work (
      seq ${key}, id text not null, lane text not null, ${owner}, batch_id text, line integer, custom_id text, endpoint text not null,
      model text not null, body text, body_length integer not null, priority integer not null, deadline bigint, metadata text, accepted_at bigint not null,
      settled_at bigint, outcome text, answer text)`,
    sql`create unique index headgate_work_id on headgate_work (id) where batch_id is null`,
    sql`create index headgate_work_pending on headgate_work (lane, seq) where settled_at is null`,
    sql`create index headgate_work_line on headgate_work (batch_id, line) where batch_id is not null`,
    sql`create index headgate_work_settled on headgate_work (settled_at) where batch_id is null and settled_at is not null`,
    sql`create table headgate_batches (
      seq ${key}, id text not null unique, ${owner}, status text not null, facts text not null, completed integer not null default 0,
      failed integer not null default 0, input_tokens bigint not null default 0, output_tokens bigint not null default 0)`,
    sql`create table headgate_files (
      seq ${key}, id text not null unique, tenant text not null, filename text not null, purpose text not null, bytes bigint,
      created_at bigint not null, expires_at bigint)`,
    sql`create table headgate_file_pieces (
      file_id text not null references headgate_files (id) on delete cascade, position integer not null, content ${bytes} not null,
      primary key (file_id, position))`,
  ];
  for (const statement of statements) await statement.execute(db);
};

/** The tables of persisted work: made when they are first needed, so that a server may come later than we. */
export class WorkDatabase {
  readonly tables: () => Promise<Kysely<WorkTables>>;

  constructor(database: SqlDatabase) {
    this.tables = lazyTables(database, 'work', [createTables]);
  }
}
