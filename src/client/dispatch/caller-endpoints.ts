import type { Endpoint } from '../../providers/provider.ts';
import type { CallerAuth } from './caller-key.ts';

const MOST = 64;

/** The connections of a deployment without a key of its own: one for each key that its callers bring, for the 64 used last. */
export class CallerEndpoints {
  readonly #open: (auth: CallerAuth) => Endpoint;
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(open: (auth: CallerAuth) => Endpoint) {
    this.#open = open;
  }

  endpointFor(auth: CallerAuth): Endpoint {
    const key = JSON.stringify(auth);
    const endpoint = this.#endpoints.get(key) ?? this.#open(auth);
    this.#endpoints.delete(key);
    this.#endpoints.set(key, endpoint);
    if (this.#endpoints.size > MOST) this.#forgetOldest();
    return endpoint;
  }

  async close(): Promise<void> {
    const all = [...this.#endpoints.values()];
    this.#endpoints.clear();
    await Promise.all(all.map((endpoint) => endpoint.close()));
  }

  #forgetOldest(): void {
    const [oldest] = this.#endpoints;
    if (oldest === undefined) return;
    this.#endpoints.delete(oldest[0]);
    // Calls that use it end first.
    oldest[1].close().catch(() => {});
  }
}
