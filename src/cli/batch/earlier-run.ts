import { existsSync, realpathSync, statSync } from 'node:fs';
import { IdSet } from '../../lib/id-set.ts';
import { systemReason, UsageError } from '../usage-error.ts';
import type { BatchOptions } from './batch-options.ts';
import { repairOutput } from './repair-output.ts';
import { type RunFile, readRunFile, runFilePath } from './run-file.ts';
import type { InputScan } from './scan-input.ts';

/** What an earlier run with the same output left. */
export interface EarlierRun {
  readonly file: RunFile | undefined;
  readonly finished: IdSet;
  /** Failed or torn lines that will be run again. */
  readonly dropped: number;
  /** Epoch milliseconds of the last sign of it. */
  readonly lastActiveAt: number;
}

/** Where the results go. */
export interface OutputPlace {
  /** With symbolic links resolved: the file is replaced by renaming. */
  readonly path: string;
  /** Whether it is a file to resume from; a device or a pipe is only written to. */
  readonly isResumable: boolean;
}

export function outputPlace(output: string): OutputPlace {
  try {
    if (!existsSync(output)) return { path: output, isResumable: true };
    const path = realpathSync(output);
    const stats = statSync(path);
    if (stats.isDirectory()) throw new UsageError(`Can't write '${output}': it is a folder.`);
    return { path, isResumable: stats.isFile() };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Can't write '${output}': ${systemReason(error)}.`, { cause: error });
  }
}

/** Checks that the output belongs to this input and repairs it. @throws UsageError where it is of another input or of nobody */
export async function resumeEarlierRun(place: OutputPlace, scan: InputScan, options: BatchOptions): Promise<EarlierRun> {
  if (!place.isResumable) return { file: undefined, finished: new IdSet(), dropped: 0, lastActiveAt: 0 };
  const file = readRunFile(place.path);
  if (file === undefined) {
    if (existsSync(place.path) && statSync(place.path).size > 0) {
      throw new UsageError(
        `'${options.output}' has content but no '${runFilePath(options.output)}' beside it, so it is no run's. Choose another output.`,
      );
    }
    return { file, finished: new IdSet(), dropped: 0, lastActiveAt: 0 };
  }
  if (file.input.sha256 !== scan.sha256) {
    throw new UsageError(
      `'${options.output}' holds results of another input ('${file.input.name}', ${file.input.bytes} bytes). Nothing was sent. Choose another output, or delete it and '${runFilePath(options.output)}'.`,
    );
  }
  const model = file.flags['model'] ?? undefined;
  if (model !== options.model) {
    throw new UsageError(
      `'${options.output}' was made with ${modelFlag(model)}, this run has ${modelFlag(options.model)}. Choose another output.`,
    );
  }
  // Before the repair touches it.
  const writtenAt = existsSync(place.path) ? statSync(place.path).mtimeMs : 0;
  const lastActiveAt = Math.max(writtenAt, Date.parse(file.updatedAt));
  return { file, lastActiveAt, ...(await repairOutput(place.path)) };
}

function modelFlag(model: string | number | undefined): string {
  return model === undefined ? 'no --model' : `--model ${model}`;
}
