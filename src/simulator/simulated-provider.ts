import { admit, chargeRefusal, correctInput, countProduced, type Refusal } from './admission.ts';
import { type Charge, type CostRule, costRules } from './cost-rules.ts';
import { errorIn, invalidKey, modelNotFound, refusalBody } from './error-bodies.ts';
import { type Decision, Exchange, type ExchangeListener, type ExchangePlan, type Spoiling } from './exchange.ts';
import { answerInstead, answerOfRejection, type FaultFacts, outcomeInBody, spoiledHead } from './fault-answers.ts';
import { DEFAULT_STALL_MS, drawFault, type FaultKind, isRejection } from './faults.ts';
import { inProcessCall, type SimulatedResponse } from './in-process-call.ts';
import { KeyBooks } from './key-books.ts';
import { drawTiming, type Timing } from './latency.ts';
import type { LimitAccount, SimulatedLimitStats } from './limits/limit-account.ts';
import type { LimitChange } from './limits/simulated-limit.ts';
import { type HeaderStyle, rateHeaders, retryHeaders } from './rate-headers.ts';
import { requestIdHeaders } from './request-id.ts';
import { SeededRandom } from './seeded-random.ts';
import { type CallOutcome, codeOf, type ErrorBody, type SimulatedCall } from './simulated-call.ts';
import { checkProviderOptions, type Dialect, type SimulatedProviderOptions } from './simulator-options.ts';
import { type SimulatedStream, streamedCall } from './streamed-call.ts';

/** What the provider has seen since its start or the last `reset()`. */
export interface SimulatorStats {
  /** Calls admitted, faulty ones included. */
  readonly accepted: number;
  /** Calls answered with a 429 because a limit had no room; faults that look like one are not among them. */
  readonly refused: number;
  /** Calls that met a fault. */
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
  readonly #books: KeyBooks;
  readonly #dialect: Dialect;
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
    this.#books = new KeyBooks(options, (options.seed ?? 1) + 0x51b);
    this.#dialect = options.dialect ?? 'openai';
    this.#cost = typeof options.cost === 'function' ? options.cost : costRules[options.cost ?? 'exact'];
  }

  /** The models that exist: those configured, or else those called so far. */
  get models(): readonly string[] {
    return this.#books.models;
  }

  /**
   * One call. `headers` settles when the response's head is there (a 429 too), `done` when its body is complete; both
   * reject with a {@link SimulatedNetworkError} where the connection breaks, and with the signal's reason on abort.
   * Neither has to be awaited.
   */
  call(call: SimulatedCall, options: { readonly signal?: AbortSignal } = {}): SimulatedResponse {
    return inProcessCall((listener) => this.exchange(call, listener), options.signal);
  }

  /** The same call as a stream: beside the two promises, what is produced as it is produced. Leaving the loop hangs up. */
  streamCall(call: SimulatedCall, options: { readonly signal?: AbortSignal } = {}): SimulatedStream {
    return streamedCall((listener) => this.exchange({ ...call, stream: true }, listener), options.signal);
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

  /** Whether a caller with this key (or none) is let in. */
  knowsKey(key: string | undefined): boolean {
    return this.#books.knows(key);
  }

  /**
   * Changes the sizes of limits while they are at work; what is counted stays counted. A change without `model` or `key` holds
   * for every limit of its type, also of models that come later.
   * @throws InvalidConfiguration where a type, size or key is wrong; then nothing has changed
   */
  setLimits(changes: readonly LimitChange[]): void {
    this.#books.resize(changes, this.options.clock.now());
  }

  /** What was counted since the start or the last `reset()`. */
  stats(): SimulatorStats {
    const limits = this.#books.all.map((account) => account.stats());
    return { accepted: this.#accepted, refused: this.#refused, faults: this.#faults, aborted: this.#aborted, limits };
  }

  /** Starts the statistics afresh. What the limits have counted stays counted. */
  reset(): void {
    this.#accepted = this.#refused = this.#faults = this.#aborted = 0;
    for (const account of this.#books.all) account.resetStats();
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
      decide: () => this.#decide(call, outputTokens, fault, faultAt),
      spoiling: fault && this.#spoiling(fault, call, faultAt),
    };
  }

  #spoiling(fault: FaultKind, call: SimulatedCall, draw: number): Spoiling {
    const facts = () => this.#facts(call, this.nextRequestId(), draw);
    return { instead: (head) => answerInstead(fault, head, facts()), inBody: () => outcomeInBody(fault, facts()) };
  }

  #timing(drawn: Timing, call: SimulatedCall): Timing {
    if (call.headersMs === undefined) return drawn;
    return { headersMs: call.headersMs, firstTokenMs: call.headersMs, doneMs: call.headersMs };
  }

  #dialectOf(call: SimulatedCall): Dialect {
    return call.dialect ?? this.#dialect;
  }

  #facts(call: SimulatedCall, requestId: string, draw: number): FaultFacts {
    return { dialect: this.#dialectOf(call), model: call.model, requestId, draw, options: this.options };
  }

  #decide(call: SimulatedCall, outputTokens: number, fault: FaultKind | undefined, draw: number): Decision {
    const now = this.options.clock.now();
    const dialect = this.#dialectOf(call);
    const requestId = this.nextRequestId();
    const named = requestIdHeaders(dialect, requestId);
    const books = this.#books.of(call.apiKey);
    if (!books) return denied(401, errorIn(dialect, 401, invalidKey(), requestId), named);
    const accounts = books.of(call.model);
    if (!accounts) return denied(404, errorIn(dialect, 404, modelNotFound(call.model), requestId), named);
    if (fault && isRejection(fault)) {
      this.#faults += 1;
      return { admitted: false, ...answerOfRejection(fault, named, this.#facts(call, requestId, draw)) };
    }
    const { inputTokens, estimatedInputTokens = inputTokens, maxOutputTokens } = call;
    const charge = this.#cost({ inputTokens, estimatedInputTokens, maxOutputTokens, outputTokens });
    const refusal = admit(accounts, charge, now);
    if (refusal) return this.#refuse(call, accounts, refusal, requestId);
    this.#accepted += 1;
    if (fault) this.#faults += 1;
    const head = { status: 200, headers: { ...named, ...this.#rateHeaders(accounts, now, dialect) } };
    return {
      admitted: true,
      head: spoiledHead(fault, head),
      metered: charge.metered,
      produce: (tokens) => {
        if (charge.metered) countProduced(accounts, tokens, this.options.clock.now());
      },
      finish: () => this.#finish(accounts, charge, now, inputTokens, outputTokens),
    };
  }

  #rateHeaders(accounts: readonly LimitAccount[], now: number, dialect: Dialect, refusal?: Refusal): Record<string, string> {
    const { hideHeaders, roundRemaining, azure, clock } = this.options;
    if (hideHeaders) return {};
    if (dialect === 'anthropic') return rateHeaders(accounts, now, dialect, { wallMs: clock.wallMs(), rounded: roundRemaining });
    if (dialect !== 'azure' || !azure) return rateHeaders(accounts, now, dialect);
    const overdrawn: HeaderStyle = refusal && azure.negativeRemaining ? { overdrawn: refusal } : {};
    return rateHeaders(accounts, now, dialect, { ...overdrawn, sentinels: azure.sentinels });
  }

  #refuse(call: SimulatedCall, accounts: readonly LimitAccount[], refusal: Refusal, requestId: string): Decision {
    const now = this.options.clock.now();
    const dialect = this.#dialectOf(call);
    const { hideHeaders, hideRetryAfter, azure, chargeRefusals } = this.options;
    this.#refused += 1;
    if (chargeRefusals) chargeRefusal(accounts, now);
    const tooLarge = !Number.isFinite(refusal.waitMs);
    const silent = hideRetryAfter || (dialect === 'azure' && azure?.sentinels);
    const headers = {
      ...requestIdHeaders(dialect, requestId),
      ...this.#rateHeaders(accounts, now, dialect, refusal),
      ...(silent ? {} : retryHeaders(refusal.waitMs, dialect)),
    };
    const error = refusalBody(call.model, refusal, dialect, requestId, { amounts: hideHeaders, wait: hideRetryAfter });
    const outcome: CallOutcome = {
      kind: 'refused',
      limitType: refusal.limit.spec.type,
      retryAfterMs: tooLarge ? undefined : refusal.waitMs,
      tooLarge,
      message: error.error.message,
    };
    const inStream = dialect === 'azure' && azure?.refuseInStream && call.stream && !tooLarge;
    return { admitted: false, head: inStream ? { status: 200, headers } : { status: 429, headers, error }, outcome };
  }

  #finish(accounts: readonly LimitAccount[], charge: Charge, admittedAt: number, inputTokens: number, outputTokens: number): CallOutcome {
    if (charge.metered) correctInput(accounts, charge.input, inputTokens, admittedAt, this.options.clock.now());
    const usage = { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
    return { kind: 'completed', inputTokens, outputTokens, usage };
  }

  /** A fresh id for a request-id header. */
  nextRequestId(): string {
    this.#requestNumber += 1;
    return `req_${this.#requestNumber.toString(16).padStart(12, '0')}`;
  }
}

function denied(status: number, error: ErrorBody, headers: Readonly<Record<string, string>>): Decision {
  const outcome: CallOutcome = { kind: 'error', status, code: codeOf(error), message: error.error.message };
  return { admitted: false, head: { status, headers, error }, outcome };
}
