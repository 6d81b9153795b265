import type { RequestHandle } from '../../engine/request-handle.ts';

/** What one call of a caller has in the queue. Once the call has failed, nobody can want an answer of it. */
export class BegunRequests {
  readonly #handles: Pick<RequestHandle, 'cancel'>[] = [];
  #failure: { readonly error: unknown } | undefined;

  /** A middleware may begin another one when the call has failed already. */
  add(handle: Pick<RequestHandle, 'cancel'>): void {
    this.#handles.push(handle);
    if (this.#failure !== undefined) handle.cancel(this.#failure.error);
  }

  /** Ends those that wait, run or stream; changes nothing for one that has settled. */
  cancel(error: unknown): void {
    this.#failure = { error };
    for (const handle of this.#handles) handle.cancel(error);
  }
}
