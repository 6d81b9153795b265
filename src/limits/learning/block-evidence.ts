/** All of these are parts of a window. How far apart calls may be counted in another order than they were sent in. */
const REORDERED = 0.012;
/** What refuses everything for so long is full until it ends. */
const LONG = 0.13;
/** How precisely it is seen when a window begins. */
const SEEN_WITHIN = 0.06;
/** What a long block says at once, others say together. */
const CERTAIN = 2;
const MOST_AGAINST = -3;

/**
 * Whether a limit is counted in windows that follow one another: such a window refuses all that is sent until it ends,
 * and ends a whole number of windows after another one, where the others refuse only what is too much, at any time.
 */
export class BlockEvidence {
  #score = 0;
  /** When the first call that was refused was sent, and answered. */
  #sentAt = Number.NEGATIVE_INFINITY;
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** Of the calls sent after it, before its answer: the first that was accepted, and the last that was refused. */
  #acceptedAt = Number.POSITIVE_INFINITY;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #reorderedMs = 0;
  #openedAt = Number.NaN;

  get isFixed(): boolean {
    return this.#score >= CERTAIN;
  }

  begin(sentAt: number, answeredAt: number, windowMs: number): void {
    this.#sentAt = sentAt;
    this.#answeredAt = answeredAt;
    this.#acceptedAt = Number.POSITIVE_INFINITY;
    this.#refusedAt = sentAt;
    this.#reorderedMs = REORDERED * windowMs;
  }

  accepted(sentAt: number): void {
    if (sentAt > this.#sentAt + this.#reorderedMs && sentAt < this.#answeredAt) this.#acceptedAt = Math.min(this.#acceptedAt, sentAt);
  }

  refused(sentAt: number): void {
    this.#refusedAt = Math.max(this.#refusedAt, sentAt);
  }

  /** A call gets through again. */
  end(openedAt: number, windowMs: number): void {
    const sinceLast = (openedAt - this.#openedAt) / windowMs;
    const isOnTime = Math.abs(sinceLast - Math.round(sinceLast)) < SEEN_WITHIN;
    const isWhole = this.#acceptedAt > this.#refusedAt - this.#reorderedMs;
    if (this.#acceptedAt === Number.POSITIVE_INFINITY && openedAt - this.#sentAt > LONG * windowMs) this.#score += CERTAIN;
    else if (isOnTime && isWhole && this.#refusedAt > this.#sentAt) this.#score++;
    else if (!isOnTime && !Number.isNaN(sinceLast)) this.#score--;
    this.#score = Math.max(MOST_AGAINST, Math.min(CERTAIN, this.#score));
    this.#openedAt = openedAt;
  }

  /** It turned out that it is not. */
  refute(): void {
    this.#score = MOST_AGAINST;
  }
}
