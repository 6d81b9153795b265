import { RecentCount } from './recent-count.ts';

/** What a controller starts from. */
export interface AdaptiveRateOptions {
  /** Per second, in the cost's unit. Default 2. */
  readonly initialRate?: number | undefined;
}

/** A call that was refused. */
export interface RefusedStart {
  /** When it was sent, monotonic milliseconds. */
  readonly startedAt: number;
  /** Default 1. */
  readonly cost?: number | undefined;
  /** How long the provider asks to wait, where it does. */
  readonly retryAfterMs?: number | undefined;
}

/** Where growth passes what the ceiling was, and where it stops until something is proven. */
const TOP = 1.04;
const MOST = 1.08;
/** Below the ceiling after a refusal; further where a window holds few calls, whose number can be off by one. */
const LEAST_DIP = 0.03;
const MOST_DIP = 0.06;
const DIP_CALLS = 1.5;
/** Probes are paced to be refused this share of the calls. */
const REFUSED_SHARE = 0.007;
/** More than the ceiling allows by this share of a horizon, and by so many calls: the limit has grown. */
const SURPLUS = 0.03;
const SURPLUS_CALLS = 2;
/** What the limit's window is taken for until a longer block shows that it is longer. */
const FIRST_HORIZON_MS = 5_000;
const LONGEST_HORIZON_MS = 120_000;
const FIRST_PAUSE_MS = 80;
const LONGEST_PAUSE_MS = 10_000;
/** A pause that the provider asked for may be made up for up to so long. */
const MOST_CATCH_UP_MS = 1_500;
const MOST_FULLS = 8;
/** Calls per second below which nothing falls: it has to notice that it may go on. */
const LEAST_CALLS_PER_S = 0.1;

type Phase =
  /** Nothing was refused yet: doubles every 0.4 horizons. */
  | 'start'
  /** Creeps from below the ceiling to above it. */
  | 'hold'
  /** The limit has grown: the distance from the ceiling doubles every 0.2 horizons, the rate every 0.6 at most. */
  | 'raise';

/** A moment at which the provider had no room left, and what it had accepted by then. */
interface Full {
  readonly at: number;
  readonly cost: number;
}

/**
 * Finds the rate that a provider sustains from nothing but acceptances and refusals: multiplicative growth while
 * nothing is refused, then a ceiling taken from what was really accepted, and a slow saw tooth around it whose tops
 * are the probes. Between two refusals a bucket accepts exactly what it refills, and at a refusal a window holds
 * exactly its limit; both are used. Refusals of calls that started before the last cut belong to the same burst and
 * change nothing; while whatever is sent is refused, it only waits, longer each time, and cuts once.
 *
 * Growth is driven by acceptances, so it stands still while there is nothing to send. Pure: no timers; read
 * {@link rate}, {@link burst} and {@link pausedUntil} after every call. All times are monotonic milliseconds.
 */
export class AdaptiveRate {
  readonly #initialRate: number;
  #phase: Phase = 'start';
  #rate: number;
  /** What is to be had just now where that is less: the echo of an earlier burst, or a bucket that is empty. */
  #local = Number.POSITIVE_INFINITY;
  #ceiling = 0;
  /** The ceiling was measured, not guessed. */
  #sure = false;
  #horizonMs = FIRST_HORIZON_MS;
  readonly #accepted = new RecentCount(FIRST_HORIZON_MS);
  readonly #calls = new RecentCount(FIRST_HORIZON_MS);
  #meanCost = 0;
  #fulls: Full[] = [];
  #lastCut: Full = { at: Number.NEGATIVE_INFINITY, cost: 0 };
  #averageAtCut = 0;
  /** Calls that started before this belong to a burst that was answered already. */
  #newsFrom = Number.NEGATIVE_INFINITY;
  #refusalsInARow = 0;
  #blockedSince = 0;
  #fell = false;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #catchUp = 0;
  /** Seconds at the full rate since the last cut. */
  #elapsedS = 0;
  #refusedSinceCut = 0;
  #refusedPerProbe = 1;
  #wasProbe = false;

  constructor(options: AdaptiveRateOptions = {}) {
    this.#initialRate = options.initialRate ?? 2;
    this.#rate = this.#initialRate;
  }

  /** Whether anything was ever refused: until then the rate is only how fast to find out. */
  get limited(): boolean {
    return this.#phase !== 'start' || this.#refusalsInARow > 0;
  }

  /** Per second, in the cost's unit. */
  get rate(): number {
    const rate = Math.min(this.#rate, this.#local);
    return this.#refusalsInARow > 1 ? Math.min(rate, (500 * this.#meanCost) / this.#pauseMs) : rate;
  }

  /** The most that may start at once; a larger call starts when nothing is left of the others. */
  get burst(): number {
    return Math.max(1, this.rate * 0.02) + this.#catchUp;
  }

  /** Nothing may start before. */
  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  accepted(startedAt: number, cost: number, now: number): void {
    this.#accepted.add(cost, now);
    this.#calls.add(1, now);
    this.#meanCost += (cost - this.#meanCost) / Math.min(100, this.#calls.total);
    if (startedAt < this.#newsFrom) return;
    this.#refusalsInARow = 0;
    this.#fell = false;
    const seconds = cost / this.rate;
    this.#elapsedS += seconds;
    if (this.#elapsedS > 2) this.#catchUp = 0;
    this.#grow(seconds, now);
  }

  refused({ startedAt, cost = 1, retryAfterMs }: RefusedStart, now: number): void {
    this.#refusedSinceCut++;
    if (this.#meanCost === 0) this.#meanCost = cost;
    if (retryAfterMs !== undefined && retryAfterMs > 0) this.#pauseUntil(now + retryAfterMs);
    if (startedAt < this.#newsFrom) return;
    if (this.#refusalsInARow === 0) {
      this.#refusalsInARow = this.#cut(now) ? 1 : 2;
      this.#blockedSince = startedAt;
    } else {
      this.#refusalsInARow++;
      this.#blocked(startedAt - this.#blockedSince);
    }
    this.#newsFrom = now;
    const pauseMs = retryAfterMs ?? this.#pauseMs;
    this.#pauseUntil(now + pauseMs);
    const isLong = this.#refusalsInARow === 1 && pauseMs > 2 * FIRST_PAUSE_MS;
    this.#catchUp = isLong ? (0.8 * this.#rate * Math.min(pauseMs, MOST_CATCH_UP_MS)) / 1_000 : 0;
  }

  #pauseUntil(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  get #pauseMs(): number {
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, this.#refusalsInARow - 1));
  }

  /** Calls in the last horizon before the last cut. */
  get #usualCalls(): number {
    return this.#calls.since(this.#lastCut.at - this.#horizonMs);
  }

  get #low(): number {
    return 1 - Math.max(LEAST_DIP, Math.min(MOST_DIP, DIP_CALLS / Math.max(1, this.#usualCalls)));
  }

  /** How long the way from the bottom of the saw tooth to its top takes: so long that its refusals stay few. */
  get #cycleS(): number {
    const horizonS = this.#horizonMs / 1_000;
    if (!this.#sure) return 1.2 * horizonS;
    const perRefusalS = horizonS / (REFUSED_SHARE * Math.max(0.005, this.#usualCalls));
    return Math.max(2 * horizonS, 1.7 * perRefusalS, Math.min(4 * horizonS, this.#refusedPerProbe * perRefusalS));
  }

  #grow(seconds: number, now: number): void {
    const horizonS = this.#horizonMs / 1_000;
    this.#local *= 2 ** (seconds / horizonS);
    if (this.#phase === 'start') this.#rate *= 2 ** (seconds / (0.4 * horizonS));
    else if (this.#phase === 'raise') {
      const further = (this.#rate - this.#ceiling) * (2 ** (seconds / (0.2 * horizonS)) - 1);
      this.#rate = Math.min(this.#rate * 2 ** (seconds / (0.6 * horizonS)), this.#rate + further);
    } else {
      const share = this.#low + ((TOP - this.#low) * this.#elapsedS) / this.#cycleS;
      this.#rate = this.#ceiling * Math.min(MOST, share);
      const surplus = this.#accepted.total - this.#lastCut.cost - (this.#ceiling * (now - this.#lastCut.at)) / 1_000;
      if (share > 1 && surplus > Math.max(SURPLUS * horizonS * this.#ceiling, SURPLUS_CALLS * this.#meanCost)) this.#phase = 'raise';
    }
  }

  /** Answers the first refusal of a burst; whether it was one of a probe, which is over at once. */
  #cut(now: number): boolean {
    if (this.#accepted.total === 0) {
      this.#rate = Math.max(LEAST_CALLS_PER_S * this.#meanCost, this.#rate / 2);
      return false;
    }
    const full = { at: now, cost: this.#accepted.total };
    const average = (this.#accepted.since(now - this.#horizonMs) * 1_000) / this.#horizonMs;
    const isHold = this.#phase === 'hold';
    const isEarly = isHold && this.#elapsedS * 1_000 < this.#horizonMs;
    const isProbe = isHold && !isEarly && this.#sure;
    const available = isEarly ? this.#available(full) : Number.POSITIVE_INFINITY;
    const hasChanged = isHold ? isEarly && average < 0.9 * this.#ceiling : average > 1.1 * this.#ceiling;
    if (hasChanged) this.#fulls = [];
    const measured = this.#measure(full, average, isHold);
    this.#local = available;
    this.#sure = measured || (isHold && !isEarly);
    this.#ceiling = Math.max(LEAST_CALLS_PER_S * this.#meanCost, this.#ceiling);
    this.#averageAtCut = isProbe ? average : 0;
    if (this.#wasProbe) this.#refusedPerProbe += 0.3 * (this.#refusedSinceCut - this.#refusedPerProbe);
    this.#wasProbe = isProbe;
    this.#refusedSinceCut = 0;
    this.#fulls.push(full);
    if (this.#fulls.length > MOST_FULLS) this.#fulls.shift();
    this.#lastCut = full;
    this.#phase = 'hold';
    this.#elapsedS = 0;
    this.#rate = this.#low * this.#ceiling;
    return isHold;
  }

  /** The rate since the last refusal, not much below what it was: refused again so soon, more isn't to be had now. */
  #available({ at, cost }: Full): number {
    const last = this.#fulls.at(-1);
    const since = last === undefined ? 0 : ((cost - last.cost) * 1_000) / Math.max(1, at - last.at);
    return Math.max(0.5 * this.rate, Math.min(0.9 * this.rate, since));
  }

  /** Sets the ceiling to what the provider accepts; whether that was measured over long enough. */
  #measure(full: Full, average: number, isHold: boolean): boolean {
    const [first] = this.#fulls;
    if (first !== undefined && full.at - first.at >= this.#horizonMs) {
      // Exact for a bucket; a window's unused room is lost, and its last stretch says more, the more calls it holds.
      const long = ((full.cost - first.cost) * 1_000) / (full.at - first.at);
      const calls = this.#calls.since(full.at - this.#horizonMs);
      this.#ceiling = long + (0.5 * Math.max(0, average - long) * calls) / (calls + 50);
      return true;
    }
    if (isHold && average > this.#ceiling) this.#ceiling += 0.25 * (average - this.#ceiling);
    else this.#ceiling = Math.min(average, this.rate);
    return false;
  }

  /** Whatever was sent since the cut is refused: a window that is full, and nothing to learn but how long. */
  #blocked(forMs: number): void {
    // Unused room was lost meanwhile: what is accepted over a longer time says less than the limit.
    this.#fulls = [];
    if (this.#averageAtCut > this.#ceiling) this.#ceiling = (this.#ceiling + this.#averageAtCut) / 2;
    this.#averageAtCut = 0;
    this.#rate = this.#phase === 'hold' ? this.#low * this.#ceiling : this.#rate;
    if (forMs > this.#horizonMs) {
      this.#horizonMs = Math.min(LONGEST_HORIZON_MS, forMs);
      this.#accepted.setHorizon(this.#horizonMs);
      this.#calls.setHorizon(this.#horizonMs);
    }
    if (this.#fell || forMs <= 0.2 * this.#horizonMs) return;
    // No probe overshoots by so much: the limit has fallen.
    this.#fell = true;
    this.#local = 0.5 * Math.min(this.#rate, this.#local);
  }
}
