import type { FilePurpose, FileStore, StoredFile } from '../../domain/file-store.ts';
import { macrotask } from '../../lib/system-clock.ts';

const PIECE_BYTES = 256 * 1024;

/** Writes one file in pieces of equal size, whatever comes in. Nobody sees it before it is finished. */
export class FileWriter {
  readonly #files: FileStore;
  readonly #file: Pick<StoredFile, 'id' | 'tenant' | 'createdAt'>;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #pieces = 0;
  #bytes = 0;

  private constructor(files: FileStore, file: Pick<StoredFile, 'id' | 'tenant' | 'createdAt'>) {
    this.#files = files;
    this.#file = file;
  }

  static async open(files: FileStore, file: Pick<StoredFile, 'id' | 'tenant' | 'createdAt'>): Promise<FileWriter> {
    await files.begin(file.id, file.tenant, file.createdAt);
    return new FileWriter(files, file);
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(part: Uint8Array): Promise<void> {
    this.#parts.push(part);
    this.#partBytes += part.byteLength;
    this.#bytes += part.byteLength;
    if (this.#partBytes >= PIECE_BYTES) await this.#flush(PIECE_BYTES);
  }

  async finish(purpose: FilePurpose, filename: string, expiresAt: number | undefined): Promise<StoredFile> {
    if (this.#partBytes > 0) await this.#flush(1);
    const file = { ...this.#file, purpose, filename, expiresAt, bytes: this.#bytes };
    await this.#files.finish(file);
    return file;
  }

  /** It is not wanted any more. */
  async discard(): Promise<void> {
    await this.#files.remove(this.#file.id);
  }

  /** Writes pieces for as long as at least `fewest` bytes are left. */
  async #flush(fewest: number): Promise<void> {
    let left = Buffer.concat(this.#parts);
    while (left.byteLength >= fewest) {
      await this.#files.append(this.#file.id, this.#pieces, left.subarray(0, PIECE_BYTES));
      left = left.subarray(PIECE_BYTES);
      this.#pieces += 1;
      // SQLite waits for nobody: whoever calls interactively must have a turn.
      await macrotask();
    }
    this.#parts = [left];
    this.#partBytes = left.byteLength;
  }
}
