import { RecentCount } from './recent-count.ts';

/** What a controller starts from. All rates are per second, in the limit's unit. */
export interface AdaptiveRateOptions {
  /** Default 2. */
  readonly initialRate?: number | undefined;
  /** Default 0.01. */
  readonly leastRate?: number | undefined;
}

/** A call that was refused. */
export interface RefusedStart {
  /** When it was sent. */
  readonly startedAt: number;
  /** How long the provider asks to wait, where it does. */
  readonly retryAfterMs?: number | undefined;
}

const TOP = 1.04;
const MOST = 1.08;
const SURPLUS = 0.03;
const SURPLUS_CALLS = 2;
const REFUSALS_BUDGET = 0.007;
const FIRST_HORIZON_MS = 5_000;
const LONGEST_HORIZON_MS = 120_000;
const FIRST_PAUSE_MS = 80;
const LONGEST_PAUSE_MS = 10_000;
const MOST_MARKS = 8;

type Phase = 'start' | 'hold' | 'raise';

interface Mark {
  readonly at: number;
  readonly cost: number;
}

export class AdaptiveRate {
  readonly #least: number;
  #phase: Phase = 'start';
  #rate: number;
  #local = Number.POSITIVE_INFINITY;
  #ceiling = 0;
  #horizonMs = FIRST_HORIZON_MS;
  readonly #recent = new RecentCount(4 * FIRST_HORIZON_MS);
  readonly #recentCalls = new RecentCount(4 * FIRST_HORIZON_MS);
  #fulls: Mark[] = [];
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #cutAt = Number.NEGATIVE_INFINITY;
  #blockedSince: number | undefined;
  #refusalsInARow = 0;
  #elapsedS = 0;
  #refusedSinceCut = 0;
  #refusedPerEvent = 1;
  #countsCost = false;
  #sure = false;
  #average = 0;
  #catchUp = 0;

  constructor(options: AdaptiveRateOptions = {}) {
    this.#rate = options.initialRate ?? 2;
    this.#least = options.leastRate ?? 0.01;
  }

  get rate(): number {
    const rate = Math.min(this.#rate, this.#local);
    return this.#refusalsInARow > 1 ? Math.min(rate, 500 / this.#pauseMs) : rate;
  }

  get burst(): number {
    return Math.max(1, this.rate * 0.02) + this.#catchUp;
  }

  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  describe(): string {
    return `${this.#phase} ×${this.#refusalsInARow} ceiling ${this.#ceiling.toFixed(2)} local ${this.#local.toFixed(2)} cycle ${this.#cycleS.toFixed(1)} H ${this.#horizonMs.toFixed(0)}`;
  }

  accepted(startedAt: number, cost: number, now: number): void {
    this.#recent.add(cost, now);
    this.#recentCalls.add(1, now);
    if (startedAt < this.#cutAt) return;
    this.#refusalsInARow = 0;
    this.#blockedSince = undefined;
    const seconds = cost / this.rate;
    this.#elapsedS += seconds;
    if (this.#elapsedS > 2) this.#catchUp = 0;
    this.#grow(seconds, now);
  }

  refused({ startedAt, retryAfterMs }: RefusedStart, now: number): void {
    this.#refusedSinceCut++;
    if (retryAfterMs !== undefined && retryAfterMs > 0) this.#pausedUntil = Math.max(this.#pausedUntil, now + retryAfterMs);
    if (startedAt < this.#cutAt) return;
    this.#refusalsInARow++;
    if (this.#refusalsInARow === 1) {
      if (!this.#cut(now)) this.#refusalsInARow = 2;
      this.#blockedSince = startedAt;
    } else {
      // Whole windows were lost meanwhile: what was accepted over a longer time says less than the limit.
      this.#fulls = [{ at: now, cost: this.#recent.total }];
      if (this.#average > this.#ceiling) this.#ceiling = this.#average;
      this.#rate = this.#safe * this.#ceiling;
    }
    if (this.#blockedSince !== undefined && startedAt - this.#blockedSince > this.#horizonMs) {
      this.#horizonMs = Math.min(LONGEST_HORIZON_MS, startedAt - this.#blockedSince);
      this.#recent.setHorizon(4 * this.#horizonMs);
      this.#recentCalls.setHorizon(4 * this.#horizonMs);
    }
    this.#cutAt = now;
    const pauseMs = retryAfterMs ?? this.#pauseMs;
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pauseMs);
    this.#catchUp = this.#refusalsInARow === 1 && pauseMs > 2 * FIRST_PAUSE_MS ? (0.8 * this.#rate * Math.min(pauseMs, 1_500)) / 1_000 : 0;
  }

  get #pauseMs(): number {
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, this.#refusalsInARow - 1));
  }

  get #cycleS(): number {
    const horizonS = this.#horizonMs / 1_000;
    const callsPerS = this.#recentCalls.since(this.#cutAt - this.#horizonMs) / horizonS;
    if (!this.#sure) return 1.2 * horizonS;
    const perRefusalS = 1 / (REFUSALS_BUDGET * Math.max(1e-3, callsPerS));
    return Math.max(2 * horizonS, 1.1 * perRefusalS, Math.min(4 * horizonS, this.#refusedPerEvent * perRefusalS));
  }

  get #safe(): number {
    const calls = this.#recentCalls.since(this.#cutAt - this.#horizonMs);
    return 1 - Math.max(0.03, Math.min(0.06, 1.5 / Math.max(1, calls)));
  }

  #grow(seconds: number, now: number): void {
    const horizonS = this.#horizonMs / 1_000;
    this.#local *= 2 ** (seconds / horizonS);
    if (this.#phase === 'hold') {
      const share = this.#safe + ((TOP - this.#safe) * this.#elapsedS) / this.#cycleS;
      this.#rate = this.#ceiling * Math.min(MOST, share);
      const last = this.#fulls.at(-1);
      const surplus = last === undefined ? 0 : (this.#recent.total - last.cost) / this.#ceiling - (now - last.at) / 1_000;
      const callCost = this.#recent.total / this.#recentCalls.total;
      if (share > 1 && surplus > Math.max(SURPLUS * horizonS, (SURPLUS_CALLS * callCost) / this.#ceiling)) this.#phase = 'raise';
      return;
    }
    const doubling = 2 ** (seconds / (horizonS * (this.#phase === 'start' ? 0.4 : 0.6)));
    const excess = this.#phase === 'start' ? this.#rate : this.#rate - this.#ceiling;
    this.#rate = Math.min(this.#rate * doubling, this.#rate + excess * (2 ** (seconds / (0.2 * horizonS)) - 1));
  }

  #cut(now: number): boolean {
    const mark = { at: now, cost: this.#recent.total };
    const average = (this.#recent.since(now - this.#horizonMs) * 1_000) / this.#horizonMs;
    const last = this.#fulls.at(-1);
    const isEarly = this.#phase === 'hold' && this.#elapsedS * 1_000 < this.#horizonMs;
    const isUsual = this.#phase === 'hold' && !isEarly && this.#sure;
    const local = last === undefined ? 0 : ((mark.cost - last.cost) * 1_000) / Math.max(1, now - last.at);
    if ((this.#phase !== 'hold' && average > 1.1 * this.#ceiling) || (isEarly && average < 0.9 * this.#ceiling)) this.#fulls = [];
    const [first] = this.#fulls;
    const isLong = first !== undefined && now - first.at >= this.#horizonMs;
    const before = this.rate;
    const isHold = this.#phase === 'hold';
    const long = isLong ? ((mark.cost - first.cost) * 1_000) / (now - first.at) : average;
    this.#ceiling = isLong ? (isUsual ? (long + average) / 2 : long) : Math.min(average, before);
    this.#sure = isLong || (isHold && !isEarly);
    this.#average = isUsual ? average : 0;
    this.#local = isEarly ? Math.max(0.5 * before, Math.min(0.9 * before, local)) : Number.POSITIVE_INFINITY;
    if (this.#countsCost) this.#refusedPerEvent += 0.3 * (this.#refusedSinceCut - this.#refusedPerEvent);
    this.#countsCost = isUsual;
    this.#refusedSinceCut = 0;
    this.#fulls.push(mark);
    if (this.#fulls.length > MOST_MARKS) this.#fulls.shift();
    this.#ceiling = Math.max(this.#least, this.#ceiling);
    this.#rate = this.#safe * this.#ceiling;
    this.#phase = 'hold';
    this.#elapsedS = 0;
    return isHold;
  }
}
