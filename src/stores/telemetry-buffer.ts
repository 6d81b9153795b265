import type { TelemetryEntry } from '../domain/telemetry.ts';
import { Fifo } from '../lib/fifo.ts';

/** What a record takes besides the texts that may be long, in bytes, about. */
const FIXED_BYTES = 1000;

export interface BufferBounds {
  /** Most records. */
  readonly records: number;
  /** Most bytes, as characters of text count. */
  readonly bytes: number;
}

/** Records that wait for a sink, in their order: never more than its bounds allow. */
export class TelemetryBuffer {
  readonly #bounds: BufferBounds;
  readonly #entries = new Fifo<{ readonly entry: TelemetryEntry; readonly bytes: number }>();
  #bytes = 0;

  constructor(bounds: BufferBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** False where there is no room for it. */
  push(entry: TelemetryEntry): boolean {
    const bytes = bytesOf(entry);
    if (this.size >= this.#bounds.records || this.#bytes + bytes > this.#bounds.bytes) return false;
    this.#entries.push({ entry, bytes });
    this.#bytes += bytes;
    return true;
  }

  /** The oldest ones, which stay; at least one where there is any. */
  first(most: BufferBounds): TelemetryEntry[] {
    const taken: TelemetryEntry[] = [];
    let total = 0;
    for (const { entry, bytes } of this.#entries) {
      total += bytes;
      if (taken.length >= most.records || (total > most.bytes && taken.length > 0)) break;
      taken.push(entry);
    }
    return taken;
  }

  /** Forgets the oldest ones. */
  drop(count: number): void {
    for (let left = count; left > 0; left--) this.#bytes -= this.#entries.shift()?.bytes ?? 0;
  }
}

function bytesOf({ record: { userId, reqPayload, errorMessage } }: TelemetryEntry): number {
  return FIXED_BYTES + lengthOf(userId) + lengthOf(reqPayload) + lengthOf(errorMessage);
}

/** Executors may write anything into a record. */
function lengthOf(text: unknown): number {
  return typeof text === 'string' ? text.length : 0;
}
