import type { RecentCount } from './recent-count.ts';

/** The ceiling is the least that so many refusals in a row bound it by. */
const MEASURED = 4;
/** The least that one refusal cuts it to. */
const LEAST_LEFT = 0.5;
/** Soon after a block a window that held less than this of the ceiling doesn't say that it has fallen once more … */
const DOUBTFUL = 0.75;
/** … but where it holds the same as when the block ended, within this; unless it was nowhere near full then. */
const SAME_WITHIN = 0.1;
const HELD_WHEN_FULL = 0.5;
/** A block so few horizons after another says that what was concluded from that one was wrong. */
const NEXT_WITHIN = 2;
/** What flows after a block says something after this part of a horizon. */
const LEAST_FLOW = 0.1;

/** A refusal that came after calls were accepted. */
interface Refusal {
  readonly sentAt: number;
  /** The rate then, per second. */
  readonly rate: number;
  /** How much that was sent before it is likely to be accepted and isn't answered yet. */
  readonly unanswered: number;
}

/** What refused for a while. */
interface Block {
  readonly refusedAt: number;
  /** The last moment at which it is known to have blocked. */
  readonly blockedAt: number;
  readonly openedAt: number;
}

/**
 * What refusals bound a limit by, per second. What was accepted in the window before one is never less than the limit:
 * exactly the limit where the window slides, that and what was left in the bucket where there is one. When a block
 * opens the window before holds exactly the limit; a bucket whose size has fallen blocks until it has drained so far.
 */
export class LimitBounds {
  readonly #accepted: RecentCount;
  #bounds: number[] = [];
  #ceilingBefore = 0;
  /** When the last block opened, and what a second of the window before held. */
  #openedAt = Number.NEGATIVE_INFINITY;
  #heldThen = 0;

  constructor(accepted: RecentCount) {
    this.#accepted = accepted;
  }

  /** By the last refusal alone. */
  get latest(): number {
    return this.#bounds.at(-1) ?? 0;
  }

  /** Nothing that was measured before says anything any more, but for this. */
  replace(ceiling?: number): void {
    this.#bounds = ceiling === undefined ? [] : [ceiling];
  }

  /** One more refusal. @param ceilingBefore 0: there was none */
  add(ceilingBefore: number): void {
    this.#bounds = [...this.#bounds.slice(1 - MEASURED), 0];
    this.#ceilingBefore = ceilingBefore;
  }

  /** The ceiling by the last refusal and those before, as far as answers to what was sent before it have come. */
  measure(refusal: Refusal, horizonMs: number): number {
    const { sentAt, rate, unanswered } = refusal;
    const held = this.#heldBefore(sentAt, sentAt, horizonMs) + (unanswered * 1_000) / horizonMs;
    const flowed = this.#isDoubtful(held, sentAt, horizonMs) ? this.#flowed(refusal, horizonMs) : 0;
    const accepted = Math.max(held, flowed, LEAST_LEFT * this.#ceilingBefore);
    const last = this.#bounds.length - 1;
    this.#bounds[last] = last === 0 ? Math.min(accepted, rate) : accepted;
    return Math.min(...this.#bounds);
  }

  /** The ceiling by a window that was full. */
  measureBlock({ refusedAt, blockedAt, openedAt }: Block, horizonMs: number): number {
    const isNext = refusedAt - this.#openedAt < NEXT_WITHIN * horizonMs;
    // It opened some time between the last refusal and now.
    this.#heldThen = this.#heldBefore((blockedAt + openedAt) / 2, openedAt, horizonMs);
    this.#openedAt = openedAt;
    const drained = isNext ? 0 : this.#ceilingBefore / (1 + (openedAt - refusedAt) / horizonMs);
    const ceiling = Math.max(this.#heldThen, drained);
    this.replace(ceiling);
    return ceiling;
  }

  #heldBefore(end: number, until: number, horizonMs: number): number {
    return (this.#accepted.between(end - horizonMs, until) * 1_000) / horizonMs;
  }

  /** Soon after a block a bucket has not had the time to give what its limit is. A window is as full as it was then. */
  #isDoubtful(held: number, sentAt: number, horizonMs: number): boolean {
    if (sentAt - this.#openedAt > horizonMs) return false;
    const wasFull = this.#heldThen > HELD_WHEN_FULL * this.#ceilingBefore;
    return !wasFull || (held < DOUBTFUL * this.#ceilingBefore && Math.abs(held - this.#heldThen) > SAME_WITHIN * this.#heldThen);
  }

  /** What a bucket has given since it blocked is what it gains. */
  #flowed({ sentAt, rate }: Refusal, horizonMs: number): number {
    const forMs = Math.max(sentAt - this.#openedAt, LEAST_FLOW * horizonMs);
    return Math.min(rate, (this.#accepted.between(this.#openedAt, sentAt) * 1_000) / forMs);
  }
}
