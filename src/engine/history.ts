import { StringTable } from '../lib/string-table.ts';
import type { Reservation } from '../limits/limit-set.ts';
import type { SettledResponse } from './queue-response.ts';

/** A settled request as it is remembered. */
export interface Remembered {
  response: SettledResponse;
  /** Monotonic milliseconds. */
  readonly settledAt: number;
  /** What its last attempt holds in the limiters, for a usage report that comes late. */
  readonly reservation: Reservation | undefined;
  readonly tenant: string;
  /** Tokens its tenant was charged for. */
  charged: number;
}

/** The last settled requests of one model: bounded by number, oldest out first in O(1), and if wanted by age. */
export class History {
  readonly #byId = new StringTable<Remembered>();
  /** A ring; an id that was used again stands in it more than once. */
  readonly #ring: Remembered[] = [];
  readonly #size: number;
  readonly #ttlMs: number;
  #next = 0;

  constructor(size: number, ttlMs = Number.POSITIVE_INFINITY) {
    this.#size = size;
    this.#ttlMs = ttlMs;
  }

  add(remembered: Remembered): void {
    if (this.#size === 0) return;
    const oldest = this.#ring[this.#next];
    if (oldest !== undefined && this.#byId.get(oldest.response.requestId) === oldest) this.#byId.delete(oldest.response.requestId);
    this.#ring[this.#next] = remembered;
    this.#next = (this.#next + 1) % this.#size;
    this.#byId.set(remembered.response.requestId, remembered);
  }

  get(id: string, now: number): Remembered | undefined {
    const remembered = this.#byId.get(id);
    if (remembered === undefined || now - remembered.settledAt <= this.#ttlMs) return remembered;
    this.#byId.delete(id);
    return undefined;
  }
}
