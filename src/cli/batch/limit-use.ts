import type { TokenCounts } from '../../domain/limit-types.ts';
import { costOf } from '../../limits/cost.ts';
import type { WindowLimit } from './sent-ledger.ts';

/** How much of one limit a run used. */
export interface LimitUse {
  /** Whose limit it is; of a deployment or a domain, the models that it serves, with commas. */
  readonly model: string;
  /** Set where the limit is a deployment's own. */
  readonly deployment?: string | undefined;
  /** Set where the limit is a quota domain's. */
  readonly domain?: string | undefined;
  readonly type: string;
  readonly limit: number;
  /** Sum of what was sent. */
  readonly used: number;
  /** Sent ÷ what the limit allows in that time: used ÷ (limit × (1 + T ÷ window)), T from the first to the last call. */
  readonly share: number;
}

/** Adds up what goes to the wire, per model and limit. */
export class LimitUseMeter {
  readonly #limits: readonly WindowLimit[];
  readonly #used: number[];
  readonly #times = new Map<string, { first: number; last: number }>();

  constructor(limits: readonly WindowLimit[]) {
    this.#limits = limits;
    this.#used = limits.map(() => 0);
  }

  add(model: string, tokens: TokenCounts, now: number): void {
    const times = this.#times.get(model);
    if (times) times.last = now;
    else this.#times.set(model, { first: now, last: now });
    for (const [index, limit] of this.#limits.entries()) {
      if (limit.model === model) this.#used[index] = (this.#used[index] ?? 0) + costOf(limit.type, tokens);
    }
  }

  all(): LimitUse[] {
    return this.#limits.map(({ model, type, limit, windowMs }, index) => {
      const used = this.#used[index] ?? 0;
      const times = this.#times.get(model);
      const windows = times ? 1 + (times.last - times.first) / windowMs : 1;
      return { model, type, limit, used, share: used / (limit * windows) };
    });
  }
}
