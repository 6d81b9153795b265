import type { PendingWork } from '../../domain/request-journal.ts';
import { Deferred } from '../../lib/deferred.ts';

/** A piece of work that is being done. */
export interface Running {
  readonly work: PendingWork;
  readonly abort: AbortController;
  /** It stands in the queue: its call isn't made yet. */
  isWaiting: boolean;
}

/** How much of a lane may be in hand at once. */
export interface LaneLimits {
  /** Standing in the model's queue: few, so that what stands there doesn't grow old and overtake what comes in later and is more urgent. */
  readonly waiting: number;
  /** Standing there or being called. */
  readonly running: number;
}

/** Work that is done in order: what was read of it, what is running, and how far the journal was read. */
export class Lane {
  readonly key: string;
  /** Read and not started, in order. */
  readonly ready: PendingWork[] = [];
  /** By place in the journal. */
  readonly running = new Map<number, Running>();
  /** Monotonic; nothing starts before. */
  resumeAt = Number.NEGATIVE_INFINITY;
  /** Nothing is started any more. */
  isClosed = false;
  isReading = false;
  /** A batch's: not dropped when it is empty, as somebody waits for that. */
  readonly drained: Deferred<boolean> | undefined;
  #waiting = 0;
  #lastSeq = 0;
  /** The journal may have more after `#lastSeq`. */
  #mayHaveMore = true;
  #wakes = 0;
  /** Work that was cancelled while a read was under way. */
  readonly #dropped = new Set<string>();

  constructor(key: string, isAwaited: boolean) {
    this.key = key;
    this.drained = isAwaited ? new Deferred<boolean>() : undefined;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** There is more in the journal. */
  wake(): void {
    this.#mayHaveMore = true;
    this.#wakes += 1;
  }

  canStart(now: number, { waiting, running }: LaneLimits): boolean {
    return !this.isClosed && this.ready.length > 0 && now >= this.resumeAt && this.#waiting < waiting && this.running.size < running;
  }

  wantsReading(low: number): boolean {
    return !this.isClosed && !this.isReading && this.#mayHaveMore && this.ready.length < low;
  }

  /** Nothing runs, and nothing is left to run. */
  get isDrained(): boolean {
    return this.running.size === 0 && !this.isReading && (this.isClosed || (this.ready.length === 0 && !this.#mayHaveMore));
  }

  /** Begins a read; its end is told with what came. */
  reading(): (work: readonly PendingWork[]) => void {
    this.isReading = true;
    const wakes = this.#wakes;
    return (work) => {
      this.isReading = false;
      this.#lastSeq = work.at(-1)?.seq ?? this.#lastSeq;
      if (work.length === 0 && wakes === this.#wakes) this.#mayHaveMore = false;
      if (!this.isClosed) this.ready.push(...work.filter(({ id }) => !this.#dropped.has(id)));
      this.#dropped.clear();
    };
  }

  /** Does nothing more about a piece of work that has its outcome. */
  drop(id: string, reason: string): void {
    const at = this.ready.findIndex((work) => work.id === id);
    if (at >= 0) this.ready.splice(at, 1);
    // What is being read was pending when the read began.
    if (this.isReading) this.#dropped.add(id);
    for (const { work, abort } of this.running.values()) if (work.id === id) abort.abort(reason);
  }

  start(work: PendingWork): Running {
    const running = { work, abort: new AbortController(), isWaiting: true };
    this.running.set(work.seq, running);
    this.#waiting += 1;
    return running;
  }

  /** @returns whether that changed anything */
  setWaiting(running: Running, isWaiting: boolean): boolean {
    if (running.isWaiting === isWaiting) return false;
    running.isWaiting = isWaiting;
    this.#waiting += isWaiting ? 1 : -1;
    return true;
  }

  end(running: Running): void {
    this.setWaiting(running, false);
    this.running.delete(running.work.seq);
  }

  /** Puts work back at its place. */
  putBack(work: PendingWork): void {
    const at = this.ready.findIndex(({ seq }) => seq > work.seq);
    this.ready.splice(at < 0 ? this.ready.length : at, 0, work);
  }

  /** Starts nothing any more, and takes out of the queue what stands there. */
  close(reason: string): void {
    this.isClosed = true;
    this.ready.length = 0;
    for (const { abort, isWaiting } of this.running.values()) if (isWaiting) abort.abort(reason);
  }
}
