import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { systemReason, UsageError } from '../usage-error.ts';
import { replaceFile } from './atomic-file.ts';

const sentRecordSchema = z.object({
  model: z.string(),
  type: z.string(),
  windowMs: z.number().optional(),
  slots: z.array(z.tuple([z.number(), z.number().nonnegative()])),
});

const runFileSchema = z.object({
  version: z.literal(1),
  /** `run` or `demo`. */
  command: z.string(),
  input: z.object({ name: z.string(), bytes: z.number(), sha256: z.string() }),
  /** As given on the command line; no key. */
  flags: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  counts: z.object({ total: z.number(), completed: z.number(), failed: z.number(), skipped: z.number() }),
  startedAt: z.string(),
  updatedAt: z.string(),
  /** An upper bound of what was sent lately, so that limits hold across a restart. */
  sent: z.array(sentRecordSchema).default([]),
});

/** What stands beside an output: whose it is, how far it is, and what was sent lately. */
export type RunFile = z.output<typeof runFileSchema>;

export function runFilePath(output: string): string {
  return `${output}.run.json`;
}

/** Reads the file beside `output`; undefined where there is none. @throws UsageError where it can't be understood */
export function readRunFile(output: string): RunFile | undefined {
  const path = runFilePath(output);
  if (!existsSync(path)) return undefined;
  try {
    return runFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const reason =
      error instanceof SyntaxError || error instanceof z.ZodError ? 'it was not written by this version of headgate' : systemReason(error);
    throw new UsageError(`Can't read '${path}': ${reason}. Move it and '${output}' away, or choose another output.`, { cause: error });
  }
}

/** @throws UsageError where it can't be written */
export function writeRunFile(output: string, content: RunFile, options: { readonly isDurable?: boolean } = {}): void {
  const path = runFilePath(output);
  try {
    replaceFile(path, `${JSON.stringify(content)}\n`, options);
  } catch (error) {
    throw new UsageError(`Can't write '${path}': ${systemReason(error)}. What was finished is kept.`, { cause: error });
  }
}
