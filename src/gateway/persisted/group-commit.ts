import type { Clock } from '../../domain/clock.ts';
import { wait } from './wait.ts';

interface Waiting<T, R> {
  readonly item: T;
  readonly done: (result: R) => void;
  readonly failed: (error: unknown) => void;
}

export interface GroupCommitOptions<T, R> {
  readonly clock: Clock;
  /** How long the first of a group waits for others. */
  readonly lingerMs: number;
  /** Most items of a group; that many don't wait for more. */
  readonly most: number;
  /** Writes a group, all or nothing; a result for each item. */
  readonly commit: (items: readonly T[]) => Promise<readonly R[]>;
}

/** Writes what comes at about the same time together: a commit costs the same for one item and for hundreds. One group at a time. */
export class GroupCommit<T, R> {
  readonly #options: GroupCommitOptions<T, R>;
  #waiting: Waiting<T, R>[] = [];
  #writing: Promise<void> | undefined;
  /** Ends the wait for more. */
  #hurry = new AbortController();

  constructor(options: GroupCommitOptions<T, R>) {
    this.#options = options;
  }

  /** Resolves once the item is written; rejects where its group could not be. */
  add(item: T): Promise<R> {
    return new Promise((done, failed) => {
      this.#waiting.push({ item, done, failed });
      if (this.#waiting.length >= this.#options.most) this.#hurry.abort();
      this.#writing ??= this.#write();
    });
  }

  /** Takes an item back whose group is not being written yet: its promise rejects. False where it is too late for that. */
  takeBack(item: T): boolean {
    const at = this.#waiting.findIndex((waiting) => waiting.item === item);
    if (at < 0) return false;
    for (const { failed } of this.#waiting.splice(at, 1)) failed(new Error('It was taken back before it was written.'));
    return true;
  }

  async #write(): Promise<void> {
    const { clock, lingerMs, most, commit } = this.#options;
    while (this.#waiting.length > 0) {
      if (this.#waiting.length < most) {
        this.#hurry = new AbortController();
        await wait(clock, lingerMs, this.#hurry.signal);
      }
      const group = this.#waiting.splice(0, most);
      try {
        const results = await commit(group.map(({ item }) => item));
        for (const [index, { done }] of group.entries()) done(results[index] as R);
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    this.#writing = undefined;
  }
}
