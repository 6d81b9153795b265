import { Fifo } from '../lib/fifo.ts';

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T>) => void;
  readonly reject: (error: unknown) => void;
}

/** What one side pushes and the other reads in a loop, once. Holds what isn't read yet. */
export class AsyncParts<T> implements AsyncIterableIterator<T> {
  readonly #parts = new Fifo<T>();
  readonly #onLeave: () => void;
  #waiting: Waiting<T> | undefined;
  #end: { readonly error: unknown } | 'complete' | undefined;

  /** @param onLeave called when the reader leaves before the end */
  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  push(part: T): void {
    if (this.#end) return;
    const waiting = this.#take();
    if (waiting) waiting.resolve({ done: false, value: part });
    else this.#parts.push(part);
  }

  end(): void {
    if (this.#end) return;
    this.#end = 'complete';
    this.#take()?.resolve({ done: true, value: undefined });
  }

  /** The reader gets what was pushed before, then the error. */
  fail(error: unknown): void {
    if (this.#end) return;
    this.#end = { error };
    this.#take()?.reject(error);
  }

  next(): Promise<IteratorResult<T>> {
    const part = this.#parts.shift();
    if (part !== undefined) return Promise.resolve({ done: false, value: part });
    if (this.#end === 'complete') return Promise.resolve({ done: true, value: undefined });
    if (this.#end) return Promise.reject(this.#end.error);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<T>> {
    if (!this.#end) this.#onLeave();
    this.end();
    while (this.#parts.size > 0) this.#parts.shift();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): Waiting<T> | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
