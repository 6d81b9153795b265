import type { PendingWork } from '../../domain/request-journal.ts';
import { Deferred } from '../../lib/deferred.ts';

/** A piece of work that is being done. */
export interface Running {
  readonly work: PendingWork;
  readonly abort: AbortController;
  /** Since when it stands in the queue, on the clock's monotonic time; undefined: its call is being made. */
  waitingSince: number | undefined;
}

/**
 * Whatever waits overtakes, some day, what comes in later and is more urgent: a batch's line after 50 seconds. So only as much is put into a
 * queue as leaves it before that: half of it where one waited this long, one more where one didn't wait long.
 */
const LONG_WAIT_MS = 20_000;
const SHORT_WAIT_MS = 5_000;
const FIRST_WAITING = 4;
const MOST_WAITING = 32;

/** Work that is done in order: what was read of it, what is running, and how far the journal was read. */
export class Lane {
  readonly key: string;
  /** Read and not started, in order. */
  readonly ready: PendingWork[] = [];
  /** By place in the journal. */
  readonly running = new Map<number, Running>();
  /** Monotonic; nothing starts before. */
  resumeAt = Number.NEGATIVE_INFINITY;
  isReading = false;
  /** A batch's: not dropped when it is empty, as somebody waits for that. */
  readonly drained: Deferred<boolean> | undefined;
  /** Why nothing is started any more. */
  #closed: string | undefined;
  #waiting = 0;
  #mostWaiting = FIRST_WAITING;
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

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** There is more in the journal. */
  wake(): void {
    this.#mayHaveMore = true;
    this.#wakes += 1;
  }

  canStart(now: number, mostRunning: number): boolean {
    const hasRoom = this.#waiting < this.#mostWaiting && this.running.size < mostRunning;
    return hasRoom && !this.isClosed && this.ready.length > 0 && now >= this.resumeAt;
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

  start(work: PendingWork, now: number): Running {
    const running = { work, abort: new AbortController(), waitingSince: now };
    this.running.set(work.seq, running);
    this.#waiting += 1;
    return running;
  }

  /** It stands in the queue, again where its call was refused. */
  waits(running: Running, now: number): void {
    if (running.waitingSince !== undefined) return;
    running.waitingSince = now;
    this.#waiting += 1;
    if (this.#closed !== undefined) running.abort.abort(this.#closed);
  }

  /** Its call is being made. @returns whether it waited until now */
  called(running: Running, now: number): boolean {
    const { waitingSince } = running;
    if (waitingSince === undefined) return false;
    this.#leave(running);
    const waitedMs = now - waitingSince;
    if (waitedMs > LONG_WAIT_MS) this.#mostWaiting = Math.max(1, this.#mostWaiting >> 1);
    else if (waitedMs < SHORT_WAIT_MS) this.#mostWaiting = Math.min(MOST_WAITING, this.#mostWaiting + 1);
    return true;
  }

  end(running: Running): void {
    this.#leave(running);
    this.running.delete(running.work.seq);
  }

  #leave(running: Running): void {
    if (running.waitingSince === undefined) return;
    running.waitingSince = undefined;
    this.#waiting -= 1;
  }

  /** Puts work back at its place. */
  putBack(work: PendingWork): void {
    const at = this.ready.findIndex(({ seq }) => seq > work.seq);
    this.ready.splice(at < 0 ? this.ready.length : at, 0, work);
  }

  /** Starts nothing any more, and takes out of the queue what stands there. */
  close(reason: string): void {
    this.#closed = reason;
    this.ready.length = 0;
    for (const { abort, waitingSince } of this.running.values()) if (waitingSince !== undefined) abort.abort(reason);
  }
}
