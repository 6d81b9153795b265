import type { BatchProblem, BatchRecord } from '../../../domain/batch-store.ts';
import type { FileStore } from '../../../domain/file-store.ts';
import type { RequestJournal, Work, WorkOwner } from '../../../domain/request-journal.ts';
import { IdSet } from '../../../lib/id-set.ts';
import { macrotask } from '../../../lib/system-clock.ts';
import { type CheckedLine, checkLine } from './check-line.ts';
import { linesIn } from './lines.ts';

/** Batches stand behind everything that somebody waits for. */
const BATCH_PRIORITY = -10;
/** So many are written within some milliseconds. */
const LINES_AT_ONCE = 250;
const BYTES_AT_ONCE = 1024 * 1024;
const MOST_PROBLEMS = 100;

export interface ImportOptions {
  readonly files: FileStore;
  readonly journal: RequestJournal;
  readonly offers: (owner: WorkOwner, model: string) => boolean;
  readonly mostLines: number;
  readonly longestLine: number;
  readonly signal: AbortSignal;
}

export interface ImportedLines {
  readonly total: number;
  /** Why the batch can't be run; empty: it can. */
  readonly problems: readonly BatchProblem[];
}

/** Reads the input of a batch and puts its lines into the journal, where they wait until the batch is run. */
export async function importLines(batch: BatchRecord, options: ImportOptions): Promise<ImportedLines> {
  const { files, journal, offers, mostLines, longestLine, signal } = options;
  const { endpoint, inputFileId } = batch.facts;
  const rules = { endpoint, offers: (model: string) => offers(batch.owner, model), customIds: new IdSet() };
  const problems: BatchProblem[] = [];
  const group = new LineGroup(batch, journal);
  const file = await files.find(inputFileId, undefined);
  const read = new CountedPieces(files.read(inputFileId));
  let total = 0;
  for await (const line of linesIn(read, longestLine)) {
    if (signal.aborted) break;
    const checked = checkLine(line, rules);
    if (checked === undefined) continue;
    total += 1;
    if ('code' in checked) problems.push(checked);
    else if (problems.length === 0) await group.add(checked);
    if (problems.length >= MOST_PROBLEMS) break;
    if (total > mostLines) {
      return {
        total,
        problems: [ofFile('too_many_requests', `The file has more than ${mostLines.toLocaleString('en-US')} lines. Divide it.`)],
      };
    }
  }
  if (signal.aborted || problems.length >= MOST_PROBLEMS) return { total, problems };
  if (read.bytes !== file?.bytes) return { total, problems: [ofFile('file_deleted', 'The file was deleted before it was read.')] };
  if (problems.length > 0) return { total, problems };
  if (total === 0) return { total, problems: [ofFile('empty_file', 'The file has no lines to run.')] };
  await group.write();
  return { total, problems };
}

function ofFile(code: string, message: string): BatchProblem {
  return { code, message, line: undefined, param: 'input_file_id' };
}

/** Knows how much of a file it has handed on. */
class CountedPieces implements AsyncIterable<Uint8Array> {
  bytes = 0;
  readonly #pieces: AsyncIterable<Uint8Array>;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for await (const piece of this.#pieces) {
      this.bytes += piece.byteLength;
      yield piece;
    }
  }
}

/** Lines on their way into the journal, some at a time. */
class LineGroup {
  readonly #batch: BatchRecord;
  readonly #journal: RequestJournal;
  #work: Work[] = [];
  #bytes = 0;

  constructor(batch: BatchRecord, journal: RequestJournal) {
    this.#batch = batch;
    this.#journal = journal;
  }

  async add({ line, customId, model, body }: CheckedLine): Promise<void> {
    const { id: batchId, owner, facts } = this.#batch;
    this.#work.push({
      id: `batch_req_${batchId.slice(batchId.indexOf('_') + 1)}_${line}`,
      owner,
      batch: { batchId, line, customId },
      endpoint: facts.endpoint,
      model,
      body,
      priority: BATCH_PRIORITY,
      deadline: facts.expiresAt,
      metadata: undefined,
      acceptedAt: facts.createdAt,
    });
    this.#bytes += body.length;
    if (this.#work.length >= LINES_AT_ONCE || this.#bytes >= BYTES_AT_ONCE) await this.write();
  }

  async write(): Promise<void> {
    if (this.#work.length === 0) return;
    await this.#journal.accept(this.#work);
    this.#work = [];
    this.#bytes = 0;
    // SQLite waits for nobody: whoever calls interactively must have a turn.
    await macrotask();
  }
}
