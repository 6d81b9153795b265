import type { Page } from './file-store.ts';
import type { WorkEndpoint, WorkOwner } from './request-journal.ts';

/** Where a batch stands; the names are OpenAI's. */
export type BatchStatus = 'validating' | 'failed' | 'in_progress' | 'finalizing' | 'completed' | 'expired' | 'cancelling' | 'cancelled';

/** What is wrong with the input of a batch. */
export interface BatchProblem {
  readonly code: string;
  readonly message: string;
  /** From 1; undefined: the file as a whole. */
  readonly line: number | undefined;
  readonly param: string | undefined;
}

/** A batch but for what is counted while it runs. Moments are epoch milliseconds. */
export interface BatchFacts {
  readonly endpoint: WorkEndpoint;
  readonly inputFileId: string;
  readonly completionWindow: string;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When it came into each status it has been in. */
  readonly since: Readonly<Partial<Record<BatchStatus, number>>>;
  /** How it ends once its files are written. */
  readonly ending?: 'completed' | 'expired' | undefined;
  readonly problems?: readonly BatchProblem[] | undefined;
  /** Its files are written; what is left is to forget its lines. */
  readonly isWritten?: boolean | undefined;
  readonly outputFileId?: string | undefined;
  readonly errorFileId?: string | undefined;
  /** Lines in all, once they were counted. */
  readonly total: number;
}

export interface BatchRecord {
  readonly id: string;
  readonly owner: WorkOwner;
  readonly status: BatchStatus;
  readonly facts: BatchFacts;
  /** Lines with an outcome of each kind, and the tokens they used; counted by the journal. */
  readonly completed: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Keeps batches; their lines are in the journal. */
export interface BatchStore {
  create(batch: Pick<BatchRecord, 'id' | 'owner' | 'status' | 'facts'>): Promise<void>;
  /** @param tenant whose it must be; undefined: anybody's */
  find(id: string, tenant: string | undefined): Promise<BatchRecord | undefined>;
  list(page: Page): Promise<readonly BatchRecord[]>;
  /** Changes a batch if it still has the status `from`; tells whether it had. */
  move(id: string, from: BatchStatus, to: BatchStatus, facts: BatchFacts): Promise<boolean>;
  /** Those that haven't ended, oldest first. */
  unfinished(): Promise<readonly BatchRecord[]>;
}
