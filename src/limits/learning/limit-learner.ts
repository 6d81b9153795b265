import type { LimitObservation } from '../../domain/limit-observation.ts';
import type { RateLimiterType, TokenCounts } from '../../domain/limit-types.ts';
import { costOf } from '../cost.ts';
import { AdaptiveRate } from './adaptive-rate.ts';
import { type ConfiguredLimit, HeaderLearner, type OwnBooks } from './header-learner.ts';
import type { LimitInstruction } from './limit-instruction.ts';

/** What a learner starts from. */
export interface LimitLearnerOptions {
  /** The deployment's configured limits: never loosened; where there are any, a rate is sought only of what refusals name besides. */
  readonly configured?: readonly ConfiguredLimit[] | undefined;
  /** Whether a rate is sought where answers say nothing of limits; default true. Without it only what headers and refusals name is kept. */
  readonly seekRate?: boolean | undefined;
  /** Requests a second to begin with where answers say nothing of limits; default 10. */
  readonly initialRate?: number | undefined;
}

/** How one call was answered. All times are monotonic milliseconds. */
export interface LearnedAnswer {
  /** When it was sent. */
  readonly startedAt: number;
  /** When its headers came: now. */
  readonly now: number;
  /** Accepted, whatever became of it later; refused for a limit that passes. */
  readonly outcome: 'accepted' | 'refused';
  /** What it reserved. */
  readonly tokens: TokenCounts;
  readonly observations: readonly LimitObservation[];
  readonly books: (type: RateLimiterType) => OwnBooks;
  /** The limit that a refusal names. */
  readonly limitType?: RateLimiterType | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Until the limits are known only so many calls are in flight: even a limit of three a minute refuses none of them. */
const PROBES = 3;
/** Headers that make no sense after so many answers are given up. */
const MOST_PROBES = 12;
/** Calls a second that a search begins with. */
export const FIRST_RATE = 10;
const SOUGHT: readonly RateLimiterType[] = ['rpm', 'tpm', 'itpm', 'otpm'];

/**
 * Learns one deployment's limits from its answers. It begins with three calls in flight. Headers are preferred: as
 * soon as they make sense their limits are kept. Where the first three answers carry none, it seeks the rate that the
 * provider sustains: of requests, and of what else refusals name. Pure: apply what {@link begin} and every
 * {@link answered} return, in order.
 */
export class LimitLearner {
  readonly #headers: HeaderLearner;
  readonly #configured: ReadonlySet<RateLimiterType>;
  readonly #initialRate: number;
  readonly #rates = new Map<RateLimiterType, AdaptiveRate>();
  #mode: 'probing' | 'headers' | 'adaptive';
  #answers = 0;
  #hasHeaders = false;
  readonly #enforcedTypes = new Set<RateLimiterType>();
  #concurrent: number | undefined;

  constructor(options: LimitLearnerOptions = {}) {
    const configured = options.configured ?? [];
    this.#headers = new HeaderLearner(configured);
    this.#configured = new Set(configured.map(({ type }) => type).filter((type) => type !== 'concurrent'));
    this.#initialRate = options.initialRate ?? FIRST_RATE;
    this.#mode = this.#configured.size > 0 || options.seekRate === false ? 'headers' : 'probing';
  }

  /** `probing` until anything is known; `headers`; `adaptive`: without headers. */
  get mode(): 'probing' | 'headers' | 'adaptive' {
    return this.#mode;
  }

  /** What holds before the first answer. */
  begin(): LimitInstruction[] {
    return this.#limitInFlight([]);
  }

  answered(answer: LearnedAnswer): LimitInstruction[] {
    const { observations, startedAt, now, books } = answer;
    this.#answers++;
    this.#hasHeaders ||= observations.some(({ limit, remaining }) => limit !== undefined && remaining !== undefined);
    const instructions = this.#headers.observe({ observations, sentAt: startedAt, headersAt: now, books });
    if (answer.outcome === 'refused') {
      const { limitType, tokens } = answer;
      instructions.push(...this.#headers.refused(limitType, costOf(limitType ?? 'rpm', tokens), startedAt, now));
    }
    if (this.#mode !== 'headers') this.#changeMode(instructions);
    this.#followRates(answer, instructions);
    return this.#limitInFlight(instructions);
  }

  #changeMode(instructions: LimitInstruction[]): void {
    if (this.#headers.knows) {
      for (const [type, rate] of this.#rates) if (this.#enforced(type, rate)) instructions.unshift({ kind: 'remove', type });
      this.#rates.clear();
      this.#mode = 'headers';
    } else if (this.#mode === 'probing' && this.#answers >= (this.#hasHeaders ? MOST_PROBES : PROBES)) {
      this.#mode = 'adaptive';
    }
  }

  #followRates(answer: LearnedAnswer, instructions: LimitInstruction[]): void {
    const { outcome, startedAt, now, tokens, retryAfterMs } = answer;
    const named = typeToSeek(answer.limitType);
    // What is configured, or told by headers, needs no seeking; a refusal that names something else does.
    const isKept =
      this.#mode === 'headers' && (this.#configured.has(named) || this.#headers.tells(named) || answer.limitType === undefined);
    if (outcome === 'refused' && !isKept) {
      this.#rate(named, tokens).refused({ startedAt, cost: costOf(named, tokens), retryAfterMs }, now);
    }
    // A rate that begins with a refusal would know nothing of what was accepted before.
    if (this.#mode !== 'headers') for (const type of SOUGHT) this.#rate(type, tokens);
    if (outcome === 'accepted') for (const [type, rate] of this.#rates) rate.accepted(startedAt, Math.max(1e-9, costOf(type, tokens)), now);
    if (this.#mode === 'probing') return;
    for (const [type, rate] of this.#rates) {
      if (!this.#enforced(type, rate)) continue;
      instructions.push({
        kind: 'rate',
        type,
        perSecond: rate.rate,
        burst: rate.burst,
        window: rate.window,
        refused: rate.limited,
        pausedUntil: rate.pausedUntil,
      });
    }
  }

  #limitInFlight(instructions: LimitInstruction[]): LimitInstruction[] {
    const limit = this.#mode === 'probing' ? PROBES : undefined;
    if (limit !== this.#concurrent) instructions.push({ kind: 'concurrent', limit });
    this.#concurrent = limit;
    return instructions;
  }

  /** Requests begin slowly without headers; a rate of tokens means something once it was refused. */
  #enforced(type: RateLimiterType, rate: AdaptiveRate): boolean {
    if (type === 'rpm' || rate.limited) this.#enforcedTypes.add(type);
    // Once it held calls back it has to say when it would no longer.
    return this.#enforcedTypes.has(type);
  }

  #rate(type: RateLimiterType, tokens: TokenCounts): AdaptiveRate {
    let rate = this.#rates.get(type);
    if (rate === undefined) {
      rate = new AdaptiveRate({ initialRate: this.#initialRate * Math.max(1, costOf(type, tokens)) });
      this.#rates.set(type, rate);
    }
    return rate;
  }
}

/** A rate is sought of requests or of tokens; which window a refusal means makes no difference. */
function typeToSeek(type: RateLimiterType | undefined): RateLimiterType {
  if (type === undefined || type === 'rpd' || type === 'concurrent') return 'rpm';
  return type === 'tpd' ? 'tpm' : type;
}
