import { macrotask } from './system-clock.ts';

/**
 * Gathers what is handed in during one turn of the event loop, and does all of it at the turn's end. For writes to sockets: the
 * first one wakes whoever reads, which costs more than the write itself; those right behind it find the reader awake.
 */
export class TurnBatch<T> {
  readonly #act: (item: T) => void;
  #items: T[] = [];

  /** @param act must not throw: what came behind would be lost */
  constructor(act: (item: T) => void) {
    this.#act = act;
  }

  add(item: T): void {
    if (this.#items.push(item) === 1) void macrotask().then(() => this.flush());
  }

  /** Does at once what was gathered so far. */
  flush(): void {
    const items = this.#items;
    this.#items = [];
    for (const item of items) this.#act(item);
  }
}
