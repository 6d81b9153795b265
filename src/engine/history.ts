import type { Reservation } from '../limits/limit-set.ts';
import type { SettledResponse } from './queue-response.ts';

/** A settled request as it is remembered. */
export interface Remembered {
  response: SettledResponse;
  readonly settledAt: number;
  /** What its last attempt holds in the limiters, for a usage report that comes late. */
  readonly reservation: Reservation | undefined;
  readonly tenant: string;
  /** Tokens its tenant was charged for. */
  charged: number;
}

/** The last settled requests of one model, oldest out first; bounded by number and, if wanted, by age. */
export class History {
  readonly #byId = new Map<string, Remembered>();
  readonly #size: number;
  readonly #ttlMs: number;

  constructor(size: number, ttlMs = Number.POSITIVE_INFINITY) {
    this.#size = size;
    this.#ttlMs = ttlMs;
  }

  add(id: string, remembered: Remembered): void {
    if (this.#size === 0) return;
    this.#byId.delete(id);
    this.#byId.set(id, remembered);
    this.#evict(remembered.settledAt);
  }

  get(id: string, now: number): Remembered | undefined {
    this.#evict(now);
    return this.#byId.get(id);
  }

  #evict(now: number): void {
    for (const [id, remembered] of this.#byId) {
      if (this.#byId.size <= this.#size && now - remembered.settledAt <= this.#ttlMs) return;
      this.#byId.delete(id);
    }
  }
}
