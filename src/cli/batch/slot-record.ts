/** What was sent in one stretch of time: its end in epoch ms, and how much at most. */
export type SentSlot = readonly [endMs: number, amount: number];

/** How one limit's sent record is kept. */
export interface SlotRecordOptions {
  readonly slotMs: number;
  /** Smallest step by which a slot's allowance grows. */
  readonly step: number;
  /** How long a slot matters after its end. */
  readonly keepMs: number;
}

/** What grows in proportion to what a slot holds already, so that a slot with much needs few steps. */
const GROWTH = 0.25;

/**
 * How much of one limit was sent when. The slot of the moment has an allowance, which is what stands in the file:
 * as long as the slot holds no more, nothing has to be written; closed slots hold exactly what was sent.
 */
export class SlotRecord {
  readonly #options: SlotRecordOptions;
  #closed: SentSlot[];
  /** Number of the current slot since the epoch. */
  #slot = -1;
  #used = 0;
  #allowed = 0;

  /** @param earlier what an earlier process left */
  constructor(options: SlotRecordOptions, earlier: readonly SentSlot[] = []) {
    this.#options = options;
    this.#closed = [...earlier].sort((a, b) => a[0] - b[0]);
  }

  /** Adds what is about to be sent. Returns whether the file allows for it already; otherwise {@link allow} and a write must come first. */
  add(amount: number, wallMs: number): boolean {
    // A clock that went back goes on in the present slot, which ends later: never too early.
    const slot = Math.max(this.#slot, Math.floor(wallMs / this.#options.slotMs));
    if (slot !== this.#slot) this.#close(slot, wallMs);
    this.#used += amount;
    return this.#used <= this.#allowed;
  }

  /** Raises the present slot's allowance above what it holds. */
  allow(): void {
    if (this.#slot >= 0) this.#allowed = Math.ceil(this.#used + Math.max(this.#options.step, this.#used * GROWTH));
  }

  /** What has to stand in the file. */
  slots(): SentSlot[] {
    return this.#slot < 0 ? [...this.#closed] : [...this.#closed, [this.#endOf(this.#slot), this.#allowed]];
  }

  /** The same with exactly what was sent, for when nothing more will be. */
  exactSlots(): SentSlot[] {
    return this.#slot < 0 ? [...this.#closed] : [...this.#closed, [this.#endOf(this.#slot), this.#used]];
  }

  #close(next: number, wallMs: number): void {
    if (this.#slot >= 0) this.#closed.push([this.#endOf(this.#slot), this.#used]);
    this.#closed = this.#closed.filter(([endMs, amount]) => amount > 0 && endMs + this.#options.keepMs > wallMs);
    this.#slot = next;
    this.#used = 0;
    this.#allowed = 0;
  }

  #endOf(slot: number): number {
    return Math.ceil((slot + 1) * this.#options.slotMs);
  }
}
