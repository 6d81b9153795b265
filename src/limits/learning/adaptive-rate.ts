import { AcceptedCalls } from './accepted-calls.ts';
import { BlockEvidence } from './block-evidence.ts';
import { beginsAfter, FixedWindows } from './fixed-windows.ts';
import { GrowthProof } from './growth-proof.ts';
import { LimitBounds } from './limit-bounds.ts';
import { catchUpAfter, doubledPauseMs, pauseOfBlockMs } from './pauses.ts';
import type { GateWindow } from './rate-gate.ts';
import { SawTooth } from './saw-tooth.ts';

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

/** Horizons in which the rate may double. */
const START_DOUBLES = 0.4;
const HOLD_DOUBLES = 0.4;
/** While nothing was refused the rate grows to at most so many times what was accepted lately. */
const MOST_OVER_FLOW = 4;
/** The same while a bucket that was emptied gives less than its ceiling. */
const LOCAL_DOUBLES = 2;
/** So far above its ceiling the rate grew because the limit did: what was measured before says nothing any more. */
const GREW = 1.1;
/** What a window may hold beyond the rate's own share of it, and what is added to its length for calls that count late. */
const WINDOW_SLACK = 1.02;
const COUNTED_LATE = 1.01;
const MOST_HELD = 1.1;
/** What the limit's window is taken for until a longer block shows that it is longer. */
const FIRST_HORIZON_MS = 5_000;
/** A wait of this part of a horizon is for no probe. */
const LONG_BLOCK = 0.2;
const LONGEST_HORIZON_MS = 120_000;
/** Calls per second below which nothing falls: it has to notice that it may go on. */
const LEAST_CALLS_PER_S = 0.1;

/** The first refusal of a burst. */
interface Cut {
  readonly at: number;
  /** When the refused call was sent. */
  readonly sentAt: number;
  /** All that had been accepted. */
  readonly cost: number;
  readonly rate: number;
}

/**
 * Finds the rate that a provider sustains from nothing but acceptances and refusals: multiplicative growth while
 * nothing is refused, then a ceiling taken from what was really accepted ({@link LimitBounds}), and a slow saw tooth
 * around it whose tops are the probes ({@link SawTooth}). Once a probe was given more than the ceiling allows since
 * something was last refused, growth is multiplicative again: a bucket that was empty gives no more than its limit.
 * Below the ceiling a window's worth is bounded besides the pace, so that the echo of an uneven window is never refused.
 *
 * Where what refuses is found to be windows that follow one another ({@link BlockEvidence}), they are kept instead
 * ({@link FixedWindows}), until a call is accepted in one that was full.
 *
 * Refusals of calls that started before the last cut belong to the same burst and change nothing. Growth is driven by
 * acceptances, so it stands still while there is nothing to send. Pure: no timers; read {@link rate}, {@link burst},
 * {@link window} and {@link pausedUntil} after every call. All times are monotonic milliseconds.
 */
export class AdaptiveRate {
  readonly #initialRate: number;
  /** `start`: nothing was refused yet. `hold`: creeps from below the ceiling to above it. */
  #phase: 'start' | 'hold' = 'start';
  #rate: number;
  /** What is to be had just now where that is less: a bucket that an overshoot has emptied. */
  #local = Number.POSITIVE_INFINITY;
  #ceiling = 0;
  #horizonMs = FIRST_HORIZON_MS;
  readonly #calls = new AcceptedCalls(FIRST_HORIZON_MS);
  /** In the horizon before the last cut. */
  #usualCalls = 0;
  #cutBefore: Cut = { at: Number.NEGATIVE_INFINITY, sentAt: 0, cost: 0, rate: 0 };
  readonly #growth = new GrowthProof(this.#calls);
  readonly #bounds = new LimitBounds(this.#calls.costs);
  #grew = false;
  /** Calls that started before this belong to a burst that was answered already. */
  #newsFrom = Number.NEGATIVE_INFINITY;
  #refusalsInARow = 0;
  #lastRefused = 0;
  /** The last time something was refused, it was for long. */
  #blocksLong = false;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #catchUp = 0;
  readonly #tooth = new SawTooth();
  readonly #evidence = new BlockEvidence();
  /** Where windows follow one another they are kept instead. */
  #fixed: FixedWindows | undefined;
  #toldAfter = Number.NEGATIVE_INFINITY;

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
    if (this.#fixed) return this.#fixed.rate;
    const rate = Math.min(this.#rate, this.#local);
    return this.#refusalsInARow > 1 ? Math.min(rate, (500 * this.#calls.meanCost) / this.#pauseMs) : rate;
  }

  /** The most that may start at once; a larger call starts when nothing is left of the others. */
  get burst(): number {
    return Math.max(1, this.rate * 0.02) + this.#catchUp;
  }

  /** The most that may start within any stretch of a window's length. */
  get window(): GateWindow {
    if (this.#fixed) return this.#fixed.window;
    const windowMs = COUNTED_LATE * this.#horizonMs;
    if (this.#phase === 'start') return { limit: Number.POSITIVE_INFINITY, windowMs };
    const most = (WINDOW_SLACK * this.#heldOverCeiling * this.#rate * this.#horizonMs) / 1_000;
    return { limit: Math.max(this.#calls.meanCost, most), windowMs };
  }

  /** A window that held more than the ceiling before it refused is a bucket's, which refuses for no window. */
  get #heldOverCeiling(): number {
    return Math.min(MOST_HELD, Math.max(1, this.#bounds.latest / this.#ceiling));
  }

  /** Nothing may start before. */
  get pausedUntil(): number {
    return this.#fixed ? Math.max(this.#pausedUntil, this.#fixed.pausedUntil) : this.#pausedUntil;
  }

  accepted(startedAt: number, cost: number, now: number): void {
    this.#calls.add(startedAt, cost, now);
    if (this.#fixed) {
      this.#fixed.accepted(startedAt, cost, this.#calls.meanCost, now);
      if (!this.#fixed.refuted) return;
      this.#giveUpWindows(this.#fixed, startedAt, now);
    }
    this.#evidence.accepted(startedAt);
    if (startedAt < this.#newsFrom) return;
    if (this.#refusalsInARow > 0 && this.#phase === 'hold') this.#opened(startedAt, now);
    this.#refusalsInARow = 0;
    // One call is no proof of more than a window's growth, whatever it costs.
    const seconds = Math.min(cost / this.rate, this.#horizonMs / 1_000);
    this.#tooth.advance(seconds);
    if (this.#tooth.elapsedS > 2) this.#catchUp = 0;
    this.#grow(seconds, now);
  }

  refused({ startedAt, cost = 1, retryAfterMs }: RefusedStart, now: number): void {
    this.#tooth.refused();
    this.#calls.refused(cost);
    if (retryAfterMs !== undefined && retryAfterMs > 0) {
      this.#pauseUntil(now + retryAfterMs);
      this.#toldAfter = beginsAfter(startedAt, retryAfterMs);
    }
    if (this.#fixed) {
      this.#fixed.refused(startedAt, now, retryAfterMs);
      return;
    }
    this.#evidence.refused(startedAt);
    if (startedAt < this.#newsFrom) return;
    const isFirst = this.#refusalsInARow === 0;
    // After a probe the next call will do; in what blocks for long a second burst would only be refused as well.
    this.#refusalsInARow = isFirst ? (this.#cut(startedAt, now) && !this.#blocksLong ? 1 : 2) : this.#refusalsInARow + 1;
    this.#lastRefused = startedAt;
    this.#newsFrom = now;
    const pauseMs = retryAfterMs ?? this.#pauseMs;
    this.#pauseUntil(now + pauseMs);
    if (isFirst) this.#tooth.paused(pauseMs);
    // No probe is refused for longer than that: the limit has fallen, and there is nothing to make up for.
    const isProbe = this.#refusalsInARow === 1 && pauseMs < LONG_BLOCK * this.#horizonMs;
    this.#catchUp = isProbe ? catchUpAfter(pauseMs, this.#rate) : 0;
  }

  #pauseUntil(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  get #pauseMs(): number {
    if (this.#phase === 'start') return doubledPauseMs(this.#refusalsInARow);
    return pauseOfBlockMs(this.#lastRefused - this.#cutBefore.sentAt, this.#horizonMs);
  }

  #grow(seconds: number, now: number): void {
    const horizonS = this.#horizonMs / 1_000;
    this.#local *= 2 ** (seconds / (LOCAL_DOUBLES * horizonS));
    if (this.#phase === 'start') {
      // Not every rate that grows is enforced yet, nor is there always enough to send: a rate that nothing comes near says nothing.
      const grown = Math.min(this.#rate * 2 ** (seconds / (START_DOUBLES * horizonS)), MOST_OVER_FLOW * this.#calls.flow(now));
      this.#rate = Math.max(this.#rate, grown);
    } else {
      const share = this.#tooth.share(horizonS, this.#usualCalls, () => this.#growth.isGiven(this.#ceiling, this.#horizonMs, now));
      this.#rate = Math.min(this.#ceiling * share, this.#rate * 2 ** (seconds / (HOLD_DOUBLES * horizonS)));
    }
  }

  /** Answers the first refusal of a burst; whether it was one of a probe, which is over at once. */
  #cut(sentAt: number, now: number): boolean {
    if (this.#calls.costs.total === 0) {
      this.#rate = Math.max(LEAST_CALLS_PER_S * this.#calls.meanCost, this.#rate / 2);
      return false;
    }
    const isHold = this.#phase === 'hold';
    const isEarly = isHold && this.#tooth.elapsedS * 1_000 < this.#horizonMs;
    const cut = { at: now, sentAt, cost: this.#calls.costs.total, rate: this.rate };
    this.#local = isEarly && this.#grew ? this.#available(cut) : Number.POSITIVE_INFINITY;
    if (!isEarly) this.#grew = !isHold || this.#rate > GREW * this.#ceiling;
    if (!isEarly && this.#grew) this.#bounds.replace();
    this.#bounds.add(isHold ? this.#ceiling : 0);
    this.#tooth.cut(isHold && !isEarly);
    this.#cutBefore = cut;
    this.#evidence.begin(sentAt, now, this.#horizonMs);
    this.#growth.begin(cut.at, cut.cost);
    this.#phase = 'hold';
    this.#measureCut(now);
    return isHold;
  }

  /** The rate since the last refusal, not much below what it was: refused again so soon, more isn't to be had now. */
  #available({ at, cost }: Cut): number {
    const since = ((cost - this.#cutBefore.cost) * 1_000) / Math.max(1, at - this.#cutBefore.at);
    return Math.max(0.5 * this.rate, Math.min(0.9 * this.rate, since));
  }

  #setCeiling(ceiling: number): void {
    this.#ceiling = Math.max(LEAST_CALLS_PER_S * this.#calls.meanCost, ceiling);
    this.#rate = this.#tooth.low(this.#usualCalls) * this.#ceiling;
  }

  /** Sets the ceiling by the last cut, by what is answered of the calls before it so far. */
  #measureCut(now: number): void {
    const { at, sentAt, rate } = this.#cutBefore;
    this.#usualCalls = this.#calls.countBetween(at - this.#horizonMs, at);
    const unanswered = this.#calls.unansweredBefore(sentAt, rate, now);
    this.#setCeiling(this.#bounds.measure({ sentAt, rate, unanswered }, this.#horizonMs));
  }

  /** A call gets through again. */
  #opened(sentAt: number, now: number): void {
    this.#blocksLong = this.#refusalsInARow > 2 || this.#toldAfter - this.#cutBefore.sentAt > LONG_BLOCK * this.#horizonMs;
    this.#measureCut(now);
    if (this.#blocksLong) this.#measureBlock(sentAt);
    // From when it last refused: what a bucket has gained since then is all that it had.
    this.#growth.begin(this.#lastRefused, this.#calls.costs.total - this.#calls.costs.since(this.#lastRefused));
    this.#evidence.end(sentAt, this.#horizonMs);
    if (this.#evidence.isFixed) this.#keepWindows(sentAt);
  }

  /** What blocked was a window that ended. */
  #keepWindows(from: number): void {
    const after = Math.max(this.#lastRefused, Math.min(from, this.#toldAfter));
    const held = this.#calls.costs.between(this.#lastRefused - this.#horizonMs, from);
    const size = Math.max(held, (this.#ceiling * this.#horizonMs) / 1_000);
    this.#fixed = new FixedWindows({ windowMs: this.#horizonMs, after, from, size }, this.#calls.meanCost);
    this.#refusalsInARow = 0;
    this.#catchUp = 0;
  }

  /** They do not follow one another after all. */
  #giveUpWindows({ sustained }: FixedWindows, sentAt: number, now: number): void {
    this.#fixed = undefined;
    this.#evidence.refute();
    this.#tooth.restart();
    this.#setCeiling(sustained);
    this.#bounds.replace(this.#ceiling);
    this.#local = Number.POSITIVE_INFINITY;
    this.#growth.begin(sentAt, this.#calls.costs.total);
    this.#newsFrom = now;
  }

  /** A window that was full is known now. */
  #measureBlock(openedAt: number): void {
    const { sentAt: refusedAt } = this.#cutBefore;
    if (openedAt - refusedAt > this.#horizonMs) this.#setHorizon(openedAt - refusedAt);
    const blockedAt = Math.max(this.#lastRefused, Math.min(openedAt, this.#toldAfter));
    this.#setCeiling(this.#bounds.measureBlock({ refusedAt, blockedAt, openedAt }, this.#horizonMs));
    this.#local = Number.POSITIVE_INFINITY;
  }

  #setHorizon(horizonMs: number): void {
    this.#horizonMs = Math.min(LONGEST_HORIZON_MS, horizonMs);
    this.#calls.setHorizon(this.#horizonMs);
  }
}
