import { closeSync, createReadStream, createWriteStream, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemReason, UsageError } from '../usage-error.ts';

/** An input that can be read from its start as often as wanted. */
export interface OpenInput {
  readonly fd: number;
  /** For messages. */
  readonly name: string;
  close(): void;
}

/** Opens `path`; `-` and anything else that can be read only once is copied to a temporary file first. */
export async function openInput(path: string, stdin: Readable, signal: AbortSignal): Promise<OpenInput> {
  if (path === '-') return spool(stdin, 'standard input', signal);
  try {
    const fd = openSync(path, 'r');
    const stats = fstatSync(fd);
    if (stats.isFile()) return { fd, name: path, close: () => closeSync(fd) };
    if (stats.isDirectory()) {
      closeSync(fd);
      throw new UsageError('it is a folder');
    }
    // Read through the descriptor that is open: a pipe opened a second time waits for a second writer.
    return await spool(createReadStream(path, { fd }), basename(path), signal);
  } catch (error) {
    throw new UsageError(`Can't read the input '${path}': ${systemReason(error)}.`, { cause: error });
  }
}

async function spool(source: Readable, name: string, signal: AbortSignal): Promise<OpenInput> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-'));
  const path = join(folder, 'input');
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', remove);
  try {
    writeFileSync(path, '', { mode: 0o600 });
    await pipeline(source, createWriteStream(path), { signal });
    const fd = openSync(path, 'r');
    const close = (): void => {
      closeSync(fd);
      remove();
    };
    return { fd, name, close };
  } catch (error) {
    remove();
    throw new UsageError(`Can't copy ${name} to a temporary file: ${systemReason(error)}.`, { cause: error });
  }
}
