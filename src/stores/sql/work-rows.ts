import type { Insertable, Selectable } from 'kysely';
import type {
  BatchLine,
  PendingWork,
  Settlement,
  Work,
  WorkEndpoint,
  WorkOutcome,
  WorkOwner,
  WorkRecord,
} from '../../domain/request-journal.ts';
import type { WorkRow } from './work-tables.ts';

type OwnerColumns = Pick<Selectable<WorkRow>, 'tenant' | 'key_id' | 'is_admin'>;
type LineColumns = Pick<Selectable<WorkRow>, 'batch_id' | 'line' | 'custom_id'>;
type RecordColumns = LineColumns &
  Pick<Selectable<WorkRow>, 'seq' | 'id' | 'model' | 'metadata' | 'accepted_at' | 'settled_at' | 'outcome' | 'answer'>;

export function ownerColumns({ tenant, keyId, isAdmin }: WorkOwner): OwnerColumns {
  return { tenant, key_id: keyId ?? null, is_admin: isAdmin ? 1 : 0 };
}

export function ownerOf({ tenant, key_id, is_admin }: OwnerColumns): WorkOwner {
  return { tenant, keyId: key_id ?? undefined, isAdmin: is_admin !== 0 };
}

export function workRow(work: Work, lane: string): Insertable<WorkRow> {
  return {
    id: work.id,
    lane,
    ...ownerColumns(work.owner),
    batch_id: work.batch?.batchId ?? null,
    line: work.batch?.line ?? null,
    custom_id: work.batch?.customId ?? null,
    endpoint: work.endpoint,
    model: work.model,
    body: work.body,
    body_length: work.body.length,
    priority: work.priority,
    deadline: work.deadline ?? null,
    metadata: work.metadata ?? null,
    accepted_at: work.acceptedAt,
  };
}

export function pendingWork(row: Selectable<WorkRow>): PendingWork {
  return {
    seq: row.seq,
    id: row.id,
    owner: ownerOf(row),
    batch: lineOf(row),
    // Only what was checked is written.
    endpoint: row.endpoint as WorkEndpoint,
    model: row.model,
    body: row.body ?? '{}',
    priority: row.priority,
    deadline: row.deadline ?? undefined,
    metadata: row.metadata ?? undefined,
    acceptedAt: row.accepted_at,
  };
}

export function workRecord(row: RecordColumns): WorkRecord {
  const { seq, id, model, metadata, accepted_at } = row;
  return { seq, id, batch: lineOf(row), model, metadata: metadata ?? undefined, acceptedAt: accepted_at, settled: settlementOf(row) };
}

function settlementOf({ settled_at, outcome, answer }: RecordColumns): Omit<Settlement, 'seq'> | undefined {
  if (settled_at === null || outcome === null) return undefined;
  return { at: settled_at, outcome: JSON.parse(outcome) as WorkOutcome, answer: answer ?? undefined };
}

function lineOf({ batch_id, line, custom_id }: LineColumns): BatchLine | undefined {
  return batch_id === null ? undefined : { batchId: batch_id, line: line ?? 0, customId: custom_id ?? '' };
}
