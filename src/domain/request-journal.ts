import type { FailureReason } from './request-status.ts';

/** What persisted work may ask for: the path of the gateway that would answer it at once. */
export const WORK_ENDPOINTS = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings', '/v1/messages'] as const;
export type WorkEndpoint = (typeof WORK_ENDPOINTS)[number];

/** Whom work belongs to, as its key said when it was handed in. */
export interface WorkOwner {
  readonly keyId: string | undefined;
  readonly tenant: string;
  readonly isAdmin: boolean;
}

/** The line of a batch that a piece of work came from. */
export interface BatchLine {
  readonly batchId: string;
  /** From 1. */
  readonly line: number;
  readonly customId: string;
}

/** A call that was handed in to be made some time. Moments are epoch milliseconds. */
export interface Work {
  readonly id: string;
  readonly owner: WorkOwner;
  /** Undefined: handed in alone. */
  readonly batch: BatchLine | undefined;
  readonly endpoint: WorkEndpoint;
  readonly model: string;
  /** The call's body, a JSON object as text. */
  readonly body: string;
  readonly priority: number;
  readonly deadline: number | undefined;
  /** The caller's own, JSON as text. */
  readonly metadata: string | undefined;
  readonly acceptedAt: number;
}

/** Work that has no outcome yet. */
export interface PendingWork extends Work {
  /** Its place in the journal: what was accepted earlier has a smaller one. */
  readonly seq: number;
}

/** How much is read at once; a single piece of work may be larger. */
export interface TakenAtMost {
  readonly count: number;
  /** Of the bodies together. */
  readonly characters: number;
}

/** What is known of how a call went. */
export interface OutcomeFacts {
  /** The model that answered, or the one that was asked for. */
  readonly modelId: string;
  readonly attempts: number;
  readonly queueMs?: number | undefined;
  readonly processingMs?: number | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly deploymentId?: string | undefined;
  /** The answer's HTTP status and the provider's own id of the call; there was an answer where this is set. */
  readonly response?: { readonly status: number; readonly requestId: string | undefined } | undefined;
}

/** How work ended. */
export type WorkOutcome =
  | (OutcomeFacts & { readonly status: 'completed' })
  | (OutcomeFacts & { readonly status: 'failed'; readonly reason: FailureReason; readonly code: string; readonly error: string });

/** The outcome of one piece of work, to be written down. */
export interface Settlement {
  readonly seq: number;
  readonly at: number;
  readonly outcome: WorkOutcome;
  /** The answer's body, JSON as text; undefined where there was none. */
  readonly answer: string | undefined;
}

/** Work and, once it has one, its outcome. */
export interface WorkRecord {
  readonly seq: number;
  readonly id: string;
  readonly batch: BatchLine | undefined;
  readonly model: string;
  readonly metadata: string | undefined;
  readonly acceptedAt: number;
  readonly settled: Omit<Settlement, 'seq'> | undefined;
}

/**
 * Keeps work that was handed in until it has an outcome, and then the outcome. What it accepted is there after a crash. It knows
 * nothing of what is running: work without an outcome is pending, so after a crash what was running is simply taken again. Then the
 * upstream call may be made twice; the outcome is recorded once. One process takes from a journal at a time.
 */
export interface RequestJournal {
  /** Writes work down, all or nothing. Once it resolves, a crash loses none of it. */
  accept(work: readonly Work[]): Promise<void>;
  /** The lanes (see {@link laneOf}) of single requests that have pending work. */
  lanes(): Promise<readonly string[]>;
  /** Pending work of a lane after `afterSeq`, in the order it was accepted; some of it at least. Empty: there is none. */
  take(lane: string, afterSeq: number, most: TakenAtMost): Promise<readonly PendingWork[]>;
  /**
   * Writes outcomes down, all or nothing, and counts them for their batches. Work that has one already keeps it. The body of the call is
   * forgotten.
   * @returns the `seq` of those that had none
   */
  settle(settlements: readonly Settlement[]): Promise<ReadonlySet<number>>;
  /** A single request, by its id. @param tenant whose it must be; undefined: anybody's */
  find(id: string, tenant: string | undefined): Promise<WorkRecord | undefined>;
  /** The lines of a batch after `afterLine`, in their order. */
  linesOf(batchId: string, afterLine: number, limit: number): Promise<readonly WorkRecord[]>;
  /** Forgets the lines of a batch, some at a time so that nobody else waits long. */
  forgetLines(batchId: string): Promise<void>;
  /** Forgets single requests that were settled before a moment, some at a time. */
  forgetSettled(before: number): Promise<void>;
}

/**
 * Where work waits in line: work of one lane is taken in order, lanes take turns. A batch has its own; single requests share one with
 * those of the same tenant, model and priority.
 */
export function laneOf({ batch, owner, model, priority }: Pick<Work, 'batch' | 'owner' | 'model' | 'priority'>): string {
  return batch === undefined ? JSON.stringify([owner.tenant, model, priority]) : laneOfBatch(batch.batchId);
}

export function laneOfBatch(batchId: string): string {
  return `batch ${batchId}`;
}
