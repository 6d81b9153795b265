/** When a circuit opens and for how long. */
export interface CircuitOptions {
  /** So many failures one after another open it. */
  readonly failuresInARow: number;
  /** So does this share of the last `window` calls. */
  readonly failureShare: number;
  readonly window: number;
  /** How long it stays open before one call probes, in ms. */
  readonly restMs: number;
}

export type CircuitState = 'closed' | 'open' | 'half-open';

/**
 * Stops calls to a place that keeps failing: closed lets everything through, open nothing, and after a rest one call
 * probes (half-open). Pure: every call is told the time.
 */
export class CircuitBreaker {
  readonly #options: CircuitOptions;
  readonly #recent: boolean[] = [];
  #next = 0;
  #inARow = 0;
  #state: CircuitState = 'closed';
  #openedAt = Number.NEGATIVE_INFINITY;
  #openUntil = 0;
  #failures = 0;
  #probing = false;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** When the next call may probe; meaningful while open. */
  get openUntil(): number {
    return this.#openUntil;
  }

  /** While closed how many in a row; else those that opened it, and its failed probes. */
  get failures(): number {
    return this.#state === 'closed' ? this.#inARow : this.#failures;
  }

  /** Whether a call may start now. */
  allows(now: number): boolean {
    if (this.#state === 'closed') return true;
    return !this.#probing && now >= this.#openUntil;
  }

  /** A call starts; true: it is the probe, and its outcome decides. */
  started(): boolean {
    if (this.#state === 'closed') return false;
    this.#state = 'half-open';
    this.#probing = true;
    return true;
  }

  succeeded(probe: boolean): void {
    if (probe) this.#close();
    else if (this.#state === 'closed') this.#count(false);
  }

  /** Calls that started before it opened say nothing new. */
  failed(probe: boolean, startedAt: number, now: number): void {
    if (probe) {
      this.#failures++;
      this.#open(now);
      return;
    }
    if (this.#state !== 'closed' || startedAt < this.#openedAt) return;
    this.#count(true);
    const { failuresInARow, failureShare, window } = this.#options;
    const failures = this.#recent.reduce((sum, failed) => sum + (failed ? 1 : 0), 0);
    if (this.#inARow < failuresInARow && (this.#recent.length < window || failures < failureShare * window)) return;
    this.#failures = failures;
    this.#open(now);
  }

  /** The probe ended without a verdict, as by a cancellation or a refusal: another may probe. */
  undecided(probe: boolean): void {
    if (probe) this.#probing = false;
  }

  #count(failed: boolean): void {
    this.#inARow = failed ? this.#inARow + 1 : 0;
    this.#recent[this.#next] = failed;
    this.#next = (this.#next + 1) % this.#options.window;
  }

  #open(now: number): void {
    this.#state = 'open';
    this.#probing = false;
    this.#openedAt = now;
    this.#openUntil = now + this.#options.restMs;
  }

  #close(): void {
    this.#state = 'closed';
    this.#probing = false;
    this.#inARow = 0;
    this.#recent.length = 0;
    this.#next = 0;
  }
}
