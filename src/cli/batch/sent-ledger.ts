import type { RateLimiterType, TokenCounts } from '../../domain/limit-types.ts';
import { costOf, countsTokens } from '../../limits/cost.ts';
import { type SentSlot, SlotRecord } from './slot-record.ts';

/** One limit of one model that counts over a window. */
export interface WindowLimit {
  readonly model: string;
  readonly type: RateLimiterType;
  readonly limit: number;
  readonly windowMs: number;
  /** Longest time in which the provider counts a call once it is written. */
  readonly countedWithinMs: number;
}

/** A limit's part of the ledger as it stands in the file. */
export interface SentRecord {
  readonly model: string;
  readonly type: string;
  /** How long what it holds counts; absent in files of older versions. */
  readonly windowMs?: number | undefined;
  readonly slots: readonly SentSlot[];
}

/** Something that was sent before this process started, for the engine to count. */
export interface EarlierUsage {
  readonly type: RateLimiterType;
  readonly amount: number;
  /** Epoch milliseconds at which the provider had counted it at the latest. */
  readonly at: number;
}

/** With many limits each gets fewer slots, so that the file stays small. */
const MOST_SLOTS = 400;
const SLOTS_PER_WINDOW = 100;
const LEAST_SLOTS = 10;

/**
 * What was sent in the last window of each limit, as an upper bound that stands in a file before anything is sent:
 * a process that is killed at any moment leaves enough for the next one to keep the limits.
 */
export class SentLedger {
  readonly #limits: readonly WindowLimit[];
  readonly #byModel = new Map<string, { readonly type: RateLimiterType; readonly record: SlotRecord }[]>();
  readonly #foreign: readonly SentRecord[];
  readonly #persist: () => void;

  /**
   * @param earlier what the file holds
   * @param persist writes {@link records} to the file before it returns; what it throws, `record` throws
   */
  constructor(limits: readonly WindowLimit[], earlier: readonly SentRecord[], persist: () => void) {
    this.#limits = limits;
    this.#persist = persist;
    this.#foreign = earlier.filter((record) => !limits.some((limit) => isOf(record, limit)));
    const slots = Math.max(LEAST_SLOTS, Math.min(SLOTS_PER_WINDOW, Math.floor(MOST_SLOTS / Math.max(1, limits.length))));
    for (const limit of limits) {
      const options = { slotMs: limit.windowMs / slots, step: limit.limit / (2 * slots), keepMs: limit.windowMs + limit.countedWithinMs };
      const record = new SlotRecord(options, earlier.find((one) => isOf(one, limit))?.slots);
      this.#byModel.set(limit.model, [...(this.#byModel.get(limit.model) ?? []), { type: limit.type, record }]);
    }
  }

  /** Notes a call that goes to the wire now; call it before its first byte does. */
  record(model: string, tokens: TokenCounts, wallMs: number): void {
    this.#add(model, (type) => costOf(type, tokens), wallMs);
  }

  /** Notes what a call used beyond what was recorded when it was sent. */
  correct(model: string, tokens: TokenCounts, wallMs: number): void {
    this.#add(model, (type) => (countsTokens(type) ? costOf(type, tokens) : 0), wallMs);
  }

  #add(model: string, amountOf: (type: RateLimiterType) => number, wallMs: number): void {
    const records = this.#byModel.get(model);
    if (!records) return;
    let isCovered = true;
    for (const { type, record } of records) isCovered = record.add(amountOf(type), wallMs) && isCovered;
    if (isCovered) return;
    for (const { record } of records) record.allow();
    this.#persist();
  }

  /** What earlier processes sent to `model` and still counts at `wallMs`, oldest first; ask before anything is recorded. */
  earlierUsage(model: string, wallMs: number): EarlierUsage[] {
    const usage: EarlierUsage[] = [];
    for (const { type, record } of this.#byModel.get(model) ?? []) {
      const limit = this.#limits.find((one) => one.model === model && one.type === type);
      if (!limit) continue;
      for (const [endMs, amount] of record.exactSlots()) {
        const countedAt = endMs + limit.countedWithinMs;
        if (countedAt + limit.windowMs > wallMs && amount > 0) usage.push({ type, amount, at: Math.min(countedAt, wallMs) });
      }
    }
    return usage.sort((a, b) => a.at - b.at);
  }

  /** @param isFinal nothing more will be sent: exactly what was, without allowances */
  records(isFinal = false): SentRecord[] {
    const own = this.#limits.map(({ model, type, windowMs }) => {
      const record = this.#byModel.get(model)?.find((one) => one.type === type)?.record;
      return { model, type, windowMs, slots: (isFinal ? record?.exactSlots() : record?.slots()) ?? [] };
    });
    return [...own, ...this.#foreign];
  }
}

function isOf(record: SentRecord, limit: WindowLimit): boolean {
  return record.model === limit.model && record.type === limit.type;
}
