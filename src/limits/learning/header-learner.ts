import type { LimitObservation } from '../../domain/limit-observation.ts';
import type { RateLimiterType } from '../../domain/limit-types.ts';
import { defaultWindowMs } from '../create-limiter.ts';
import type { LimitInstruction } from './limit-instruction.ts';
import { WindowEstimate } from './window-estimate.ts';

/** A limit that the user configured; it is never loosened. */
export interface ConfiguredLimit {
  readonly type: RateLimiterType;
  readonly limit: number;
  readonly windowMs: number;
}

/** What we count ourselves of one type of limit, in its unit. */
export interface OwnBooks {
  /** What the limiter holds now, in flight included; 0 where there is no limiter yet. */
  readonly held: number;
  /** The same when the answered request was sent, that one included; absent: as now. */
  readonly heldAtSend?: number | undefined;
  /** What is in flight now, whether a limiter holds it or not. */
  readonly inFlight: number;
}

/** An answer's headers and our own books as of that moment. All times are monotonic milliseconds. */
export interface HeaderAnswer {
  readonly observations: readonly LimitObservation[];
  readonly sentAt: number;
  readonly headersAt: number;
  readonly books: (type: RateLimiterType) => OwnBooks;
}

/** A window that is longer by more is another one, and so is one that is shorter by more. */
const LONGER = 0.003;
const SHORTER = 0.02;
/** A smaller limit than the configured one may be that of a shorter window; less of a difference is what resets are rounded by. */
const SHORTER_WINDOW = 0.5;
/** After so many answers without a reset the window that the limit's name means is taken. */
const RESETLESS = 3;
/** An answer that took longer than this share of the window says nothing of what is used now. */
const STALE = 0.5;
/** So much and this share of the limit may be rounding and what was counted meanwhile. */
const SLACK = 1;
const ROUNDED_TO = 1_000;
const SLACK_OF_LIMIT = 0.002;
const REFUSED_OF_LIMIT = 0.03;

interface Tracked {
  readonly estimate: WindowEstimate;
  readonly limit: number;
  resetless: number;
  /** Share of the limit that was used when the last answer was counted. */
  usedShare: number;
  refusedAt: number;
  set: { readonly limit: number; readonly windowMs: number; readonly algorithm: 'sliding-window' | 'token-bucket' } | undefined;
}

/**
 * Learns a deployment's limits from answers' headers: what there is to keep, over which window, and how much others
 * use of it. Headers only tighten what is configured. A limit is set after three answers, then again whenever the
 * window or the limit turns out to be different. Pure.
 */
export class HeaderLearner {
  readonly #configured: ReadonlyMap<RateLimiterType, ConfiguredLimit>;
  readonly #tracked = new Map<RateLimiterType, Tracked>();

  constructor(configured: readonly ConfiguredLimit[] = []) {
    this.#configured = new Map(configured.map((limit) => [limit.type, limit]));
  }

  /** Whether headers have told of this type of limit. */
  tells(type: RateLimiterType): boolean {
    return this.#tracked.has(type);
  }

  /** Whether at least one limit is set, or needs no setting because a stricter one is configured. */
  get knows(): boolean {
    for (const [type, { estimate, set }] of this.#tracked)
      if (set !== undefined || (this.#configured.has(type) && estimate.known)) return true;
    return false;
  }

  observe(answer: HeaderAnswer): LimitInstruction[] {
    const instructions: LimitInstruction[] = [];
    for (const observation of answer.observations) {
      const { type, limit, remaining } = observation;
      if (type === 'concurrent' || limit === undefined || !(limit > 0)) continue;
      const tracked = this.#track(type, limit);
      if (remaining === undefined) continue;
      const used = limit - remaining;
      tracked.usedShare = used / limit;
      if (observation.resetMs === undefined) tracked.resetless++;
      else
        tracked.estimate.add(
          { limit, used, resetMs: observation.resetMs, isCoarse: observation.resetRoundedToMs !== undefined },
          answer.headersAt,
        );
      // Who is given a part of a limit has all of that part for as long as the rest of the limit has room for the others.
      const part = Math.min(limit, this.#configured.get(type)?.limit ?? limit);
      this.#settle(tracked, observation, answer, Math.max(0, part - remaining), instructions);
    }
    return instructions;
  }

  /**
   * A call was refused though our books had room for it: others use this limit, faster than headers can tell. Each
   * burst of refusals counts as 3 % of the limit used, so that few calls are refused beside them.
   * @param named the limit that the refusal names; else the fullest is meant
   */
  refused(named: RateLimiterType | undefined, cost: number, startedAt: number, now: number): LimitInstruction[] {
    const type = named ?? this.#fullest();
    const tracked = type === undefined ? undefined : this.#tracked.get(type);
    if (type === undefined || tracked?.set === undefined || startedAt < tracked.refusedAt) return [];
    tracked.refusedAt = now;
    return [{ kind: 'used', type, amount: Math.max(cost, REFUSED_OF_LIMIT * tracked.limit) }];
  }

  #fullest(): RateLimiterType | undefined {
    let fullest: [RateLimiterType, number] | undefined;
    for (const [type, { usedShare }] of this.#tracked) if (usedShare > (fullest?.[1] ?? 0)) fullest = [type, usedShare];
    return fullest?.[0];
  }

  #track(type: RateLimiterType, limit: number): Tracked {
    const before = this.#tracked.get(type);
    if (before?.limit === limit) return before;
    const fresh = { resetless: 0, usedShare: 0, refusedAt: Number.NEGATIVE_INFINITY, set: undefined };
    const tracked: Tracked = { ...fresh, estimate: new WindowEstimate(defaultWindowMs(type)), ...before, limit };
    this.#tracked.set(type, tracked);
    return tracked;
  }

  #settle(
    tracked: Tracked,
    { type, windowMs: named, remaining }: LimitObservation,
    answer: HeaderAnswer,
    used: number,
    out: LimitInstruction[],
  ): void {
    const { estimate } = tracked;
    const isResetless = !estimate.known && tracked.resetless >= RESETLESS;
    if (named === undefined && !estimate.known && !isResetless) return;
    const windowMs = named ?? (isResetless ? defaultWindowMs(type) : estimate.windowMs);
    const wanted = this.#wanted(type, tracked.limit, windowMs, named === undefined && estimate.isBucket);
    const isNew = wanted !== undefined && !isSame(wanted, tracked.set);
    const isFirst = isNew && tracked.set === undefined && !this.#configured.has(type);
    if (isNew) {
      out.push({ kind: 'set', type, ...wanted, ...(wanted.algorithm === 'token-bucket' ? { burst: wanted.limit } : {}) });
      tracked.set = wanted;
    }
    const { held, heldAtSend = held, inFlight } = answer.books(type);
    // Nothing was held before: what is in flight now may all come on top of what the provider has counted.
    const ours = isFirst ? -inFlight : Math.max(held, heldAtSend);
    const isStale = answer.headersAt - answer.sentAt > STALE * (tracked.set?.windowMs ?? windowMs);
    const more = used - ours;
    if (isFirst ? more > 0 : !isStale && more > SLACK + SLACK_OF_LIMIT * tracked.limit + roundingOf(remaining)) {
      out.push({ kind: 'used', type, amount: isFirst ? Math.max(0, more - held) : more });
    }
  }

  /** What is to be kept; undefined where what is configured is at least as strict. */
  #wanted(type: RateLimiterType, limit: number, windowMs: number, isBucket: boolean): Tracked['set'] {
    const configured = this.#configured.get(type);
    if (configured === undefined) {
      if (!(windowMs > 0)) return undefined;
      return { limit, windowMs: Math.ceil(windowMs), algorithm: isBucket ? 'token-bucket' : 'sliding-window' };
    }
    // What is configured is known better than what whole seconds let suppose.
    const windowToKeep = windowMs < SHORTER_WINDOW * configured.windowMs ? Math.ceil(windowMs) : configured.windowMs;
    if (limit / windowToKeep >= configured.limit / configured.windowMs) return undefined;
    return { limit, windowMs: windowToKeep, algorithm: 'sliding-window' };
  }
}

/** Anthropic rounds what is left of tokens to the nearest thousand. */
function roundingOf(remaining: number | undefined): number {
  return remaining !== undefined && remaining % ROUNDED_TO === 0 ? ROUNDED_TO / 2 : 0;
}

function isSame(wanted: NonNullable<Tracked['set']>, set: Tracked['set']): boolean {
  if (set === undefined || set.limit !== wanted.limit || set.algorithm !== wanted.algorithm) return false;
  return wanted.windowMs <= set.windowMs * (1 + LONGER) && wanted.windowMs >= set.windowMs * (1 - SHORTER);
}
