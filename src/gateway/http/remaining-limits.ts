import type { Headgate } from '../../client/headgate.ts';
import type { Clock } from '../../domain/clock.ts';
import type { LimiterInfo, QueueInfo } from '../../engine/queue-info.ts';
import type { TenantLimitView } from '../calls/call-gate.ts';
import type { Remaining } from './limit-headers.ts';

/** How old what is told may be: reading every limiter for every answer would cost more than the answer. */
const FRESH_MS = 250;
const REQUESTS = ['rpm', 'rpd'];
const TOKENS = ['tpm', 'itpm', 'tpd'];
const UNKNOWN: Remaining = { requests: undefined, tokens: undefined };

/** What a model's limits have left, for callers whose tenant has none of its own. */
export class RemainingLimits {
  readonly #headgate: Headgate;
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly remaining: Remaining; readonly until: number }>();

  constructor(headgate: Headgate, clock: Clock) {
    this.#headgate = headgate;
    this.#clock = clock;
  }

  of(modelId: string): Remaining {
    const now = this.#clock.now();
    const known = this.#known.get(modelId);
    if (known !== undefined && now < known.until) return known.remaining;
    const { queues } = this.#headgate;
    // The last calls of a queue that is closed are answered when it is gone.
    if (!queues.getRegisteredModels().includes(modelId)) return known?.remaining ?? UNKNOWN;
    const remaining = remainingOf(queues.getQueueInfo(modelId), this.#clock.wallMs());
    this.#known.set(modelId, { remaining, until: now + FRESH_MS });
    return remaining;
  }
}

/** The model's own limits, else those of its deployments together. */
function remainingOf({ rateLimiters, deployments }: QueueInfo, wallMs: number): Remaining {
  const places = deployments.map((deployment) => deployment.rateLimiters);
  // The queue lists its own limits first, then each of its deployments' once.
  const own = rateLimiters.slice(0, rateLimiters.length - distinct(places.flat()).length);
  const of = (types: readonly string[]): TenantLimitView | undefined => {
    const found = limiterOf(own, types);
    return found === undefined ? together(places, types, wallMs) : viewOf([found], wallMs);
  };
  return { requests: of(REQUESTS), tokens: of(TOKENS) };
}

function together(places: readonly (readonly LimiterInfo[])[], types: readonly string[], wallMs: number): TenantLimitView | undefined {
  const found = places.flatMap((limiters) => limiterOf(limiters, types) ?? []);
  // Where one deployment has no such limit, all of them together have none.
  return found.length === 0 || found.length < places.length ? undefined : viewOf(distinct(found), wallMs);
}

function limiterOf(limiters: readonly LimiterInfo[], types: readonly string[]): LimiterInfo | undefined {
  return types.flatMap((type) => limiters.filter((limiter) => limiter.type === type))[0];
}

/** A limit of a domain that several deployments share is one limit. */
function distinct(limiters: readonly LimiterInfo[]): LimiterInfo[] {
  const shared = new Map(
    limiters.flatMap((limiter) => (limiter.domain === undefined ? [] : [[`${limiter.domain}/${limiter.type}`, limiter] as const])),
  );
  return [...limiters.filter(({ domain }) => domain === undefined), ...shared.values()];
}

/** Several limits as one; there is room for one more request after `resetSeconds`. */
function viewOf(limiters: readonly LimiterInfo[], wallMs: number): TenantLimitView {
  const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);
  const waits = limiters.map(({ nextFreeAt }) => (nextFreeAt === null ? 0 : Math.max(0, (nextFreeAt - wallMs) / 1_000)));
  return {
    limit: sum(limiters.map(({ limit }) => limit)),
    remaining: sum(limiters.map(({ available }) => Math.max(0, available))),
    resetSeconds: Math.min(...waits),
  };
}
