import { RecentCount } from './recent-count.ts';

/** How many calls latency is averaged over, and how many the cost. */
const LATENCY_CALLS = 50;
const COST_CALLS = 100;
const SECOND_MS = 1_000;

/** What is known of the calls that were accepted, by when they were sent. */
export class AcceptedCalls {
  /** Their costs. */
  readonly costs: RecentCount;
  readonly #calls: RecentCount;
  #latencyMs = 0;
  #meanCost = 0;

  constructor(horizonMs: number) {
    this.costs = new RecentCount(horizonMs);
    this.#calls = new RecentCount(horizonMs);
  }

  /** Of a call; 0 before the first one is known. */
  get meanCost(): number {
    return this.#meanCost;
  }

  setHorizon(horizonMs: number): void {
    this.costs.setHorizon(horizonMs);
    this.#calls.setHorizon(horizonMs);
  }

  add(sentAt: number, cost: number, now: number): void {
    this.costs.add(cost, sentAt);
    this.#calls.add(1, sentAt);
    this.#latencyMs += (now - sentAt - this.#latencyMs) / Math.min(LATENCY_CALLS, this.#calls.total);
    this.#meanCost += (cost - this.#meanCost) / Math.min(COST_CALLS, this.#calls.total);
  }

  /** Where none was accepted yet, a refused one says what they cost. */
  refused(cost: number): void {
    if (this.#meanCost === 0) this.#meanCost = cost;
  }

  countBetween(from: number, to: number): number {
    return this.#calls.between(from, to);
  }

  /** Until when what was sent is answered, about. */
  answeredUntil(now: number): number {
    return now - this.#latencyMs;
  }

  /** What was accepted in the last second that is answered. */
  flow(now: number): number {
    const until = this.answeredUntil(now);
    return this.costs.between(until - SECOND_MS, until);
  }

  /** The cost of what was sent before a moment, at a rate per second, and is not answered yet, about. */
  unansweredBefore(sentAt: number, rate: number, now: number): number {
    return (rate * Math.max(0, sentAt - this.answeredUntil(now))) / SECOND_MS;
  }
}
