import { LLMQueueException } from '../domain/errors.ts';

/** Something the caller of a command can put right: shown as one line on standard error, exit code 2. */
export class UsageError extends LLMQueueException {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, 'usage_error', false, options);
  }
}

/** What the system says of a failed file or network operation, in words where there are some. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? error.message;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is no folder',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file is too large for the file system',
  EMFILE: 'too many open files',
};
