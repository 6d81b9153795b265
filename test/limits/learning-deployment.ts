import type { LimitObservation } from '../../src/domain/limit-observation.ts';
import type { RateLimiterType, TokenCounts } from '../../src/domain/limit-types.ts';
import { costOf } from '../../src/limits/cost.ts';
import { createLimiter } from '../../src/limits/create-limiter.ts';
import type { Hold } from '../../src/limits/hold.ts';
import type { LimitInstruction } from '../../src/limits/learning/limit-instruction.ts';
import { LimitLearner, type LimitLearnerOptions } from '../../src/limits/learning/limit-learner.ts';
import { RateGate } from '../../src/limits/learning/rate-gate.ts';
import type { Limiter } from '../../src/limits/limiter.ts';
import { SeededRandom } from '../../src/simulator/seeded-random.ts';
import { EventLoop, type LoopWindow } from './learning-loop.ts';
import type { HiddenLimit } from './learning-provider.ts';

/** How a provider tells of its limits. */
export type HeaderStyle = 'exact' | 'whole-seconds' | 'thousands' | 'none';

export interface DeploymentRunOptions {
  /** By type; all have the same window. */
  readonly limits: readonly (readonly [RateLimiterType, HiddenLimit])[];
  readonly headers: HeaderStyle;
  readonly seed: number;
  readonly runMs: number;
  readonly learner?: LimitLearnerOptions;
  readonly tokens?: (draw: number) => TokenCounts;
  /** Calls a second that somebody else makes with the same key. */
  readonly foreignPerS?: number;
  readonly namesLimit?: boolean;
  readonly changes?: readonly { readonly atMs: number; readonly capacity: number }[];
  readonly log?: (line: string) => void;
}

export interface DeploymentRun {
  readonly windows: LoopWindow[];
  /** What we were granted of each limit ÷ (limit × windows from the second on). */
  readonly shares: readonly number[];
  readonly refused: number;
  readonly calls: number;
  readonly instructions: readonly LimitInstruction[];
  readonly learner: LimitLearner;
}

const LATENCY_MS = { min: 50, max: 300 };

/** An endless backlog of one deployment behind what a learner says, kept with the project's own limiters. */
export function runDeployment(options: DeploymentRunOptions): DeploymentRun {
  const { limits, headers, seed, runMs, tokens = () => ({ inputTokens: 1, outputTokens: 0 }), namesLimit = true } = options;
  const random = new SeededRandom(seed);
  const loop = new EventLoop();
  const learner = new LimitLearner(options.learner);
  const limiters = new Map<RateLimiterType, Limiter>();
  const gates = new Map<RateLimiterType, { gate: RateGate; pausedUntil: number }>();
  const said: LimitInstruction[] = [];
  const windowMs = limits[0]?.[1].windowMs ?? 5_000;
  const windows: LoopWindow[] = [];
  const granted = limits.map(() => 0);
  let concurrent = Number.POSITIVE_INFINITY;
  let inFlight = 0;
  let next = tokens(random.next());
  let wakeAt = Number.POSITIVE_INFINITY;
  const flying = new Map<number, TokenCounts>();
  let ids = 0;
  const windowAt = (now: number): LoopWindow => {
    const index = Math.floor(now / windowMs);
    while (windows.length <= index) windows.push({ accepted: 0, refused: 0, calls: 0 });
    return windows[index] as LoopWindow;
  };
  const configured = options.learner?.configured ?? [];
  for (const limit of configured)
    limiters.set(
      limit.type,
      createLimiter(limit, 0, () => 0),
    );
  const apply = (instruction: LimitInstruction): void => {
    said.push(instruction);
    options.log?.(`${(loop.now / 1_000).toFixed(3)} ${JSON.stringify(instruction)}`);
    if (instruction.kind === 'concurrent') concurrent = instruction.limit ?? Number.POSITIVE_INFINITY;
    else if (instruction.kind === 'remove') {
      limiters.delete(instruction.type);
      gates.delete(instruction.type);
    } else if (instruction.kind === 'used') limiters.get(instruction.type)?.restore(instruction.amount, loop.now);
    else if (instruction.kind === 'rate') {
      const known = gates.get(instruction.type);
      const gate = known?.gate ?? new RateGate(instruction.perSecond, instruction.burst);
      gate.setRate(instruction.perSecond, instruction.burst, loop.now, instruction.window);
      gates.set(instruction.type, { gate, pausedUntil: instruction.pausedUntil });
    } else {
      const limiter = createLimiter(
        { ...instruction, refund: false, countedWithinMs: instruction.windowMs / 50, spread: true },
        loop.now,
        () => 0,
      );
      const before = limiters.get(instruction.type);
      if (before !== undefined) limiter.takeOver(before, loop.now);
      limiters.set(instruction.type, limiter);
    }
  };
  const observe = (): LimitObservation[] => {
    if (headers === 'none') return [];
    return limits.map(([type, limit]) => {
      const remaining = Math.max(0, Math.floor(limit.capacity - limit.used(loop.now) + 1e-6));
      const resetMs = limit.emptyInMs(loop.now);
      const whole = headers === 'exact' ? Math.floor(resetMs) : Math.ceil(resetMs / 1_000) * 1_000;
      return {
        type,
        limit: limit.capacity,
        remaining: headers === 'thousands' ? Math.round(remaining / 1_000) * 1_000 : remaining,
        resetMs: whole,
      };
    });
  };
  const pump = (): void => {
    for (;;) {
      if (inFlight >= concurrent) return;
      let at = loop.now;
      for (const [type, limiter] of limiters) at = Math.max(at, limiter.nextFreeAt(costOf(type, next), loop.now));
      for (const [type, { gate, pausedUntil }] of gates) at = Math.max(at, pausedUntil, gate.freeAt(costOf(type, next), loop.now));
      if (at > loop.now) {
        if (at !== Number.POSITIVE_INFINITY && (at < wakeAt || wakeAt <= loop.now)) {
          wakeAt = at;
          loop.at(at, pump);
        }
        return;
      }
      start();
    }
  };
  const start = (): void => {
    const mine = next;
    const id = ids++;
    next = tokens(random.next());
    inFlight++;
    const startedAt = loop.now;
    const holds: [Limiter, Hold][] = [];
    for (const [type, limiter] of limiters) {
      const hold = limiter.reserve(costOf(type, mine), startedAt);
      limiter.written(hold, startedAt);
      holds.push([limiter, hold]);
    }
    flying.set(id, mine);
    for (const [type, { gate }] of gates) gate.take(costOf(type, mine), startedAt);
    const heldAtSend = new Map([...limiters].map(([type, limiter]) => [type, limiter.used(startedAt)]));
    const answerAt = startedAt + random.between(LATENCY_MS);
    loop.at(startedAt + random.between({ min: 0, max: 50 }), () => {
      const refusing = limits.filter(([type, limit]) => limit.waitMs(costOf(type, mine), loop.now) > 0);
      const accepted = refusing.length === 0;
      const retryAfterMs = Math.ceil(Math.max(0, ...refusing.map(([type, limit]) => limit.waitMs(costOf(type, mine), loop.now))));
      const window = windowAt(loop.now);
      window.calls++;
      if (accepted) {
        for (const [index, [type, limit]] of limits.entries()) {
          limit.admit(costOf(type, mine), loop.now);
          if (loop.now >= windowMs && loop.now < runMs) granted[index] = (granted[index] ?? 0) + costOf(type, mine);
        }
        window.accepted += costOf(limits[0]?.[0] ?? 'rpm', mine);
      } else window.refused++;
      const observations = observe();
      loop.at(answerAt, () => {
        for (const [limiter, hold] of holds) {
          limiter.responded(hold, loop.now);
          if (!accepted) limiter.release(hold, loop.now);
        }
        if (!accepted) for (const [type, { gate }] of gates) gate.refused(costOf(type, mine), startedAt);
        flying.delete(id);
        inFlight--;
        const limitType = accepted || !namesLimit ? undefined : refusing[0]?.[0];
        const books = (type: RateLimiterType) => {
          let flyingCost = 0;
          for (const each of flying.values()) flyingCost += costOf(type, each);
          return { held: limiters.get(type)?.used(loop.now) ?? 0, heldAtSend: heldAtSend.get(type), inFlight: flyingCost };
        };
        const outcome = accepted ? 'accepted' : 'refused';
        const answer = { startedAt, now: loop.now, outcome, tokens: mine, observations, books, inFlight: inFlight + 1, limitType } as const;
        for (const instruction of learner.answered(accepted ? answer : { ...answer, retryAfterMs })) apply(instruction);
        if (!accepted && limitType !== undefined) limiters.get(limitType)?.pause(loop.now + retryAfterMs);
        pump();
      });
    });
  };
  for (const { atMs, capacity } of options.changes ?? []) loop.at(atMs, () => limits[0]?.[1].setCapacity(capacity, loop.now));
  const foreign = (): void => {
    for (const [type, limit] of limits) limit.admit(costOf(type, tokens(0.5)), loop.now);
    loop.at(loop.now + 1_000 / (options.foreignPerS ?? 1), foreign);
  };
  if (options.foreignPerS !== undefined) loop.at(0, foreign);
  for (const instruction of learner.begin()) apply(instruction);
  loop.at(0, pump);
  loop.runUntil(runMs);
  const shares = limits.map(([, limit], index) => (granted[index] ?? 0) / ((limit.capacity * (runMs - windowMs)) / windowMs));
  const refused = windows.reduce((sum, window) => sum + window.refused, 0);
  const calls = windows.reduce((sum, window) => sum + window.calls, 0);
  return { windows, shares, refused, calls, instructions: said, learner };
}
