import type { RequestHandle } from '../../engine/request-handle.ts';

type Begun = Pick<RequestHandle, 'cancel' | 'response'>;

/** What one call of a caller has in the queue. Once the call has failed, nobody can want an answer of it. */
export class BegunRequests {
  readonly #handles: Begun[] = [];
  #failure: { readonly error: unknown } | undefined;

  /** Resolves when those that were begun until now have settled. */
  get settled(): Promise<unknown> {
    return Promise.all(this.#handles.map(({ response }) => response));
  }

  /** A middleware may begin another one when the call has failed already. */
  add(handle: Begun): void {
    this.#handles.push(handle);
    if (this.#failure !== undefined) handle.cancel(this.#failure.error);
  }

  /** Ends those that wait, run or stream; changes nothing for one that has settled. */
  cancel(error: unknown): void {
    this.#failure = { error };
    for (const handle of this.#handles) handle.cancel(error);
  }
}
