import { closeSync, openSync } from 'node:fs';
import { systemReason, UsageError } from '../usage-error.ts';
import { writeFully } from './atomic-file.ts';

/** The file of results: each line is handed to the system as a whole before the call that made it gives its slot back. */
export class OutputFile {
  readonly path: string;
  readonly #fd: number;
  #isBroken = false;

  /** @throws UsageError where the file can't be opened for appending */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'a');
    } catch (error) {
      throw new UsageError(`Can't write '${path}': ${systemReason(error)}.`, { cause: error });
    }
  }

  /** @param line with its newline. @throws UsageError; after that nothing is written any more, since the last line may be torn */
  write(line: string): void {
    if (this.#isBroken) throw new UsageError(`Can't write '${this.path}': an earlier write failed.`);
    try {
      writeFully(this.#fd, Buffer.from(line));
    } catch (error) {
      this.#isBroken = true;
      const way = 'What was finished is kept: make room and run the same command again.';
      throw new UsageError(`Can't write '${this.path}': ${systemReason(error)}. ${way}`, { cause: error });
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}
