import { admit, chargeRefusal, correctInput, countProduced, type Refusal } from './admission.ts';
import { type Charge, type CostRule, costRules } from './cost-rules.ts';
import { modelNotFound, refusalBody, SERVER_ERRORS } from './error-bodies.ts';
import { type Decision, Exchange, type ExchangeListener, type ExchangePlan } from './exchange.ts';
import { DEFAULT_STALL_MS, drawFault } from './faults.ts';
import { inProcessCall, type SimulatedResponse } from './in-process-call.ts';
import { drawTiming, type Timing } from './latency.ts';
import type { LimitAccount, SimulatedLimitStats } from './limits/limit-account.ts';
import { ModelLimits } from './model-limits.ts';
import { rateHeaders, retryHeaders } from './rate-headers.ts';
import { SeededRandom } from './seeded-random.ts';
import type { CallOutcome, ResponseHead, SimulatedCall } from './simulated-call.ts';
import { checkProviderOptions, type SimulatedProviderOptions } from './simulator-options.ts';

/** What the provider has seen since its start or the last `reset()`. */
export interface SimulatorStats {
  /** Calls admitted, faulty ones included. */
  readonly accepted: number;
  /** Calls answered with a 429. */
  readonly refused: number;
  /** Admitted calls that met a fault. */
  readonly faults: number;
  /** Calls that the caller gave up before they ended. */
  readonly aborted: number;
  readonly limits: readonly SimulatedLimitStats[];
}

const COUNT_DELAY_MS = { min: 0, max: 50 };
const NO_LATENCY = { headersMs: { min: 0, max: 0 } };
const DEFAULT_MAX_OUTPUT_TOKENS = 256;

/**
 * A provider that enforces limits as real ones do, in process and under any clock: each call is decided and counted
 * at a random moment after its arrival, its headers come later, and the statistics show what was really counted in
 * any window. It judges the limiters of this package and shares no arithmetic with them.
 */
export class SimulatedProvider {
  readonly options: SimulatedProviderOptions;
  readonly #random: SeededRandom;
  readonly #limits: ModelLimits;
  readonly #cost: CostRule;
  #accepted = 0;
  #refused = 0;
  #faults = 0;
  #aborted = 0;
  #requestNumber = 0;

  /** @throws InvalidConfiguration naming the path, the value and what was expected */
  constructor(options: SimulatedProviderOptions) {
    checkProviderOptions(options);
    this.options = options;
    this.#random = new SeededRandom(options.seed ?? 1);
    // A generator of its own: the phases of the windows don't depend on when a model is first called.
    this.#limits = new ModelLimits(options.limits, options.models, new SeededRandom((options.seed ?? 1) + 0x51b));
    this.#cost = typeof options.cost === 'function' ? options.cost : costRules[options.cost ?? 'exact'];
  }

  /** The models that exist: those configured, or else those called so far. */
  get models(): readonly string[] {
    return this.#limits.models;
  }

  /**
   * One call. `headers` settles when the response's head is there (a 429 too), `done` when its body is complete; both
   * reject with a {@link SimulatedNetworkError} where the connection breaks, and with the signal's reason on abort.
   * Neither has to be awaited.
   */
  call(call: SimulatedCall, options: { readonly signal?: AbortSignal } = {}): SimulatedResponse {
    return inProcessCall((listener) => this.exchange(call, listener), options.signal);
  }

  /** The same call with callbacks in place of promises; what the HTTP face is built on. Returns how to hang up. */
  exchange(call: SimulatedCall, listener: ExchangeListener): { abort(): void } {
    const exchange = new Exchange(this.#plan(call), listener);
    exchange.start();
    return {
      abort: () => {
        if (exchange.abort()) this.#aborted += 1;
      },
    };
  }

  /** What was counted since the start or the last `reset()`. */
  stats(): SimulatorStats {
    const limits = this.#limits.all.map((account) => account.stats());
    return { accepted: this.#accepted, refused: this.#refused, faults: this.#faults, aborted: this.#aborted, limits };
  }

  /** Starts the statistics afresh. What the limits have counted stays counted. */
  reset(): void {
    this.#accepted = this.#refused = this.#faults = this.#aborted = 0;
    for (const account of this.#limits.all) account.resetStats();
  }

  /** Draws everything random about a call at its arrival, always in this order, so that a seed means the same run. */
  #plan(call: SimulatedCall): ExchangePlan {
    const { clock, countDelayMs, latency, faults, defaultMaxOutputTokens } = this.options;
    const random = this.#random;
    const delayMs = random.between(countDelayMs ?? COUNT_DELAY_MS);
    const longest = call.maxOutputTokens ?? defaultMaxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS;
    const drawnTokens = random.integer({ min: Math.min(1, longest), max: longest });
    const outputTokens = call.outputTokens ?? drawnTokens;
    const stream = call.stream ?? false;
    const drawnFault = drawFault(faults ?? {}, random);
    const faultAt = random.next();
    const timing = this.#timing(drawTiming(latency ?? NO_LATENCY, { inputTokens: call.inputTokens, outputTokens, stream }, random), call);
    const fault = call.fault === 'none' ? undefined : (call.fault ?? drawnFault);
    return {
      clock,
      delayMs,
      timing,
      stream,
      outputTokens,
      fault,
      faultAt,
      stallMs: faults?.stallMs ?? DEFAULT_STALL_MS,
      decide: () => this.#decide(call, outputTokens, fault !== undefined),
      serverError: (head) => this.#serverError(head, faultAt),
    };
  }

  #timing(drawn: Timing, call: SimulatedCall): Timing {
    if (call.headersMs === undefined) return drawn;
    return { headersMs: call.headersMs, firstTokenMs: call.headersMs, doneMs: call.headersMs };
  }

  #decide(call: SimulatedCall, outputTokens: number, faulty: boolean): Decision {
    const now = this.options.clock.now();
    const accounts = this.#limits.of(call.model);
    const requestId = { 'x-request-id': this.nextRequestId() };
    if (!accounts) {
      const error = modelNotFound(call.model);
      const { message, code } = error.error;
      return { admitted: false, head: { status: 404, headers: requestId, error }, outcome: { kind: 'error', status: 404, code, message } };
    }
    const { inputTokens, estimatedInputTokens = inputTokens, maxOutputTokens } = call;
    const charge = this.#cost({ inputTokens, estimatedInputTokens, maxOutputTokens, outputTokens });
    const refusal = admit(accounts, charge, now);
    if (refusal) return this.#refuse(call.model, accounts, refusal, requestId);
    this.#accepted += 1;
    if (faulty) this.#faults += 1;
    const head = { status: 200, headers: { ...requestId, ...rateHeaders(accounts, now, this.options.dialect ?? 'openai') } };
    return {
      admitted: true,
      head,
      metered: charge.metered,
      produce: (tokens) => {
        if (charge.metered) countProduced(accounts, tokens, this.options.clock.now());
      },
      finish: () => this.#finish(accounts, charge, now, inputTokens, outputTokens),
    };
  }

  #refuse(model: string, accounts: readonly LimitAccount[], refusal: Refusal, requestId: Record<string, string>): Decision {
    const now = this.options.clock.now();
    const dialect = this.options.dialect ?? 'openai';
    this.#refused += 1;
    if (this.options.chargeRefusals) chargeRefusal(accounts, now);
    const tooLarge = !Number.isFinite(refusal.waitMs);
    const headers = { ...requestId, ...rateHeaders(accounts, now, dialect), ...retryHeaders(refusal.waitMs, dialect) };
    const error = refusalBody(model, refusal, dialect);
    const outcome: CallOutcome = {
      kind: 'refused',
      limitType: refusal.limit.spec.type,
      retryAfterMs: tooLarge ? undefined : refusal.waitMs,
      tooLarge,
      message: error.error.message,
    };
    return { admitted: false, head: { status: 429, headers, error }, outcome };
  }

  #finish(accounts: readonly LimitAccount[], charge: Charge, admittedAt: number, inputTokens: number, outputTokens: number): CallOutcome {
    if (charge.metered) correctInput(accounts, charge.input, inputTokens, admittedAt, this.options.clock.now());
    const usage = { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
    return { kind: 'completed', inputTokens, outputTokens, usage };
  }

  #serverError(head: ResponseHead, draw: number): { head: ResponseHead; outcome: CallOutcome } {
    const status = draw < 0.5 ? 500 : 503;
    const error = SERVER_ERRORS[status];
    const { message, code } = error.error;
    return { head: { status, headers: head.headers, error }, outcome: { kind: 'error', status, code, message } };
  }

  /** A fresh id for an `x-request-id` header. */
  nextRequestId(): string {
    this.#requestNumber += 1;
    return `req_${this.#requestNumber.toString(16).padStart(12, '0')}`;
  }
}
