/** Burst allowed above the even pace: 3 s of a minute's window, the same share of any other. */
const TOLERANCE_OF_WINDOW = 0.05;
/** How much of what turned out not to be used may be made up for later. */
const CREDIT_OF_WINDOW = 0.25;

/**
 * Generic cell rate algorithm over one window: spreads admissions evenly, so that tenants who share a window
 * don't wait for its next bunch. It only decides while pacing is on, but always keeps count.
 */
export class Pacer {
  readonly #holdMs: number;
  readonly #toleranceMs: number;
  readonly #mostCreditMs: number;
  /** Theoretical arrival time: when the next admission would be due at an even pace. */
  #dueAt = 0;
  /** Time that admissions were charged for and turned out not to have needed, when it had passed already. */
  #creditMs = 0;

  /** @param holdMs how long an admission occupies the window in all: at a faster pace the window itself would stop everybody now and then */
  constructor(windowMs: number, holdMs: number) {
    this.#holdMs = holdMs;
    this.#toleranceMs = windowMs * TOLERANCE_OF_WINDOW;
    this.#mostCreditMs = windowMs * CREDIT_OF_WINDOW;
  }

  /** The first moment at which the pace allows another admission. */
  get freeAt(): number {
    return this.#dueAt - this.#toleranceMs;
  }

  /** An admission of `cost`; a full window's worth is the most that can lie ahead. */
  charge(cost: number, capacity: number, now: number): void {
    const costMs = (cost * this.#holdMs) / capacity;
    const paidMs = Math.min(costMs, this.#creditMs);
    this.#creditMs -= paidMs;
    this.#dueAt = Math.min(now + this.#holdMs, Math.max(this.#dueAt, now) + costMs - paidMs);
  }

  /** What an admission really cost turned out to differ by `delta`. */
  correct(delta: number, capacity: number, now: number): void {
    const deltaMs = (delta * this.#holdMs) / capacity;
    const aheadMs = Math.max(0, this.#dueAt - now);
    if (aheadMs + deltaMs >= 0) {
      this.#dueAt = now + aheadMs + deltaMs;
      return;
    }
    this.#dueAt = now;
    this.#creditMs = Math.min(this.#mostCreditMs, this.#creditMs - aheadMs - deltaMs);
  }

  /** The capacity was multiplied by `factor`: what lies ahead passes by faster or slower. */
  rescale(factor: number, now: number): void {
    if (this.#dueAt > now) this.#dueAt = now + (this.#dueAt - now) / factor;
    this.#creditMs /= factor;
  }
}
