import type { Clock, TimerHandle } from '../domain/clock.ts';
import type { FaultKind } from './faults.ts';
import type { Timing } from './latency.ts';
import { type CallOutcome, type ResponseHead, SimulatedNetworkError } from './simulated-call.ts';

/** Shortest pause between two portions of a body; no body comes in more than this many. */
const PORTION_MS = 25;
const MOST_PORTIONS = 40;

/** Who hears of an exchange. Each is called in order: head, tokens…, then done or failed, once. */
export interface ExchangeListener {
  /** `fault`: what will befall the body, if anything. */
  head(head: ResponseHead, fault?: FaultKind): void;
  /** Streams only: so many tokens have been produced in all. Absent: the body comes as one. */
  tokens?(produced: number): void;
  done(outcome: CallOutcome): void;
  failed(error: Error): void;
}

/** What the provider decided of a call. */
export type Decision =
  | { readonly admitted: false; readonly head: ResponseHead; readonly outcome: CallOutcome }
  | {
      readonly admitted: true;
      readonly head: ResponseHead;
      readonly metered: boolean;
      readonly produce: (tokens: number) => void;
      readonly finish: () => CallOutcome;
    };

/** Everything drawn for a call at its arrival. */
export interface ExchangePlan {
  readonly clock: Clock;
  readonly delayMs: number;
  readonly timing: Timing;
  readonly stream: boolean;
  readonly outputTokens: number;
  readonly fault: FaultKind | undefined;
  /** How far into the body a fault strikes, 0 to 1. */
  readonly faultAt: number;
  readonly stallMs: number;
  readonly decide: () => Decision;
  /** Only with a fault: what it says. */
  readonly spoiling: Spoiling | undefined;
}

/** What a fault puts in place of what was asked for. */
export interface Spoiling {
  /** The answer in place of the whole response; undefined: the fault strikes elsewhere. */
  instead(head: ResponseHead): { head: ResponseHead; outcome: CallOutcome } | undefined;
  /** What comes in place of the rest of a body. */
  inBody(): CallOutcome;
}

/**
 * One call on its way: decided and counted after its delay, head and portions of the body when they are ready.
 * At most one timer at a time; where nothing has to wait it runs to the end inside `start`.
 */
export class Exchange {
  readonly #plan: ExchangePlan;
  readonly #listener: ExchangeListener;
  readonly #arrivedAt: number;
  #timer: TimerHandle;
  #decision: Extract<Decision, { admitted: true }> | undefined;
  #headSent = false;
  #portions = 1;
  #portion = 0;
  #produced = 0;
  #aborted = false;
  #ended = false;

  constructor(plan: ExchangePlan, listener: ExchangeListener) {
    this.#plan = plan;
    this.#listener = listener;
    this.#arrivedAt = plan.clock.now();
  }

  start(): void {
    this.#at(this.#arrivedAt + this.#plan.delayMs, () => this.#decide());
  }

  /**
   * The caller hung up: nothing more is produced, and the listener hears nothing more. What was counted stays; a call that is
   * not decided yet has arrived all the same and is still counted at its moment. False if it had ended.
   */
  abort(): boolean {
    if (this.#ended || this.#aborted) return false;
    this.#aborted = true;
    if (this.#decision) this.#plan.clock.clearTimeout(this.#timer);
    return true;
  }

  #at(moment: number, step: () => void): void {
    const waitMs = moment - this.#plan.clock.now();
    if (waitMs <= 0) step();
    else this.#timer = this.#plan.clock.setTimeout(step, waitMs);
  }

  #decide(): void {
    const decision = this.#plan.decide();
    if (this.#aborted) return;
    if (!decision.admitted) return this.#answer(decision.head, decision.outcome);
    this.#decision = decision;
    const { timing, outputTokens, stream } = this.#plan;
    if (decision.metered || (stream && this.#listener.tokens)) {
      const byTime = Math.ceil((timing.doneMs - timing.firstTokenMs) / PORTION_MS);
      this.#portions = Math.max(1, Math.min(outputTokens, byTime, MOST_PORTIONS));
    }
    const instead = this.#plan.spoiling?.instead(decision.head);
    if (instead) this.#at(this.#arrivedAt + timing.headersMs, () => this.#answer(instead.head, instead.outcome));
    else this.#wait();
  }

  /** When portion `index` (from 1) of the body is ready; the last one at the end. */
  #portionMs(index: number): number {
    const { firstTokenMs, doneMs } = this.#plan.timing;
    return doneMs - ((doneMs - firstTokenMs) * (this.#portions - index)) / this.#portions;
  }

  /** Whether the head comes before the next portion: a response that doesn't stream is generated first. */
  #headIsNext(): boolean {
    return !this.#headSent && this.#plan.timing.headersMs <= this.#portionMs(this.#portion + 1);
  }

  #wait(): void {
    const nextMs = this.#headIsNext() ? this.#plan.timing.headersMs : this.#portionMs(this.#portion + 1);
    this.#at(this.#arrivedAt + nextMs, () => this.#step());
  }

  #step(): void {
    if (this.#headIsNext()) {
      if (this.#plan.fault === 'reset')
        return this.#fail(new SimulatedNetworkError('The simulated connection was reset before any header.'));
      if (this.#plan.fault === 'stallHeaders') return this.#stall();
      this.#headSent = true;
      this.#listener.head(this.#decision?.head ?? { status: 200, headers: {} }, this.#plan.fault);
      if (!this.#aborted) this.#wait();
      return;
    }
    if (this.#faultStrikes()) return this.#breakBody();
    this.#portion += 1;
    this.#produce(Math.round((this.#plan.outputTokens * this.#portion) / this.#portions));
    if (this.#aborted) return;
    if (this.#portion < this.#portions) return this.#wait();
    this.#ended = true;
    if (this.#decision) this.#listener.done(this.#decision.finish());
  }

  #produce(produced: number): void {
    if (produced === this.#produced) return;
    this.#decision?.produce(produced - this.#produced);
    this.#produced = produced;
    if (this.#plan.stream) this.#listener.tokens?.(produced);
  }

  #faultStrikes(): boolean {
    const { fault, faultAt, stream } = this.#plan;
    if (fault === undefined || fault === 'nonsenseHeaders' || !this.#headSent) return false;
    return this.#portion >= (stream ? Math.floor(faultAt * this.#portions) : this.#portions - 1);
  }

  #breakBody(): void {
    const { fault, spoiling } = this.#plan;
    if (fault === 'truncate') return this.#fail(new SimulatedNetworkError('The simulated body ended early.', true));
    if (fault === 'resetInBody') return this.#fail(new SimulatedNetworkError('The simulated connection was reset inside the body.'));
    if (fault === 'stall') return this.#stall();
    this.#ended = true;
    if (spoiling) this.#listener.done(spoiling.inBody());
  }

  #stall(): void {
    const { stallMs, clock } = this.#plan;
    const reset = () => this.#fail(new SimulatedNetworkError(`The simulated connection was reset after ${stallMs} ms of silence.`));
    this.#at(clock.now() + stallMs, reset);
  }

  #answer(head: ResponseHead, outcome: CallOutcome): void {
    this.#ended = true;
    this.#listener.head(head);
    if (!this.#aborted) this.#listener.done(outcome);
  }

  #fail(error: Error): void {
    this.#ended = true;
    this.#listener.failed(error);
  }
}
