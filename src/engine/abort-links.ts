/**
 * Ties things to abort signals with one listener per signal, however many things hang on it: a listener each
 * makes removal quadratic when thousands of requests share one signal.
 */
export class AbortLinks<T> {
  readonly #bySignal = new WeakMap<AbortSignal, { readonly linked: Set<T>; readonly listener: () => void }>();
  readonly #onAbort: (linked: T, reason: unknown) => void;

  constructor(onAbort: (linked: T, reason: unknown) => void) {
    this.#onAbort = onAbort;
  }

  link(signal: AbortSignal, item: T): void {
    const known = this.#bySignal.get(signal);
    if (known !== undefined) {
      known.linked.add(item);
      return;
    }
    const linked = new Set([item]);
    const listener = (): void => {
      this.#bySignal.delete(signal);
      for (const each of linked) this.#onAbort(each, signal.reason);
    };
    this.#bySignal.set(signal, { linked, listener });
    signal.addEventListener('abort', listener, { once: true });
  }

  unlink(signal: AbortSignal, item: T): void {
    const known = this.#bySignal.get(signal);
    if (known === undefined || !known.linked.delete(item) || known.linked.size > 0) return;
    signal.removeEventListener('abort', known.listener);
    this.#bySignal.delete(signal);
  }
}
