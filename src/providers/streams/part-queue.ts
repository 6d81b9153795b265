import { Fifo } from '../../lib/fifo.ts';
import type { StreamPart } from '../provider.ts';
import { FreshResult } from './fresh-parts.ts';

type Result = IteratorResult<StreamPart, undefined>;

class Waiter {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;

  constructor(resolve: (result: Result) => void, reject: (error: Error) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** What the reader of a stream does. */
export interface PartQueueListener {
  /** It waits, and there is nothing for it. */
  onWaiting(): void;
  /** More lies here than a reader that keeps up leaves; stop reading from the network. */
  onFull(): void;
  onDrained(): void;
  /** It has seen the end, or has left the loop. */
  onOver(hasLeft: boolean): void;
}

const FULL_BYTES = 64 * 1024;
const DRAINED_BYTES = 16 * 1024;
const DONE: Result = { done: true, value: undefined };

/** Parts on their way from the network to one reader. Where the reader waits already, a part goes straight to it. */
export class PartQueue implements AsyncIterableIterator<StreamPart, undefined> {
  readonly #listener: PartQueueListener;
  readonly #parts = new Fifo<StreamPart>();
  readonly #waiters = new Fifo<Waiter>();
  #bytes = 0;
  #isFull = false;
  #end: { readonly error: Error | undefined } | undefined;
  #isOver = false;

  constructor(listener: PartQueueListener) {
    this.#listener = listener;
  }

  /** Whether the reader waits for a part. */
  get isAwaited(): boolean {
    return this.#waiters.size > 0;
  }

  push(part: StreamPart): void {
    const waiter = this.#waiters.shift();
    if (waiter) return waiter.resolve(new FreshResult(part));
    this.#parts.push(part);
    this.#bytes += part.raw.length;
    if (this.#bytes <= FULL_BYTES || this.#isFull) return;
    this.#isFull = true;
    this.#listener.onFull();
  }

  /** No part comes any more; the reader gets those that lie here, then the end, or the error. */
  finish(error?: Error): void {
    this.#end ??= { error };
    while (this.#waiters.size > 0) this.#settle(this.#waiters.shift());
  }

  /** The error at once: what lies here is dropped. */
  break(error: Error): void {
    this.#drop();
    this.#end = { error };
    this.finish();
  }

  next(): Promise<Result> {
    const part = this.#parts.shift();
    if (part) {
      this.#took(part);
      return Promise.resolve(new FreshResult(part));
    }
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(resolve, reject);
      if (this.#end) return this.#settle(waiter);
      this.#waiters.push(waiter);
      this.#listener.onWaiting();
    });
  }

  return(): Promise<Result> {
    this.#drop();
    const hasLeft = this.#end === undefined;
    this.#end ??= { error: undefined };
    this.#over(hasLeft);
    while (this.#waiters.size > 0) this.#waiters.shift()?.resolve(DONE);
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #took(part: StreamPart): void {
    this.#bytes -= part.raw.length;
    if (!this.#isFull || this.#bytes > DRAINED_BYTES) return;
    this.#isFull = false;
    this.#listener.onDrained();
  }

  /** An error is thrown once; whoever asks again gets the end. */
  #settle(waiter: Waiter | undefined): void {
    const error = this.#isOver ? undefined : this.#end?.error;
    this.#over(false);
    if (error) waiter?.reject(error);
    else waiter?.resolve(DONE);
  }

  #over(hasLeft: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.onOver(hasLeft);
  }

  #drop(): void {
    while (this.#parts.size > 0) this.#parts.shift();
    this.#bytes = 0;
  }
}
