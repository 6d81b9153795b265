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
  readonly #ids: string[] = [];
  readonly #size: number;
  readonly #ttlMs: number;
  #next = 0;

  constructor(size: number, ttlMs = Number.POSITIVE_INFINITY) {
    this.#size = size;
    this.#ttlMs = ttlMs;
  }

  add(remembered: Remembered): void {
    if (this.#size === 0) return;
    const id = remembered.response.requestId;
    const oldest = this.#ids[this.#next];
    if (oldest !== undefined) this.#byId.delete(oldest);
    this.#ids[this.#next] = id;
    this.#next = (this.#next + 1) % this.#size;
    this.#byId.set(id, remembered);
  }

  get(id: string, now: number): Remembered | undefined {
    const remembered = this.#byId.get(id);
    if (remembered === undefined || now - remembered.settledAt <= this.#ttlMs) return remembered;
    this.#byId.delete(id);
    return undefined;
  }
}
