import { createHash } from 'node:crypto';
import { IdSet } from '../../lib/id-set.ts';
import { UsageError } from '../usage-error.ts';
import { isInvalid } from './batch-request.ts';
import { interpretLine, type LineDefaults } from './interpret-line.ts';
import { pauseForOthers } from './pause-for-others.ts';
import { readLines } from './read-lines.ts';

/** What is known of an input after it was read once. */
export interface InputScan {
  /** SHA-256 of the whole input. */
  readonly sha256: string;
  readonly bytes: number;
  /** Lines that are not blank, at most `limit`. */
  readonly total: number;
  /** The models that they name, in the order of their first line. */
  readonly models: readonly string[];
}

/** How to scan. */
export interface ScanOptions extends LineDefaults {
  /** Shown in messages. */
  readonly name: string;
  /** Only the first so many lines. */
  readonly limit: number | undefined;
  readonly isStopped: () => boolean;
}

/** Each model has a queue and limits of its own. */
const MOST_MODELS = 100;
const LINES_AT_A_TIME = 512;

/**
 * Reads the whole input before anything is sent: its digest, its models, and that no id stands in it twice.
 * @throws UsageError for a duplicate id, no line at all, no line with a model, or too many models
 */
export async function scanInput(fd: number, options: ScanOptions): Promise<InputScan> {
  const hash = createHash('sha256');
  const ids = new IdSet();
  const models = new Set<string>();
  let bytes = 0;
  let total = 0;
  const onChunk = (chunk: Buffer): void => {
    hash.update(chunk);
    bytes += chunk.length;
  };
  for (const line of readLines(fd, { onChunk })) {
    if (line.number % LINES_AT_A_TIME === 0) await pauseForOthers();
    if (options.isStopped()) break;
    // The digest covers the rest as well.
    if (total === options.limit) continue;
    const request = interpretLine(line, options);
    if (request === undefined) continue;
    total += 1;
    const earlier = ids.add(request.id, line.number);
    if (earlier !== undefined) throw duplicate(options.name, request.id, earlier, line.number);
    if (!isInvalid(request)) models.add(request.model);
    if (models.size > MOST_MODELS) throw new UsageError(`'${options.name}' names more than ${MOST_MODELS} models; split it.`);
  }
  if (total === 0 && !options.isStopped())
    throw new UsageError(`'${options.name}' holds no requests: expected one per line, such as {"prompt": "…"}.`);
  // Where the models are known, each line says by itself what is wrong with it.
  if (models.size === 0 && options.model === undefined && options.problemOf === undefined && !options.isStopped())
    throw withoutModel(options);
  return { sha256: hash.digest('hex'), bytes, total, models: [...models] };
}

function duplicate(name: string, id: string, earlier: number, line: number): UsageError {
  return new UsageError(
    `'${name}' has the id '${id}' twice, on lines ${earlier} and ${line}. Nothing was sent. Give each line its own id.`,
  );
}

function withoutModel({ name, format }: ScanOptions): UsageError {
  const what = format === 'txt' ? 'A .txt input names no model' : `No valid line of '${name}' names a model`;
  return new UsageError(`${what}: give one with --model.`);
}
