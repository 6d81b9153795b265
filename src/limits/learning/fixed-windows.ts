import type { GateWindow } from './rate-gate.ts';

/** What is known of windows that were found to follow one another. */
export interface FoundWindows {
  readonly windowMs: number;
  /** The present one began after this moment … */
  readonly after: number;
  /** … and not later than this. */
  readonly from: number;
  /** What one holds, about. */
  readonly size: number;
}

/** All of these are parts of a window. Left free at its end, for the answer to a probe and what follows from it. */
const FREE = 0.1;
const LEAST_FREE = 0.03;
/** The first that is kept is filled a little slower: what is sent earlier in one window than in the one before is missed in between. */
const FIRST_FREE = 0.07;
const MOST_EARLIER = 0.05;
/** How late a call may be counted after it was sent. */
const LATE = 0.01;
const REORDERED = 0.015;
/** A call refused so soon was still counted in the window before. */
const TOO_SOON = 0.03;
/** How well its beginning has to be known. */
const WELL_KNOWN = 0.03;
/** How soon it is asked again whether a window is full that holds less than was thought, or has not begun when it should have. */
const ASKED_AGAIN = 0.06;
const MOST_OVERDUE = 0.4;
const LONGER = 1.1;
/** One probe, which is refused as long as the limit has not grown, to so many calls. */
const CALLS_PER_PROBE = 180;
/** What may be sent more for each call that was accepted beyond the size: two, and one for each so many that a window holds. */
const MORE_PER_ACCEPTED = 2;
const CALLS_PER_MORE = 250;
/** How much faster a window is filled when the one before held more than was thought: a little more, or much. */
const GREW_FASTER = 1.08;
const GREW_MUCH_FASTER = 2;
const MUCH = 1.04;
/** A window with less than this of what one held is full for another reason, as long as it isn't clear. */
const DOUBTFUL = 0.9;
const LEAST_LEFT = 0.25;
const SECOND_MS = 1_000;

/**
 * A limit that is counted in windows which follow one another. What one holds is known exactly once it was full, and
 * that it holds more once a single call beyond was accepted. So each is filled evenly, and in every few of them one
 * call more is sent than the last one held: refused, it cost one call; accepted, it lets more follow, and the next
 * window is filled faster. While a window is full single calls find out when the next one begins.
 *
 * Pure: read {@link rate}, {@link window} and {@link pausedUntil} after every call. Times are monotonic milliseconds.
 */
export class FixedWindows {
  #windowMs: number;
  #after: number;
  #from: number;
  #size: number;
  /** When calls begin to be sent in this window, and when all are to have been. */
  #start: number;
  #end: number;
  #accepted = 0;
  /** Accepted before its calls are sent, and perhaps counted in it already; the same for the next. */
  #early = 0;
  #earlyInNext = 0;
  #callCost: number;
  /** When the first call was sent that this window had no room for, and the last. */
  #fullAt: number | undefined;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #growth = 1;
  #callsUnprobed = 0;
  #refuted = false;
  #now: number;

  constructor({ windowMs, after, from, size }: FoundWindows, callCost: number) {
    this.#windowMs = windowMs;
    this.#after = after;
    this.#from = from;
    this.#size = size;
    this.#callCost = callCost;
    this.#start = from;
    this.#end = from + (1 - FIRST_FREE) * windowMs;
    this.#now = from;
  }

  /** A call was accepted in a window that was full: they don't follow one another. */
  get refuted(): boolean {
    return this.#refuted;
  }

  /** What was sustained, per second. */
  get sustained(): number {
    return (1_000 * this.#size) / this.#windowMs;
  }

  /** Per second, in the cost's unit. */
  get rate(): number {
    if (this.#asks) return (1_000 * this.#callCost) / (2 * ASKED_AGAIN * this.#windowMs);
    const growth = this.#accepted >= this.#size ? GREW_MUCH_FASTER : this.#growth;
    return (1_000 * growth * this.#size) / Math.max(this.#end - this.#start, 0.5 * this.#windowMs);
  }

  /** The most that may start in the present window. */
  get window(): GateWindow {
    return { limit: this.#limit, windowMs: this.#nextStart - this.#start, from: this.#start };
  }

  /** Nothing may start before. */
  get pausedUntil(): number {
    if (this.#fullAt === undefined) return Number.NEGATIVE_INFINITY;
    if (!this.#asks) return this.#nextStart;
    const middle = this.#windowMs + (this.#after + this.#from) / 2;
    if (!this.#isDoubtful) return middle;
    return Math.min(middle, this.#refusedAt + Math.max(ASKED_AGAIN * this.#windowMs, this.#refusedAt - this.#fullAt));
  }

  accepted(sentAt: number, cost: number, callCost: number, now: number): void {
    this.#callCost = callCost;
    this.#now = now;
    if (sentAt < this.#after) return;
    if (this.#fullAt !== undefined && sentAt > this.#fullAt + REORDERED * this.#windowMs) {
      if (sentAt < this.#after + (1 - REORDERED) * this.#windowMs) {
        this.#refuted = true;
        return;
      }
      this.#opened(sentAt);
    }
    this.#rollTo(sentAt);
    if (sentAt < this.#after + this.#windowMs) this.#accepted += cost;
    else this.#earlyInNext += cost;
  }

  /** @param retryAfterMs how long the provider asks to wait, where it does: until the next window begins */
  refused(sentAt: number, now: number, retryAfterMs?: number): void {
    this.#now = now;
    if (sentAt < this.#start) return;
    if (this.#fullAt === undefined) {
      this.#rollTo(sentAt);
      if (sentAt < this.#start + TOO_SOON * this.#windowMs) {
        this.#after = Math.max(this.#after, sentAt);
        this.#from = Math.max(this.#from, sentAt + LATE * this.#windowMs);
        return;
      }
      this.#fullAt = sentAt;
    }
    this.#refusedAt = Math.max(this.#refusedAt, sentAt);
    const notBefore = retryAfterMs === undefined ? sentAt : Math.max(sentAt, beginsAfter(sentAt, retryAfterMs));
    this.#after = Math.max(this.#after, notBefore - this.#windowMs);
    const overdueMs = this.#after - this.#from;
    if (overdueMs < 0) return;
    this.#from = this.#after + Math.min(MOST_OVERDUE * this.#windowMs, Math.max(WELL_KNOWN * this.#windowMs, overdueMs));
  }

  get #nextStart(): number {
    return Math.max(this.#from + this.#windowMs, this.#start + (1 - MOST_EARLIER) * this.#windowMs);
  }

  get #limit(): number {
    if (this.#asks) return Number.POSITIVE_INFINITY;
    const mayProbe = this.#fullAt === undefined && this.#now <= this.#after + this.#windowMs;
    if (!mayProbe || !this.#isProbed) return this.#size;
    const more = MORE_PER_ACCEPTED + this.#size / (CALLS_PER_MORE * this.#callCost);
    return this.#size + this.#callCost + more * Math.max(0, this.#accepted - this.#size);
  }

  get #isProbed(): boolean {
    return this.#growth > 1 || this.#callsUnprobed >= CALLS_PER_PROBE;
  }

  /** Whether calls are sent, one at a time, only to learn when the next window begins. */
  get #asks(): boolean {
    return this.#fullAt !== undefined && (this.#isDoubtful || this.#from - this.#after > WELL_KNOWN * this.#windowMs);
  }

  get #isDoubtful(): boolean {
    return this.#accepted + this.#early < DOUBTFUL * this.#size && this.#refusedAt < this.#after + DOUBTFUL * this.#windowMs;
  }

  /** The window after a full one has begun. */
  #opened(sentAt: number): void {
    const tookMs = sentAt - this.#start;
    const isLonger = tookMs > LONGER * this.#windowMs && this.#accepted >= DOUBTFUL * this.#size;
    const start = this.#asks || sentAt > this.#nextStart + MOST_EARLIER * this.#windowMs ? sentAt : Math.min(sentAt, this.#nextStart);
    const after = Math.max(this.#after + this.#windowMs, this.#refusedAt);
    const from = Math.min(sentAt + LATE * this.#windowMs, this.#from + this.#windowMs);
    if (isLonger) this.#windowMs = tookMs;
    this.#next(after, from, start);
  }

  /** Windows that were not full end when they should. */
  #rollTo(sentAt: number): void {
    const missed = Math.floor((sentAt - this.#nextStart) / this.#windowMs);
    if (missed > 0) this.#shift(missed * this.#windowMs);
    while (sentAt >= this.#nextStart) this.#next(this.#after + this.#windowMs, this.#from + this.#windowMs, this.#nextStart);
  }

  #shift(byMs: number): void {
    this.#after += byMs;
    this.#from += byMs;
    this.#start += byMs;
    this.#end += byMs;
  }

  #next(after: number, from: number, start: number): void {
    const isFull = this.#fullAt !== undefined;
    this.#callsUnprobed = (isFull || this.#isProbed ? 0 : this.#callsUnprobed) + this.#accepted / this.#callCost;
    const held = this.#accepted + (isFull ? this.#early : 0);
    this.#growth = isFull || held <= this.#size ? 1 : held > MUCH * this.#size ? GREW_MUCH_FASTER : GREW_FASTER;
    this.#size = Math.max(isFull ? LEAST_LEFT * this.#size : this.#size, held, this.#callCost);
    this.#early = this.#earlyInNext;
    this.#accepted = 0;
    this.#earlyInNext = 0;
    this.#fullAt = undefined;
    this.#after = after;
    this.#from = Math.max(after, from);
    this.#start = start;
    const wanted = Math.min(this.#from + (1 - FREE) * this.#windowMs, after + (1 - LEAST_FREE) * this.#windowMs);
    this.#end = Math.max(wanted, this.#end + (1 - MOST_EARLIER) * this.#windowMs);
  }
}

/** The moment that a wait which was told reaches to at least: it may be counted in seconds. */
export function beginsAfter(sentAt: number, retryAfterMs: number): number {
  return sentAt + retryAfterMs - (retryAfterMs % SECOND_MS === 0 ? SECOND_MS : 0);
}
