import type { RateLimiterConfig } from '../../src/index.ts';
import { modelId, type SeenCall, type World } from './world.ts';

/** One call as one limit of the provider counted it. */
interface Counted {
  readonly id: string;
  /** When the provider counted it. */
  readonly at: number;
  readonly cost: number;
  /** What is left of the cost once the call is over, where the provider gives back. */
  readonly finalCost: number;
  readonly refundedAt: number;
}

const GRACE_MS = 1_000;
/** Sums of token costs are exact; a bucket's level is not. */
const ROUNDING = 1e-6;

function costOf(type: RateLimiterConfig['type'], { inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }): number {
  if (type === 'rpm' || type === 'rpd') return 1;
  if (type === 'itpm') return inputTokens;
  return type === 'otpm' ? outputTokens : inputTokens + outputTokens;
}

/** The moment at which a provider that counts as late as it may would count this call; undefined: it never does. */
function countMoment(call: SeenCall, limit: RateLimiterConfig): number | undefined {
  if (call.writtenAt === undefined) return undefined;
  const answered = call.plan.outcome === 'returned' || call.plan.outcome === 'refused';
  const endedAt = call.endedAt ?? Number.POSITIVE_INFINITY;
  let latest: number;
  if (limit.type === 'otpm') latest = answered || call.headersAt !== undefined ? endedAt : endedAt + GRACE_MS;
  else latest = call.writtenAt + (limit.countedWithinMs ?? GRACE_MS);
  if (call.headersAt !== undefined && limit.type !== 'otpm') latest = Math.min(latest, call.headersAt);
  if (answered && !call.aborted) latest = Math.min(latest, endedAt);
  if (latest === Number.POSITIVE_INFINITY) latest = call.writtenAt + GRACE_MS;
  return call.writtenAt + call.plan.countedAt * Math.max(0, latest - call.writtenAt);
}

function countedBy(calls: readonly SeenCall[], limit: RateLimiterConfig): Counted[] {
  const counted: Counted[] = [];
  for (const call of calls) {
    const at = countMoment(call, limit);
    if (at === undefined) continue;
    const refused = call.plan.outcome === 'refused' && !call.aborted;
    if (refused && limit.type !== 'rpm') continue;
    const cost = costOf(limit.type, call);
    const refunds = limit.refund !== false && limit.type !== 'rpm' && call.used !== undefined && call.endedAt !== undefined;
    const finalCost = refunds && call.used !== undefined ? costOf(limit.type, call.used) : cost;
    counted.push({ id: call.id, at, cost, finalCost, refundedAt: refunds ? (call.endedAt as number) : Number.POSITIVE_INFINITY });
  }
  return counted.sort((a, b) => a.at - b.at);
}

const valueAt = ({ cost, finalCost, refundedAt }: Counted, at: number): number => (refundedAt <= at ? finalCost : cost);

/** The most that any sliding window held at any moment. */
function mostInSlidingWindow(counted: readonly Counted[], windowMs: number): number {
  let most = 0;
  for (const { at } of counted) {
    let sum = 0;
    for (const other of counted) if (other.at > at - windowMs && other.at <= at) sum += valueAt(other, at);
    most = Math.max(most, sum);
  }
  return most;
}

/** The most that any fixed window held, for windows of every phase that matters: one that begins at each call. */
function mostInFixedWindow(counted: readonly Counted[], windowMs: number): number {
  let most = 0;
  for (const { at: phase } of counted) {
    const sums = new Map<number, number>();
    for (const each of counted) {
      const window = Math.floor((each.at - phase) / windowMs);
      const inWindow = counted.filter((other) => Math.floor((other.at - phase) / windowMs) === window && other.at <= each.at);
      sums.set(
        window,
        inWindow.reduce((sum, other) => sum + valueAt(other, each.at), 0),
      );
      most = Math.max(most, sums.get(window) ?? 0);
    }
  }
  return most;
}

/** The most that a bucket was ever short of full. */
function mostFromBucket(counted: readonly Counted[], perMs: number): number {
  const changes = counted.flatMap(({ at, cost, finalCost, refundedAt }) => {
    if (refundedAt <= at) return [{ at, change: finalCost }];
    return [{ at, change: cost }, ...(refundedAt === Number.POSITIVE_INFINITY ? [] : [{ at: refundedAt, change: finalCost - cost }])];
  });
  changes.sort((a, b) => a.at - b.at || a.change - b.change);
  let level = 0;
  let most = 0;
  let last = 0;
  for (const { at, change } of changes) {
    level = Math.max(0, level - perMs * (at - last)) + change;
    level = Math.max(0, level);
    last = at;
    most = Math.max(most, level);
  }
  return most;
}

/** What one limit of the provider allows and what it saw at most, by each mechanism that it may have. */
export function breaches(world: World): string[] {
  const found: string[] = [];
  const limits = new Map<string, { limit: RateLimiterConfig; models: Set<number> }>();
  world.scenario.models.forEach((model, index) => {
    for (const limit of model.limits) {
      const key = `${limit.domain ?? modelId(index)}/${limit.type}`;
      const known = limits.get(key) ?? { limit, models: new Set() };
      known.models.add(index);
      limits.set(key, known);
    }
  });
  for (const [key, { limit, models }] of limits) {
    const calls = world.calls.filter((call) => models.has(call.model));
    const report = (mechanism: string, most: number, allowed: number): void => {
      if (most > allowed + ROUNDING) found.push(`${key}: ${most} by ${mechanism}, allowed ${allowed}`);
    };
    if (limit.type === 'concurrent') {
      report('calls at once', mostAtOnce(calls), limit.limit);
      continue;
    }
    const windowMs = (limit.timePeriod ?? 60) * 1000;
    const counted = countedBy(calls, limit);
    if (limit.burst !== undefined) {
      report('bucket', mostFromBucket(counted, limit.limit / windowMs), limit.burst);
      continue;
    }
    report('sliding window', mostInSlidingWindow(counted, windowMs), limit.limit);
    report('fixed window', mostInFixedWindow(counted, windowMs), limit.limit);
    report('bucket', mostFromBucket(counted, limit.limit / windowMs), limit.limit);
    if (limit.subWindowSeconds !== undefined) {
      const subWindowMs = limit.subWindowSeconds * 1000;
      const allowed = Math.max(1, Math.floor((limit.limit * subWindowMs) / windowMs));
      report('sub-window', mostInSlidingWindow(counted, subWindowMs), allowed);
    }
  }
  return found;
}

function mostAtOnce(calls: readonly SeenCall[]): number {
  let most = 0;
  for (const { startedAt } of calls) {
    const running = calls.filter((call) => call.startedAt <= startedAt && (call.endedAt ?? Number.POSITIVE_INFINITY) > startedAt);
    // Calls that ended in the very moment in which others started have made room for them.
    most = Math.max(most, running.length);
  }
  return most;
}
