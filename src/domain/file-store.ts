/** What a kept file is for. `batch_output`: made by the gateway. */
export type FilePurpose = 'batch' | 'batch_output';

/** A file that somebody uploaded, or that a batch left. Moments are epoch milliseconds. */
export interface StoredFile {
  readonly id: string;
  readonly tenant: string;
  readonly filename: string;
  readonly purpose: FilePurpose;
  readonly bytes: number;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
}

/** Which of a list of things is asked for: those after the one with an id, newest first unless `order` says otherwise. */
export interface Page {
  /** Whose they must be; undefined: anybody's. */
  readonly tenant: string | undefined;
  readonly after: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

/** Keeps files, in pieces so that none need be in memory whole. */
export interface FileStore {
  /** Begins a file that nobody sees yet, in place of an unfinished one of the same id. */
  begin(id: string, tenant: string, createdAt: number): Promise<void>;
  /** @param position of the piece, counted from 0 */
  append(id: string, position: number, piece: Uint8Array): Promise<void>;
  /** Everything is there: from now on it can be seen. */
  finish(file: StoredFile): Promise<void>;
  /** @param tenant whose it must be; undefined: anybody's */
  find(id: string, tenant: string | undefined): Promise<StoredFile | undefined>;
  list(page: Page & { readonly purpose: string | undefined }): Promise<readonly StoredFile[]>;
  /** Its pieces in order. */
  read(id: string): AsyncIterable<Uint8Array>;
  /** @returns whether there was one */
  remove(id: string): Promise<boolean>;
  /** Removes what expired before a moment, and what was begun before it and never finished. */
  removeOld(expiredBefore: number, begunBefore: number): Promise<void>;
}
