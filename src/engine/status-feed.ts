import { Observable, type Subscriber } from 'rxjs';
import type { RequestPhase, RequestStatus } from '../domain/request-status.ts';

/** One step in a request's life. */
export interface StatusChange {
  readonly status: RequestStatus;
  /** What it does inside `pending` or `processing`. */
  readonly phase?: RequestPhase | undefined;
  /** Number of the present or last attempt; 0 before the first. */
  readonly attempt: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

interface Listener {
  readonly subscriber: Subscriber<StatusChange>;
  /** How many changes had happened when it last heard of one. */
  seen: number;
}

/** Whoever watches one request. It exists only once somebody does. */
export class StatusFeed {
  readonly #listeners = new Set<Listener>();
  #changes = 0;
  readonly stream$: Observable<StatusChange>;

  /** @param current the change that a new subscriber is told first */
  constructor(current: () => StatusChange) {
    this.stream$ = new Observable((subscriber) => {
      // It listens before it is told anything: what it does about the replay, as cancelling, it must hear of.
      const listener: Listener = { subscriber, seen: this.#changes };
      this.#listeners.add(listener);
      subscriber.add(() => this.#listeners.delete(listener));
      const change = current();
      subscriber.next(change);
      if (isTerminal(change.status)) subscriber.complete();
    });
  }

  get observed(): boolean {
    return this.#listeners.size > 0;
  }

  /** Prepares the delivery of a change; whoever subscribes in between has it from its replay already. */
  announce(change: StatusChange): () => void {
    const number = ++this.#changes;
    return () => {
      for (const listener of [...this.#listeners]) {
        if (listener.seen >= number) continue;
        listener.seen = number;
        listener.subscriber.next(change);
        if (isTerminal(change.status)) listener.subscriber.complete();
      }
    };
  }
}

function isTerminal(status: RequestStatus): boolean {
  return status === 'completed' || status === 'failed';
}
