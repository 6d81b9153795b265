import { type Observable, Subject } from 'rxjs';

/**
 * Delivers what happened, in the order it happened, after the engine's state is right: what a subscriber causes
 * is queued behind what it is being told, so that a re-entrant call reorders nothing for the others.
 */
export class Outbox {
  #waiting: (() => void)[] = [];
  #holds = 0;
  #delivering = false;

  /** Queues one delivery; it happens at once unless deliveries are held back or under way. */
  post(deliver: () => void): void {
    this.#waiting.push(deliver);
    this.#flush();
  }

  /** Holds deliveries back until as many {@link release} calls, which belong into a `finally`. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    if (this.#waiting.length > 0) this.#flush();
  }

  #flush(): void {
    if (this.#holds > 0 || this.#delivering) return;
    this.#delivering = true;
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        for (const deliver of batch) deliver();
      }
    } finally {
      this.#delivering = false;
    }
  }
}

/** A hot stream fed through an outbox; costs one check per emission while nobody listens. */
export class HotStream<T> {
  readonly #subject = new Subject<T>();
  readonly #outbox: Outbox;
  readonly stream$: Observable<T>;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
    this.stream$ = this.#subject.asObservable();
  }

  get observed(): boolean {
    return this.#subject.observed;
  }

  emit(value: T): void {
    if (!this.#subject.observed) return;
    this.#outbox.post(() => this.#subject.next(Object.freeze(value)));
  }

  complete(): void {
    this.#outbox.post(() => this.#subject.complete());
  }
}
