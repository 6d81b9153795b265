import type { StatusChange } from '../../engine/status-feed.ts';

type Listener = (change: StatusChange) => void;

interface Watched {
  last: StatusChange | undefined;
  readonly listeners: Set<Listener>;
}

/** What single requests are doing now, for whoever watches them. Knows only those that run or are watched. */
export class StatusHub {
  readonly #watched = new Map<string, Watched>();

  /** The last change of a request that runs; undefined: it doesn't. */
  last(id: string): StatusChange | undefined {
    return this.#watched.get(id)?.last;
  }

  /** Hears of every change from now on, the terminal one last. @returns what ends that */
  listen(id: string, listener: Listener): () => void {
    const watched = this.#of(id);
    watched.listeners.add(listener);
    return () => {
      watched.listeners.delete(listener);
      this.#forgetIdle(id, watched);
    };
  }

  publish(id: string, change: StatusChange): void {
    const watched = this.#of(id);
    const isOver = change.status === 'completed' || change.status === 'failed';
    watched.last = isOver ? undefined : change;
    for (const listener of [...watched.listeners]) listener(change);
    if (isOver) this.#watched.delete(id);
  }

  /** The request stopped running without an end. */
  forget(id: string): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    watched.last = undefined;
    this.#forgetIdle(id, watched);
  }

  #of(id: string): Watched {
    let watched = this.#watched.get(id);
    if (watched === undefined) {
      watched = { last: undefined, listeners: new Set() };
      this.#watched.set(id, watched);
    }
    return watched;
  }

  #forgetIdle(id: string, watched: Watched): void {
    if (watched.last === undefined && watched.listeners.size === 0 && this.#watched.get(id) === watched) this.#watched.delete(id);
  }
}
