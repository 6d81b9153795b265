import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/**
 * Replaces a file in one step: whoever reads it, also after a crash of this process, finds the old text or the new.
 * @param options.isDurable also after a crash of the whole machine; slower
 */
export function replaceFile(path: string, text: string, options: { readonly isDurable?: boolean } = {}): void {
  const temporary = `${path}.tmp`;
  try {
    const fd = openSync(temporary, 'w');
    try {
      writeFully(fd, Buffer.from(text));
      if (options.isDurable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Writes all of `bytes`: the system may take less at a time. */
export function writeFully(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
}
