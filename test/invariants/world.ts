import {
  type EngineEvent,
  type Logger,
  type ProcessorContext,
  QueueManager,
  type QueueManagerOptions,
  type QueueRequest,
  RateLimitRefused,
  type RequestHandle,
  type SettledResponse,
} from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import type { CallPlan, RequestPlan, Scenario } from './scenario.ts';

/** Longest time, in virtual ms, that any scenario may take to settle everything. */
const LONGEST_MS = 3_600_000;

const PLAIN_CALL: CallPlan = { outcome: 'returned', connectMs: undefined, headersMs: 5, endMs: 20, countedAt: 1, used: undefined };

/** One call as the provider and the test saw it. Times are monotonic ms. */
export interface SeenCall {
  readonly id: string;
  readonly model: number;
  readonly plan: CallPlan;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly startedAt: number;
  /** When it was on the wire; undefined: never. */
  writtenAt: number | undefined;
  headersAt: number | undefined;
  /** When its processor settled or its signal aborted. */
  endedAt: number | undefined;
  aborted: boolean;
  /** What it was told at its end to have used. */
  used: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
}

export interface Logged {
  readonly level: keyof Logger;
  readonly fields: object;
  readonly message: string | undefined;
}

/** A manager on a virtual clock that lives through a scenario, with everything that anyone could see of it. */
export class World {
  readonly clock: VirtualClock;
  readonly manager: QueueManager;
  readonly scenario: Scenario;
  readonly calls: SeenCall[] = [];
  readonly events: EngineEvent[] = [];
  readonly logs: Logged[] = [];
  readonly handles = new Map<string, RequestHandle>();
  readonly plans = new Map<string, RequestPlan>();
  readonly settled = new Map<string, SettledResponse[]>();
  readonly settledAt = new Map<string, number>();
  readonly refusals: { readonly model: number; readonly at: number; readonly retryAfterMs: number }[] = [];
  /** Put into every params, result and error, where it is given. */
  readonly #secret: string | undefined;
  /** Called at every moment at which everything that could happen has happened. */
  onQuiet: (() => void) | undefined;
  readonly #attempts = new Map<string, number>();

  /**
   * @param clock what moves time on, where `options.clock` is one around it
   * @param secret what no one but processors and callers may ever see
   */
  constructor(scenario: Scenario, options: QueueManagerOptions = {}, clock = new VirtualClock(), secret?: string) {
    this.scenario = scenario;
    this.#secret = secret;
    this.clock = clock;
    this.manager = new QueueManager({ clock: this.clock, logger: this.#logger(), random: () => 0.5, priorityStepMs: 20, ...options });
    this.manager.events$.subscribe((event) => this.events.push(event));
    scenario.models.forEach((model, index) => {
      this.manager.registerQueue(
        {
          modelId: modelId(index),
          rateLimiters: [...model.limits],
          lookAhead: model.lookAhead,
          attemptTimeoutSeconds: model.attemptTimeoutMs / 1000,
          retry: { maxAttempts: model.maxAttempts, baseDelayMs: 10, maxDelayMs: 40 },
          ...(model.waitMs !== undefined && { requestTimeoutSeconds: model.waitMs / 1000 }),
        },
        (request, context) => this.#call(index, request, context),
      );
    });
  }

  /** Submits everything at its time and lets time pass until all has settled; false: something never did. */
  async run(): Promise<boolean> {
    const { clock, scenario } = this;
    let submitted = 0;
    scenario.requests.forEach((plan, index) => {
      clock.setTimeout(() => {
        submitted++;
        this.#submit(`r${index}`, plan);
      }, plan.atMs);
    });
    const isOver = (): boolean => {
      this.onQuiet?.();
      return submitted === scenario.requests.length && this.settled.size === this.handles.size;
    };
    return clock.advanceUntil(isOver, LONGEST_MS);
  }

  /** Lets every window, pause and grace pass. */
  rest(): Promise<void> {
    return this.clock.advance(200_000);
  }

  #submit(id: string, plan: RequestPlan): void {
    const handle = this.manager.submit({
      modelId: modelId(plan.model),
      id,
      tenant: plan.tenant,
      priority: plan.priority,
      dedupeKey: plan.dedupeKey,
      deadline: plan.deadlineMs === undefined ? undefined : this.clock.wallMs() + plan.deadlineMs,
      estimatedInputTokens: plan.inputTokens,
      estimatedOutputTokens: plan.outputTokens,
      params: this.#secret && { prompt: this.#secret, headers: { authorization: this.#secret } },
      metadata: this.#secret === undefined ? undefined : { note: this.#secret },
    });
    this.plans.set(id, plan);
    this.handles.set(id, handle);
    void handle.response.then((response) => {
      if (response.status !== 'completed' && response.status !== 'failed') throw new Error(`Settled as ${response.status}.`);
      this.settledAt.set(id, this.clock.now());
      this.settled.set(id, [...(this.settled.get(id) ?? []), response]);
    });
    if (plan.cancelMs !== undefined) this.clock.setTimeout(() => handle.cancel(), plan.cancelMs);
  }

  #call(model: number, request: QueueRequest, context: ProcessorContext): Promise<unknown> {
    const number = this.#attempts.get(request.id) ?? 0;
    this.#attempts.set(request.id, number + 1);
    const plans = this.plans.get(request.id)?.calls ?? [];
    const plan = plans[number] ?? PLAIN_CALL;
    const { inputTokens, outputTokens } = this.plans.get(request.id) ?? { inputTokens: 0, outputTokens: 0 };
    const now = this.clock.now();
    const call: SeenCall = {
      id: request.id,
      model,
      plan,
      inputTokens,
      outputTokens,
      startedAt: now,
      writtenAt: undefined,
      headersAt: undefined,
      endedAt: undefined,
      aborted: false,
      used: undefined,
    };
    this.calls.push(call);
    context.signal.addEventListener('abort', () => {
      if (call.endedAt !== undefined) return;
      call.endedAt = this.clock.now();
      call.aborted = true;
    });
    if (plan.outcome === 'threw') {
      // What the provider saw of it nobody knows: it may have been written.
      call.writtenAt = now;
      call.endedAt = now;
      throw this.#error('threw at once');
    }
    return this.#live(call, context);
  }

  #live(call: SeenCall, context: ProcessorContext): Promise<unknown> {
    const { clock } = this;
    const { plan } = call;
    return new Promise((resolve, reject) => {
      const onWire = (): void => {
        call.writtenAt = clock.now();
        const { headersMs } = plan;
        if (headersMs !== undefined && headersMs < plan.endMs && plan.outcome !== 'refused') {
          clock.setTimeout(() => {
            if (call.aborted) return;
            call.headersAt = clock.now();
            context.responseStarted();
          }, headersMs);
        }
        if (plan.outcome !== 'never') clock.setTimeout(() => this.#end(call, context, resolve, reject), plan.endMs);
      };
      if (plan.connectMs === undefined) {
        onWire();
        return;
      }
      const sent = context.deferSend();
      clock.setTimeout(() => {
        if (call.aborted) return;
        onWire();
        sent();
      }, plan.connectMs);
    });
  }

  #end(call: SeenCall, context: ProcessorContext, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    if (call.aborted) return;
    const { plan } = call;
    call.endedAt = this.clock.now();
    if (plan.outcome === 'returned') {
      call.headersAt ??= call.endedAt;
      if (plan.used !== undefined) {
        call.used = {
          inputTokens: Math.round(call.inputTokens * plan.used),
          outputTokens: Math.round(call.outputTokens * plan.used),
        };
        if (plan.countedAt === 0) context.reportUsage(call.used);
      }
      const { used } = call;
      resolve({ text: this.#secret, ...(used && { usage: { input_tokens: used.inputTokens, output_tokens: used.outputTokens } }) });
    } else if (plan.outcome === 'refused') {
      const retryAfterMs = plan.endMs;
      this.refusals.push({ model: call.model, at: call.endedAt, retryAfterMs });
      reject(new RateLimitRefused({ retryAfterMs, ...(this.#secret !== undefined && { message: this.#secret, cause: this.#secret }) }));
    } else {
      reject(Object.assign(this.#error(plan.outcome), { retryable: plan.outcome === 'retryable' }));
    }
  }

  /** What a real client throws: it often carries the request that failed. */
  #error(message: string): Error {
    if (this.#secret === undefined) return new Error(message);
    return Object.assign(new Error(`${message}: ${this.#secret}`), { params: this.#secret, request: { body: this.#secret } });
  }

  #logger(): Logger {
    const log = (level: keyof Logger) => (fields: object, message?: string) => {
      this.logs.push({ level, fields, message });
    };
    return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  }
}

export function modelId(index: number): string {
  return `model-${index}`;
}

/** Runs a scenario to its end and hands back what was seen. */
export async function live(scenario: Scenario, options?: QueueManagerOptions): Promise<World> {
  const world = new World(scenario, options);
  const allSettled = await world.run();
  if (!allSettled) throw new Error(`Not settled: ${[...world.handles.keys()].filter((id) => !world.settled.has(id)).join(', ')}.`);
  return world;
}
