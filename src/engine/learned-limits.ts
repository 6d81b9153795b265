import type { RateLimiterConfig } from '../config/rate-limiter-config.ts';
import { windowOf } from '../config/rate-limiter-config.ts';
import { type CallCost, type RateLimiterType, RateLimiterType as TYPES } from '../domain/limit-types.ts';
import { costOf } from '../limits/cost.ts';
import { createLimiter } from '../limits/create-limiter.ts';
import type { LimitInstruction } from '../limits/learning/limit-instruction.ts';
import { LimitLearner } from '../limits/learning/limit-learner.ts';
import { RateGate } from '../limits/learning/rate-gate.ts';
import type { DeploymentUnit } from './deployment-unit.ts';
import type { EngineActors } from './engine-actors.ts';
import type { EngineSignals } from './engine-signals.ts';
import type { CallAnswer, LearnedHold, LearnedInfo, LearnedRate, LimitListener, SentCall } from './limit-listener.ts';
import { limiterOptions } from './limiter-registry.ts';
import { LimiterUnit } from './limiter-unit.ts';

const UNKNOWN = Number.POSITIVE_INFINITY;
const LONG_WINDOW_MS = 10_000;
const COUNTED_WITHIN_SHARE = 1 / 50;
const KNOWN_TYPES: readonly RateLimiterType[] = Object.values(TYPES);

const SOURCES = { probing: 'nothing', headers: 'headers', adaptive: 'answers' } as const;

interface Gate {
  readonly gate: RateGate;
  readonly rate: LearnedRate;
  readonly pausedUntil: number;
}

/** One deployment's learned limits: turns what the pure learner says into limiters, rates and a bound on calls at once. */
export class LearnedLimits implements LimitListener {
  readonly #deployment: DeploymentUnit;
  readonly #actors: EngineActors;
  readonly #signals: EngineSignals;
  /** Limits of the model that hold for this deployment alone. */
  readonly #ofModel: readonly LimiterUnit[];
  readonly #learner: LimitLearner;
  readonly #units = new Map<RateLimiterType, LimiterUnit>();
  readonly #gates = new Map<RateLimiterType, Gate>();
  #mostInFlight = UNKNOWN;
  /** The sum of what lies between us and the provider's books. */
  readonly #uncounted = { calls: 0, inputTokens: 0, outputTokens: 0 };

  /** @param ofModel limits of the model itself, where it has no other deployment: what they limit needs no learning */
  constructor(deployment: DeploymentUnit, ofModel: readonly LimiterUnit[], actors: EngineActors, signals: EngineSignals) {
    this.#deployment = deployment;
    this.#ofModel = ofModel;
    this.#actors = actors;
    this.#signals = signals;
    const configured = [...deployment.units, ...ofModel].map(({ config, limiter }) => ({
      type: config.type,
      limit: limiter.limit,
      windowMs: windowOf(config) * 1000,
    }));
    const { learnLimits, seekRate } = deployment.config;
    this.#learner = new LimitLearner({ configured, seekRate: seekRate && learnLimits !== false });
    this.#follow(this.#learner.begin(), signals.clock.now());
  }

  get pacesRefused(): boolean {
    return this.#gates.size > 0;
  }

  availableAt(cost: CallCost, inFlight: number, now: number): number {
    if (inFlight >= this.#mostInFlight) return UNKNOWN;
    let at = now;
    for (const gate of this.#gates.values()) at = Math.max(at, opensAt(gate, cost, now));
    return at;
  }

  hold(cost: CallCost, inFlight: number, now: number): LearnedHold | undefined {
    if (inFlight >= this.#mostInFlight) return { kind: 'learning', at: UNKNOWN, most: this.#mostInFlight };
    let last: LearnedHold | undefined;
    for (const gate of this.#gates.values()) {
      const at = opensAt(gate, cost, now);
      if (at > (last?.at ?? now)) last = { kind: 'learned-rate', at, rate: gate.rate };
    }
    return last;
  }

  get info(): LearnedInfo {
    return {
      from: SOURCES[this.#learner.mode],
      rates: [...this.#gates.values()].map(({ rate }) => rate),
      mostInFlight: this.#mostInFlight === UNKNOWN ? null : this.#mostInFlight,
    };
  }

  started(cost: CallCost, now: number): SentCall {
    for (const [type, { gate }] of this.#gates) gate.take(costOf(type, cost), now);
    this.#count(cost, 1);
    const heldAtSend = new Map<RateLimiterType, number>();
    for (const { config, limiter } of this.#ofModel) heldAtSend.set(config.type, limiter.used(now));
    for (const { config, limiter } of this.#deployment.units) heldAtSend.set(config.type, limiter.used(now));
    return { startedAt: now, cost, heldAtSend, counted: false, answered: false };
  }

  counted(call: SentCall): void {
    if (call.counted) return;
    call.counted = true;
    this.#count(call.cost, -1);
  }

  answered(call: SentCall, answer: CallAnswer, now: number): void {
    // The call itself is in the provider's books by now.
    this.counted(call);
    if (call.answered && answer.outcome === 'accepted') return;
    call.answered = true;
    if (answer.outcome === 'refused') for (const [type, { gate }] of this.#gates) gate.refused(costOf(type, call.cost), call.startedAt);
    const { limitType, ...said } = answer;
    const instructions = this.#learner.answered({
      ...said,
      limitType: KNOWN_TYPES.find((type) => type === limitType),
      startedAt: call.startedAt,
      now,
      tokens: call.cost,
      books: (type) => ({
        held: this.#unitOf(type)?.limiter.used(now) ?? 0,
        heldAtSend: call.heldAtSend?.get(type),
        inFlight: costOf(type, this.#uncounted),
      }),
    });
    call.heldAtSend = undefined;
    this.#follow(instructions, now);
  }

  #follow(instructions: readonly LimitInstruction[], now: number): void {
    for (const instruction of instructions) this.#apply(instruction, now);
    if (instructions.length > 0) this.#deployment.wakeUsers();
  }

  #apply(instruction: LimitInstruction, now: number): void {
    switch (instruction.kind) {
      case 'set':
        this.#set(instruction, now);
        break;
      case 'used':
        this.#unitOf(instruction.type)?.limiter.restore(instruction.amount, now);
        break;
      case 'rate':
        this.#setRate(instruction, now);
        break;
      case 'concurrent':
        this.#mostInFlight = instruction.limit ?? UNKNOWN;
        break;
      case 'remove':
        this.#gates.delete(instruction.type);
        this.#remove(instruction.type);
        break;
    }
  }

  #set({ type, limit, windowMs, algorithm, burst }: LimitInstruction & { readonly kind: 'set' }, now: number): void {
    const config: RateLimiterConfig = {
      type,
      limit: Math.max(1, Math.floor(limit)),
      timePeriod: windowMs / 1000,
      algorithm,
      ...(burst !== undefined && { burst: Math.max(1, Math.floor(burst)) }),
      ...this.#countingOf(type, windowMs),
    };
    const known = this.#units.get(type);
    if (known !== undefined && isKeptAlike(known.config, config)) {
      known.setLimit(config.limit);
      return;
    }
    const { clock } = this.#signals;
    const id = `${this.#deployment.id}/learned-${type}`;
    const unit = new LimiterUnit(
      id,
      createLimiter({ ...limiterOptions(config), spread: windowMs <= LONG_WINDOW_MS }, now, () => clock.wallMs()),
      config,
      this.#signals,
      () => this.#actors.limiter({ deploymentId: this.#deployment.id }, undefined, id),
    );
    // What the one before counted still counts at the provider, and calls in flight settle with it.
    if (known !== undefined) unit.limiter.takeOver(known.limiter, now);
    this.#remove(type);
    this.#units.set(type, unit);
    this.#actors.addLimiter({ deploymentId: this.#deployment.id }, { unit, isNew: true });
    this.#deployment.addUnit(unit);
  }

  /** A delay that fits minutes would eat a short window; where this one is too short, the first refusals lengthen it. */
  #countingOf(type: RateLimiterType, windowMs: number) {
    const { learnLimits } = this.#deployment.config;
    const counting = typeof learnLimits === 'object' ? learnLimits[type] : undefined;
    if (windowMs > LONG_WINDOW_MS || counting?.countedWithinMs === UNKNOWN) return counting;
    return { ...counting, countedWithinMs: windowMs * COUNTED_WITHIN_SHARE };
  }

  #remove(type: RateLimiterType): void {
    const unit = this.#units.get(type);
    if (unit === undefined) return;
    this.#units.delete(type);
    unit.stop();
    this.#actors.removeLimiter(this.#deployment.id, unit);
    this.#deployment.removeUnit(unit);
  }

  #setRate({ type, perSecond, burst, window, refused, pausedUntil }: LimitInstruction & { readonly kind: 'rate' }, now: number): void {
    const rate = { type, perSecond, refused };
    const gate = this.#gates.get(type)?.gate ?? new RateGate(perSecond, burst);
    gate.setRate(perSecond, burst, now, window);
    this.#gates.set(type, { gate, rate, pausedUntil });
  }

  /** The limiter that a limit's name means: the learned one, else the configured one. */
  #unitOf(type: RateLimiterType): LimiterUnit | undefined {
    const isOf = ({ config }: LimiterUnit): boolean => config.type === type;
    return this.#units.get(type) ?? this.#deployment.units.find(isOf) ?? this.#ofModel.find(isOf);
  }

  #count({ calls = 1, inputTokens, outputTokens }: CallCost, sign: 1 | -1): void {
    this.#uncounted.calls += sign * calls;
    this.#uncounted.inputTokens += sign * inputTokens;
    this.#uncounted.outputTokens += sign * outputTokens;
  }
}

function opensAt({ gate, rate, pausedUntil }: Gate, cost: CallCost, now: number): number {
  return Math.max(pausedUntil, gate.freeAt(costOf(rate.type, cost), now));
}

function isKeptAlike(one: RateLimiterConfig, other: RateLimiterConfig): boolean {
  return one.timePeriod === other.timePeriod && one.algorithm === other.algorithm && one.burst === other.burst;
}
