import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { IdSet } from '../../lib/id-set.ts';
import { systemReason, UsageError } from '../usage-error.ts';
import { writeFully } from './atomic-file.ts';
import { pauseForOthers } from './pause-for-others.ts';
import { type Line, readLines } from './read-lines.ts';
import { readResultLine } from './result-line.ts';

/** What an earlier run left. */
export interface EarlierResults {
  /** Ids with a good answer. */
  readonly finished: IdSet;
  /** Lines that were dropped: failed ones, a torn last one, anything that is no result. */
  readonly dropped: number;
}

const LINES_AT_A_TIME = 512;
const BYTES_AT_A_TIME = 1024 * 1024;
/** Results may be longer than a request's line may be: they carry whole answers. */
const MAX_RESULT_BYTES = 512 * 1024 * 1024;

/**
 * Reads what stands in the output and drops everything but completed lines, so that the rest is run again. The file
 * is replaced in one step, and only where something has to go. A missing file counts as an empty one.
 */
export async function repairOutput(path: string): Promise<EarlierResults> {
  if (!existsSync(path)) return { finished: new IdSet(), dropped: 0 };
  try {
    const { finished, dropped } = await eachLine(path, () => {});
    if (dropped > 0) await rewrite(path);
    return { finished, dropped };
  } catch (error) {
    throw new UsageError(`Can't read or repair '${path}': ${systemReason(error)}.`, { cause: error });
  }
}

async function rewrite(path: string): Promise<void> {
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'w');
  try {
    let pending: string[] = [];
    let size = 0;
    const flush = (): void => {
      writeFully(fd, Buffer.from(pending.join('')));
      pending = [];
      size = 0;
    };
    await eachLine(path, (text) => {
      pending.push(text, '\n');
      size += text.length;
      if (size > BYTES_AT_A_TIME) flush();
    });
    flush();
    fsyncSync(fd);
    renameSync(temporary, path);
  } finally {
    closeSync(fd);
    rmSync(temporary, { force: true });
  }
}

/** Calls `keep` with every line worth keeping. */
async function eachLine(path: string, keep: (text: string) => void): Promise<EarlierResults> {
  const fd = openSync(path, 'r');
  const finished = new IdSet();
  let dropped = 0;
  try {
    for (const line of readLines(fd, { maxLineBytes: MAX_RESULT_BYTES })) {
      if (isWorthKeeping(line, finished)) keep(line.text);
      else dropped += 1;
      if (line.number % LINES_AT_A_TIME === 0) await pauseForOthers();
    }
  } finally {
    closeSync(fd);
  }
  return { finished, dropped };
}

function isWorthKeeping(line: Line, finished: IdSet): boolean {
  // A last line without its newline is torn, even where it happens to parse.
  const result = line.isEnded && !line.isTooLong ? readResultLine(line.text) : undefined;
  return result?.isCompleted === true && finished.add(result.customId, line.number) === undefined;
}
