/** Burst allowed above the even pace: 3 s of a minute's window, the same share of any other. */
const TOLERANCE_OF_WINDOW = 0.05;

/**
 * Generic cell rate algorithm over one window: spreads admissions evenly, so that tenants who share a window
 * don't wait for its next bunch. It only decides while pacing is on, but always keeps count.
 */
export class Pacer {
  readonly #toleranceMs: number;
  readonly #holdMs: number;
  /** Theoretical arrival time: when the next admission would be due at an even pace. */
  #dueAt = 0;

  /** @param holdMs how long an admission occupies the window in all: at a faster pace the window itself would stop everybody now and then */
  constructor(windowMs: number, holdMs: number) {
    this.#holdMs = holdMs;
    this.#toleranceMs = windowMs * TOLERANCE_OF_WINDOW;
  }

  /** The first moment at which the pace allows another admission. */
  get freeAt(): number {
    return this.#dueAt - this.#toleranceMs;
  }

  /** An admission of `cost`; a full window's worth is the most that can lie ahead. */
  charge(cost: number, capacity: number, now: number): void {
    this.#dueAt = Math.min(now + this.#holdMs, Math.max(this.#dueAt, now) + (cost * this.#holdMs) / capacity);
  }

  /** What an admission really cost turned out to differ by `delta`. */
  correct(delta: number, capacity: number): void {
    this.#dueAt += (delta * this.#holdMs) / capacity;
  }

  /** The capacity was multiplied by `factor`: what lies ahead passes by faster or slower. */
  rescale(factor: number, now: number): void {
    if (this.#dueAt > now) this.#dueAt = now + (this.#dueAt - now) / factor;
  }
}
