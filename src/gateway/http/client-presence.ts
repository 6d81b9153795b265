import type { ServerResponse } from 'node:http';
import type { QueuedCall } from '../../client/dispatch/dispatch-types.ts';
import type { RequestHandle } from '../../engine/request-handle.ts';

/**
 * Watches whether a client is still there: once it has closed its connection before it has its answer, its place in the queue is
 * freed and its call broken off. By the request's handle: a signal would cost every call two more listeners.
 */
export class ClientPresence {
  readonly #raw: ServerResponse;
  readonly #onClose = (): void => this.#closed();
  #handle: RequestHandle | undefined;
  #hasLeft = false;

  constructor(raw: ServerResponse) {
    this.#raw = raw;
    raw.once('close', this.#onClose);
    // It may have gone while its key was looked up.
    if (raw.destroyed) this.#closed();
  }

  /** Takes the place in line; of a fallback, once it is asked. */
  readonly onQueued = ({ handle }: QueuedCall): void => {
    this.#handle = handle;
    if (this.#hasLeft) this.#cancel();
  };

  /** Nobody needs to know any more. */
  release(): void {
    this.#raw.off('close', this.#onClose);
    this.#handle = undefined;
  }

  #closed(): void {
    if (this.#raw.writableFinished) return;
    this.#hasLeft = true;
    this.#cancel();
  }

  #cancel(): void {
    this.#handle?.cancel('The client closed its connection');
  }
}
