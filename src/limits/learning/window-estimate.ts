/** What one answer says of a limit whose window is not known. */
export interface LimitSample {
  readonly limit: number;
  /** Limit − remaining, as of some moment between the request's send and its headers. */
  readonly used: number;
  /** Until all of it is free again. */
  readonly resetMs: number;
  /** Its digits below a second mean nothing: a moment was named, to the second. */
  readonly isCoarse?: boolean | undefined;
}

const ENOUGH = 3;
/** For so many times its length the longest reset is believed without being seen again. */
const GENERATION_OF_RESET = 40;
const SECOND_MS = 1_000;
/** Anthropic rounds what remains of a token limit to thousands (its rate limit page). */
const ROUNDED_TO = 1_000;
/** Windows that providers use, in ms. */
const USUAL_MS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400].map(
  (s) => s * SECOND_MS,
);
/** What is so little below a usual window is taken for it: nothing was counted right at the start of one yet. */
const NEAR_USUAL = 1.08;
const ALMOST = 0.005;
/** How far apart the bounds of a bucket's window may be where it is taken for known. */
const PRECISE = 1.05;

/**
 * Infers a limit's window from limit, used and reset. In a bucket that refills continuously, reset is the part of the
 * window that has been used: every sample bounds the window, and together they agree. In a window that slides, reset
 * is the window itself right after a call was counted; in one that is fixed, what is left of it. Either way the
 * longest reset seen is a window that is safe for everything seen so far, and the window itself as soon as one call
 * was counted near its start. Whole seconds are taken for rounded. Bounded memory.
 */
export class WindowEstimate {
  readonly #defaultMs: number;
  /** Bounds of a bucket's window, over all samples. */
  #low = 0;
  #high = Number.POSITIVE_INFINITY;
  #leastUsed = Number.POSITIVE_INFINITY;
  #mostUsed = 0;
  #longestResetMs = 0;
  /** The longest of this generation alone: what the next one begins with. */
  #longestLatelyMs = 0;
  #generationFrom: number | undefined;
  #count = 0;
  #fine = false;
  #contradicted = false;

  /** @param defaultMs what the limit's name means; taken where it agrees with a bucket of that window */
  constructor(defaultMs: number) {
    this.#defaultMs = defaultMs;
  }

  /** Whether enough is known to rely on {@link windowMs}. */
  get known(): boolean {
    return this.#count >= ENOUGH;
  }

  /** Surely a bucket that refills continuously: samples of very different usage agree on one window, to within 5 %. */
  get isBucket(): boolean {
    return this.known && !this.#contradicted && this.#fine && this.#isPrecise && this.#mostUsed >= 1.5 * this.#leastUsed;
  }

  /**
   * The window in ms; 0 while nothing is known. While it may still be a bucket, a bucket's window is meant: it is
   * never shorter than the others'.
   */
  get windowMs(): number {
    if (this.#contradicted) return usualWindow(this.#longestMs, 1, NEAR_USUAL);
    if (this.#agreesWithDefault && !(this.#isPrecise && this.#fine)) return this.#defaultMs;
    // What is used is rounded up, so the truth is near the lower bound, which only rises.
    const bucketMs = Math.min(this.#high, this.#low * (this.#fine ? 1.002 : PRECISE));
    const inferredMs = Math.max(this.#longestMs, bucketMs);
    // Whole seconds leave a second to choose in: a usual window there is the likeliest.
    const usualMs = this.#fine ? undefined : USUAL_MS.find((ms) => ms >= Math.max(this.#longestMs, this.#low) && ms <= inferredMs);
    return usualMs ?? usualWindow(inferredMs, 1 - ALMOST, this.#fine ? 1 + ALMOST : NEAR_USUAL);
  }

  /** The longest reset, in whole seconds rounded up: a usual window that it may have been is taken for it. */
  get #longestMs(): number {
    const longestMs = this.#longestResetMs;
    if (this.#fine) return longestMs;
    return USUAL_MS.findLast((ms) => ms >= longestMs - SECOND_MS && ms <= longestMs) ?? longestMs;
  }

  get #isPrecise(): boolean {
    return this.#high <= PRECISE * this.#low;
  }

  /** @param now monotonic ms, never before an earlier one */
  add(sample: LimitSample, now: number): void {
    const { used, resetMs, isCoarse = false } = sample;
    if (!(used > 0 && resetMs > 0)) return;
    this.#fine ||= !isCoarse && resetMs % SECOND_MS !== 0;
    this.#count++;
    this.#remember(resetMs, now);
    this.#leastUsed = Math.min(this.#leastUsed, used);
    this.#mostUsed = Math.max(this.#mostUsed, used);
    this.#bound(sample);
  }

  #bound({ limit, used, resetMs }: LimitSample): void {
    const isRounded = used % ROUNDED_TO === 0;
    const [less, more] = isRounded ? [ROUNDED_TO / 2, ROUNDED_TO / 2] : [1, 0];
    // Until a reset was seen that is no whole number of seconds, it may be rounded either way.
    const slackMs = this.#fine ? 1 : SECOND_MS;
    const low = (Math.max(0, resetMs - (this.#fine ? 0 : slackMs)) * limit) / (used + more);
    const high = used > less ? ((resetMs + slackMs) * limit) / (used - less) : Number.POSITIVE_INFINITY;
    // A contradiction is final: a window that slides may look like a bucket again later.
    if (low > this.#high * 1.001 || high < this.#low * 0.999) this.#contradicted = true;
    this.#low = Math.max(this.#low, low);
    this.#high = Math.min(this.#high, high);
  }

  get #agreesWithDefault(): boolean {
    return this.#low <= this.#defaultMs * 1.001 && this.#defaultMs <= this.#high * 1.001;
  }

  /** A reset that was too long once, by a provider's mistake, is not believed for ever. */
  #remember(resetMs: number, now: number): void {
    this.#generationFrom ??= now;
    if (now - this.#generationFrom > GENERATION_OF_RESET * this.#longestResetMs) {
      this.#longestResetMs = this.#longestLatelyMs;
      this.#longestLatelyMs = 0;
      this.#generationFrom = now;
    }
    this.#longestLatelyMs = Math.max(this.#longestLatelyMs, resetMs);
    this.#longestResetMs = Math.max(this.#longestResetMs, resetMs);
  }
}

/** The usual window between `least` and `most` times what was inferred, or else that. */
function usualWindow(inferredMs: number, least: number, most: number): number {
  return USUAL_MS.find((usualMs) => usualMs >= inferredMs * least && usualMs <= inferredMs * most) ?? inferredMs;
}
