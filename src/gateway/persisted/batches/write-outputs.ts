import type { BatchRecord } from '../../../domain/batch-store.ts';
import type { FileStore } from '../../../domain/file-store.ts';
import type { RequestJournal } from '../../../domain/request-journal.ts';
import { FileWriter } from '../file-writer.ts';
import { type BatchEnding, type OutputLine, outputLine } from './output-line.ts';

const LINES_AT_ONCE = 50;

export interface WriteOutputsOptions {
  readonly files: FileStore;
  readonly journal: RequestJournal;
  readonly now: number;
  readonly expiresAt: number | undefined;
}

export interface BatchFiles {
  readonly outputFileId: string | undefined;
  readonly errorFileId: string | undefined;
}

/**
 * Writes the output and error files of a batch, each only where it has lines. Their ids follow from the batch's: written again after a
 * crash, they replace what there is of them, so that each line is in them once.
 */
export async function writeOutputs(batch: BatchRecord, ending: BatchEnding, options: WriteOutputsOptions): Promise<BatchFiles> {
  const { files, journal, now, expiresAt } = options;
  const writers = new Map<OutputLine['kind'], FileWriter>();
  for (const kind of ['output', 'error'] as const) await files.remove(fileIdOf(batch.id, kind));
  for (let after = 0; ; ) {
    const lines = await journal.linesOf(batch.id, after, LINES_AT_ONCE);
    const texts = { output: '', error: '' };
    for (const line of lines) {
      const { kind, text } = outputLine(line, ending);
      texts[kind] += text;
      after = line.batch?.line ?? after;
    }
    for (const kind of ['output', 'error'] as const) {
      if (texts[kind] === '') continue;
      const file = { id: fileIdOf(batch.id, kind), tenant: batch.owner.tenant, createdAt: now };
      const writer = writers.get(kind) ?? (await FileWriter.open(files, file));
      writers.set(kind, writer);
      await writer.write(Buffer.from(texts[kind]));
    }
    if (lines.length < LINES_AT_ONCE) break;
  }
  for (const [kind, writer] of writers) await writer.finish('batch_output', `${batch.id}_${kind}.jsonl`, expiresAt);
  const idOf = (kind: OutputLine['kind']): string | undefined => (writers.has(kind) ? fileIdOf(batch.id, kind) : undefined);
  return { outputFileId: idOf('output'), errorFileId: idOf('error') };
}

function fileIdOf(batchId: string, kind: OutputLine['kind']): string {
  return `file-${batchId.slice(batchId.indexOf('_') + 1)}-${kind}`;
}
