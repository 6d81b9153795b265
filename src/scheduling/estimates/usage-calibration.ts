import { RecentKeys } from './recent-keys.ts';

/** What the newest report weighs beside all before it. */
const NEWEST = 0.05;
const LEAST = 0.25;
const MOST = 4;
const MOST_MODELS = 256;

interface Totals {
  estimated: number;
  used: number;
}

/**
 * Learns by how much a model's input really differs from its estimate: the quotient of used and estimated tokens,
 * both exponentially averaged (the newest report weighs a twentieth, in proportion to its size), kept within 1/4 to 4.
 * Only for providers that charge what is really used: where they charge their own guess from characters, usage says
 * nothing of the charge. Remembers the 256 models used last.
 */
export class UsageCalibration {
  readonly #models = new RecentKeys<Totals>(MOST_MODELS);

  /** What estimates of this model are to be multiplied by; 1 while nothing is known. */
  factor(model: string): number {
    const totals = this.#models.get(model);
    return totals === undefined ? 1 : Math.min(MOST, Math.max(LEAST, totals.used / totals.estimated));
  }

  /** A corrected estimate, in whole tokens. */
  apply(model: string, estimate: number): number {
    return Math.max(1, Math.ceil(estimate * this.factor(model) - 1e-9));
  }

  /** A call whose estimate was `estimated`, before any correction, used `used` tokens of input. */
  report(model: string, estimated: number, used: number): void {
    if (!(estimated > 0 && used > 0 && Number.isFinite(estimated) && Number.isFinite(used))) return;
    // One report that is wildly off (a picture, a file) must not spoil the next hundred.
    const bounded = Math.min(2 * MOST * estimated, Math.max((LEAST / 2) * estimated, used));
    const totals = this.#models.get(model);
    if (totals === undefined) {
      this.#models.set(model, { estimated, used: bounded });
      return;
    }
    totals.estimated += NEWEST * (estimated - totals.estimated);
    totals.used += NEWEST * (bounded - totals.used);
  }
}
